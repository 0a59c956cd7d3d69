/**
 * A trusted list (güven listesi) of a supervisory body. [TS 119 612 §5] It is believed where it is signed by a certificate that
 * the operator named, over the whole of it, and before its next update is due; what it says is read from the tree whose
 * signature was checked. The list of lists and pointers to other lists are not followed.
 */
import type { Certificate } from '../ports.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { verifyXades } from '../xades/verify.ts'
import { decodeBase64 } from '../xml/base64.ts'
import { childNamed, childrenNamed, onlyChild, textOf, type XmlElement, XmlError } from '../xml/tree.ts'
import { TrustListError } from './error.ts'
import { scopeOf } from './service-extensions.ts'
import { type ListedService, statusOf } from './services.ts'

const NAMESPACE = 'http://uri.etsi.org/02231/v2#'
/** The one that TS 119 612 has had since its first edition, and that of its sixth. */
const VERSIONS: ReadonlySet<number> = new Set([5, 6])
/** Of the largest lists, with their history. */
const MAX_SERVICES = 20_000

export interface TrustList {
  readonly sequence: number
  /** Of the supervisory body, as the list names it first. */
  readonly operator: string
  readonly issued: Date
  /** undefined: the list is closed, and never changes again. */
  readonly nextUpdate: Date | undefined
  readonly services: readonly ListedService[]
}

export interface ListTrust {
  /** Of the supervisory body; anybody else's signature counts for nothing. */
  readonly signers: readonly Certificate[]
  /** A list whose next update was due before is OUTDATED. */
  readonly at: Date
}

/** Throws TrustListError. */
export function readTrustList(octets: Uint8Array, trust: ListTrust): TrustList {
  const root = signedRoot(octets, trust)
  try {
    const list = read(root)
    if (list.nextUpdate !== undefined && trust.at > list.nextUpdate)
      throw new TrustListError('OUTDATED', `the next update was due at ${list.nextUpdate.toISOString()}`)
    return list
  } catch (error) {
    if (error instanceof XmlError) throw new TrustListError('NOT_A_LIST', error.message)
    throw error
  }
}

function signedRoot(octets: Uint8Array, { signers }: ListTrust): XmlElement {
  const report = verifyXades(octets, undefined, { comments: 'left-out' })
  if (!report.ok) {
    const code =
      report.failure === 'NO_SIGNATURE'
        ? 'NOT_SIGNED'
        : report.failure === 'NOT_XML'
          ? 'NOT_A_LIST'
          : 'BAD_SIGNATURE'
    throw new TrustListError(code, report.detail)
  }
  if (!signers.some(({ fingerprint }) => fingerprint === report.certificate.fingerprint))
    throw new TrustListError('UNKNOWN_SIGNER', report.certificate.subject.text)
  return report.root
}

function read(root: XmlElement): TrustList {
  if (root.namespace !== NAMESPACE || root.local !== 'TrustServiceStatusList')
    throw new TrustListError('NOT_A_LIST', `the root element is ${root.local}`)
  const scheme = only(root, 'SchemeInformation')
  const version = Number(textOf(only(scheme, 'TSLVersionIdentifier')))
  if (!VERSIONS.has(version)) throw new TrustListError('NOT_A_LIST', `version ${version}`)
  const next = childNamed(only(scheme, 'NextUpdate'), NAMESPACE, 'dateTime')
  const names = list(only(scheme, 'SchemeOperatorName'), 'Name')
  const services = providersOf(root).flatMap((provider) =>
    list(only(provider, 'TSPServices'), 'TSPService').flatMap(serviceOf),
  )
  if (services.length > MAX_SERVICES)
    throw new TrustListError('TOO_LARGE', `${services.length} services, ${MAX_SERVICES} at most`)
  return {
    sequence: numberOf(only(scheme, 'TSLSequenceNumber')),
    operator: names[0] === undefined ? '' : textOf(names[0]).trim(),
    issued: time(only(scheme, 'ListIssueDateTime')),
    nextUpdate: next && time(next),
    services,
  }
}

const only = (element: XmlElement, local: string): XmlElement => onlyChild(element, NAMESPACE, local)
const list = (element: XmlElement, local: string): XmlElement[] => childrenNamed(element, NAMESPACE, local)

function providersOf(root: XmlElement): XmlElement[] {
  const found = childNamed(root, NAMESPACE, 'TrustServiceProviderList')
  return found === undefined ? [] : list(found, 'TrustServiceProvider')
}

/** What it is now, and what it was before: history entries may name the certificate by its key identifier alone. */
function serviceOf(service: XmlElement): ListedService[] {
  const now = only(service, 'ServiceInformation')
  const certificates = certificatesOf(only(now, 'ServiceDigitalIdentity'))
  const history = childNamed(service, NAMESPACE, 'ServiceHistory')
  const spans = [now, ...(history === undefined ? [] : list(history, 'ServiceHistoryInstance'))].map(
    (entry) => ({
      type: textOf(only(entry, 'ServiceTypeIdentifier')).trim(),
      status: statusOf(textOf(only(entry, 'ServiceStatus')).trim()),
      from: time(only(entry, 'StatusStartingTime')),
      ...scopeOf(entry),
    }),
  )
  return certificates.map((certificate) => ({ certificate, spans }))
}

function certificatesOf(identity: XmlElement): Certificate[] {
  return list(identity, 'DigitalId').flatMap((id) => {
    const written = childNamed(id, NAMESPACE, 'X509Certificate')
    if (written === undefined) return []
    try {
      return [parseCertificate(decodeBase64(textOf(written)))]
    } catch {
      return [] // a certificate that cannot be read is trusted for nothing; the others of the list still are
    }
  })
}

function numberOf(element: XmlElement): number {
  const text = textOf(element).trim()
  if (!/^\d{1,9}$/.test(text)) throw new TrustListError('NOT_A_LIST', `${element.local} is no number`)
  return Number(text)
}

/** In UTC, as the standard asks for. [TS 119 612 §5.1.3] */
function time(element: XmlElement): Date {
  const text = textOf(element).trim()
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text) || Number.isNaN(Date.parse(text)))
    throw new TrustListError('NOT_A_LIST', `${element.local} is no time in UTC`)
  return new Date(text)
}
