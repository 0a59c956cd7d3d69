/** What a trusted list says of its services, and whom it makes trusted for what, at a time. [TS 119 612 §5.5] */
import type { Certificate } from '../ports.ts'
import type { ServiceScope, ServiceUse } from './service-extensions.ts'

export type ServiceStatus = 'granted' | 'withdrawn'

export interface ServiceSpan extends ServiceScope {
  readonly type: string
  readonly status: ServiceStatus
  readonly from: Date
}

/** A certificate of a service, with all that was ever said of it, the latest first. */
export interface ListedService {
  readonly certificate: Certificate
  readonly spans: readonly ServiceSpan[]
}

/** For whom anchors are looked for: signers of mail, other providers, time-stamping authorities. */
export type TrustRole = 'users' | 'providers' | 'tsas'

const TYPE = 'http://uri.etsi.org/TrstSvc/Svctype/'
const TYPES: Readonly<Record<TrustRole, ReadonlySet<string>>> = {
  users: new Set([`${TYPE}CA/QC`]),
  providers: new Set([`${TYPE}EDS/REM/Q`, `${TYPE}EDS/REM`]),
  tsas: new Set([`${TYPE}TSA/QTST`, `${TYPE}TSA`, `${TYPE}TSA/TSS-QC`]),
}

/** Who signs mail signs or seals; before July 2016 lists did not say, and meant signatures. [TS 119 612 §5.5.9.4] */
const USES: Readonly<Partial<Record<TrustRole, ReadonlySet<ServiceUse>>>> = {
  users: new Set(['ForeSignatures', 'ForeSeals']),
}

const STATUS = 'http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/'
/** Approved by their supervision; the older names stand in histories from before July 2016. [TS 119 612 §5.5.4] */
const GRANTED: ReadonlySet<string> = new Set(
  ['granted', 'recognisedatnationallevel', 'undersupervision', 'supervisionincessation', 'accredited'].map(
    (name) => STATUS + name,
  ),
)

/** What is not known counts as withdrawn. */
export const statusOf = (uri: string): ServiceStatus => (GRANTED.has(uri) ? 'granted' : 'withdrawn')

/** Certificates that were approved for a role at that time. */
export function anchorsAt(services: readonly ListedService[], role: TrustRole, at: Date): Certificate[] {
  const found = services.filter(({ spans }) => {
    const [then] = spans
      .filter(({ from }) => from <= at)
      .toSorted((a, b) => b.from.getTime() - a.from.getTime())
    return then?.status === 'granted' && TYPES[role].has(then.type) && serves(then, role)
  })
  return [...new Map(found.map(({ certificate }) => [certificate.fingerprint, certificate])).values()]
}

function serves({ uses, isUnderstood }: ServiceScope, role: TrustRole): boolean {
  const wanted = USES[role]
  return isUnderstood && (uses.length === 0 || wanted === undefined || uses.some((use) => wanted.has(use)))
}
