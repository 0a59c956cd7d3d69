/** What a trusted list says of its services, and whom it makes trusted for what, at a time. [TS 119 612 §5.5] */
import type { Certificate } from '../ports.ts'

export type ServiceStatus = 'granted' | 'withdrawn'

/** A certificate of a service, with all that was ever said of it, the latest first. */
export interface ListedService {
  readonly certificate: Certificate
  readonly spans: readonly { readonly type: string; readonly status: ServiceStatus; readonly from: Date }[]
}

/** For whom anchors are looked for: signers of mail, other providers, time-stamping authorities. */
export type TrustRole = 'users' | 'providers' | 'tsas'

const TYPE = 'http://uri.etsi.org/TrstSvc/Svctype/'
const TYPES: Readonly<Record<TrustRole, ReadonlySet<string>>> = {
  users: new Set([`${TYPE}CA/QC`]),
  providers: new Set([`${TYPE}EDS/REM/Q`, `${TYPE}EDS/REM`]),
  tsas: new Set([`${TYPE}TSA/QTST`, `${TYPE}TSA`, `${TYPE}TSA/TSS-QC`]),
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
    return then?.status === 'granted' && TYPES[role].has(then.type)
  })
  return [...new Map(found.map(({ certificate }) => [certificate.fingerprint, certificate])).values()]
}
