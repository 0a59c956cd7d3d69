/** What the OCSP responses at hand say about one certificate. [RFC 6960 §3.2] */
import { OID } from '../asn1/oid.ts'
import type { Certificate, StatusFault, TrustContext } from '../ports.ts'
import { keyWeakness, verifySigned } from './algorithm.ts'
import { names, responderKeyHash } from './cert-id.ts'
import { listStatus } from './crl-status.ts'
import { mayKeySign } from './for-signing.ts'
import { sameName } from './name.ts'
import {
  type BasicResponse,
  type OcspResponse,
  readOcspResponse,
  type SingleResponse,
} from './ocsp-response.ts'
import { gravest, HOLD, type Status, unknown } from './status.ts'

/** Two clocks that are both kept differ by less. */
export const CLOCK_TOLERANCE_MS = 10_000

/** Without nextUpdate an answer speaks of its moment: newer ones can be had at any time. [RFC 6960 §2.4] */
const MOMENT_MS = 5 * 60_000

export interface OcspQuestion extends Pick<TrustContext, 'at' | 'crls' | 'ocsps' | 'freshness'> {
  readonly certificate: Certificate
  readonly issuer: Certificate
}

/** One usable answer that says revoked outweighs any number that do not. */
export function ocspStatus(question: OcspQuestion): Status {
  const all = (question.ocsps ?? []).map((der) => answerStatus(der, question))
  return (
    gravest(all.filter((one) => one.status === 'revoked')) ??
    all.find(({ status }) => status === 'good') ??
    all.at(-1) ??
    unknown('OCSP_UNKNOWN', 'nobody answered')
  )
}

/** Never throws. */
export function answerStatus(der: Uint8Array, question: OcspQuestion): Status {
  let response: OcspResponse
  try {
    response = readOcspResponse(der)
  } catch (error) {
    return unknown('OCSP_MALFORMED', error instanceof Error ? error.message : 'unreadable')
  }
  const { basic, status } = response
  if (basic === undefined) return unknown('OCSP_ERROR', ERRORS[status] ?? `status ${status}`)
  const singles = basic.singles.filter(({ id }) => names(id, question.certificate, question.issuer))
  if (singles.length === 0) return unknown('OCSP_OTHER_CERTIFICATE', 'the answer is about others')
  const strange = strangeExtension(basic, singles)
  if (strange !== undefined) return unknown('OCSP_EXTENSION', `critical extension ${strange}`)
  const refusal = responderRefusal(basic, question)
  if (refusal !== undefined && !refusal.onlyGood) return unknown(refusal.code, refusal.detail)
  const judged = singles.map((single) => singleStatus(single, basic, question))
  const revoked = gravest(judged.filter((one) => one.status === 'revoked'))
  if (revoked !== undefined) return revoked
  const open = judged.find((one) => one.status === 'unknown')
  if (open !== undefined) return open
  return refusal === undefined ? { status: 'good', used: [der] } : unknown(refusal.code, refusal.detail)
}

/** OCSPResponseStatus. [RFC 6960 §4.2.1] */
const ERRORS: readonly (string | undefined)[] = [
  undefined,
  'malformedRequest',
  'internalError',
  'tryLater',
  undefined,
  'sigRequired',
  'unauthorized',
]

const PROCESSED: ReadonlySet<string> = new Set([OID.ocspNonce, OID.ocspArchiveCutoff])

const strangeExtension = (basic: BasicResponse, singles: readonly SingleResponse[]): string | undefined =>
  [basic, ...singles]
    .flatMap(({ extensions }) => [...extensions])
    .find(([id, { critical }]) => critical && !PROCESSED.has(id))?.[0]

function singleStatus(single: SingleResponse, { producedAt }: BasicResponse, question: OcspQuestion): Status {
  const { certificate, at, freshness } = question
  const { status, thisUpdate, nextUpdate, archiveCutoff } = single
  const until = nextUpdate ?? new Date(thisUpdate.getTime() + MOMENT_MS)
  // An answer made after the time in question tells what happened since: only earlier revocations count then.
  const isRevoked = status.kind === 'revoked' && (thisUpdate <= at || status.date <= at)
  // Nobody takes it back, however long ago it was told; but for a hold. [RFC 5280 §5.3.1]
  if (isRevoked && (at <= until || status.reason !== HOLD))
    return {
      status: 'revoked',
      detail: `${certificate.subject.text}: ${status.date.toISOString()}`,
      reason: status.reason,
    }
  if (until < thisUpdate) return unknown('OCSP_EXPIRED', 'it ran out before it began')
  if (at > until) return unknown('OCSP_EXPIRED', `the answer ran out at ${until.toISOString()}`)
  // What a responder forgets with a certificate's expiry it cannot call good. [RFC 6960 §4.4.4]
  const kept = archiveCutoff !== undefined && archiveCutoff <= certificate.notAfter
  if (thisUpdate > at && thisUpdate > certificate.notAfter && !kept)
    return unknown('OCSP_EXPIRED', 'the answer came after expiry')
  if (status.kind === 'unknown') return unknown('OCSP_UNKNOWN', 'the responder does not know it')
  const { answeredSince, knownSince } = freshness ?? {}
  if (isBefore(producedAt, answeredSince))
    return unknown('OCSP_STALE', `produced at ${producedAt.toISOString()}`)
  if (isBefore(thisUpdate, knownSince))
    return unknown('OCSP_STALE', `of what was known at ${thisUpdate.toISOString()}`)
  return { status: 'good', used: [] }
}

const isBefore = (time: Date, since: Date | undefined): boolean =>
  since !== undefined && time.getTime() < since.getTime() - CLOCK_TOLERANCE_MS

interface Refusal {
  readonly code: StatusFault
  readonly detail: string
  /** "Revoked" counts all the same: it is the issuer's delegate that says so. */
  readonly onlyGood?: boolean
}

/** Whoever the answer names: the issuer itself, or whom its key certified for nothing but this. [RFC 6960 §4.2.2.2] */
function responderRefusal(basic: BasicResponse, question: OcspQuestion): Refusal | undefined {
  const named = [question.issuer, ...basic.certificates].filter((one) => isNamed(basic, one))
  let first: Refusal | undefined
  for (const signer of named) {
    const refusal = signerRefusal(signer, basic, question)
    if (refusal === undefined || refusal.onlyGood === true) return refusal
    first ??= refusal
  }
  return first ?? { code: 'OCSP_RESPONDER', detail: 'no certificate of the responder' }
}

function signerRefusal(
  signer: Certificate,
  basic: BasicResponse,
  question: OcspQuestion,
): Refusal | undefined {
  const isIssuer = Buffer.compare(signer.spki, question.issuer.spki) === 0
  const refusal = isIssuer ? undefined : delegateRefusal(signer, basic, question)
  if (refusal !== undefined && refusal.onlyGood !== true) return refusal
  const verdict = safely(() => verifySigned(basic, signer.publicKey))
  if (verdict === 'valid') return refusal
  return verdict === 'weak'
    ? { code: 'OCSP_WEAK', detail: 'signature algorithm or key' }
    : { code: 'OCSP_SIGNATURE', detail: 'the signature of the answer is not valid' }
}

const isNamed = ({ responder }: BasicResponse, certificate: Certificate): boolean =>
  'name' in responder
    ? sameName(responder.name, certificate.subject)
    : Buffer.compare(responder.keyHash, responderKeyHash(certificate)) === 0

function delegateRefusal(
  delegate: Certificate,
  { producedAt }: BasicResponse,
  { issuer, at, crls }: OcspQuestion,
): Refusal | undefined {
  const refuse = (detail: string): Refusal => ({ code: 'OCSP_RESPONDER', detail })
  if (!sameName(delegate.issuer, issuer.subject)) return refuse('certified by another CA')
  const verdict = safely(() => verifySigned(delegate, issuer.publicKey))
  if (verdict !== 'valid') return refuse('its certificate is not signed by the issuer')
  if (!(delegate.extendedKeyUsage ?? []).includes(OID.ocspSigning)) return refuse('not certified for OCSP')
  if (!mayKeySign(delegate)) return refuse('its key may not sign')
  if (keyWeakness(delegate.publicKey) !== undefined)
    return { code: 'OCSP_WEAK', detail: 'key of the responder' }
  const [unknownCritical] = delegate.unknownCritical
  if (unknownCritical !== undefined) return refuse(`critical extension ${unknownCritical}`)
  if (producedAt < delegate.notBefore || producedAt > delegate.notAfter)
    return refuse('its certificate was not valid when it answered')
  if (delegate.extensions.has(OID.ocspNoCheck)) return undefined
  const status = listStatus({ certificate: delegate, issuer, at, crls })
  if (status.status === 'good') return undefined
  return status.status === 'revoked'
    ? refuse(`its certificate was revoked: ${status.detail}`)
    : { ...refuse(`nobody tells its own status: ${status.code}`), onlyGood: true }
}

/** An AlgorithmIdentifier that cannot be read signs nothing. */
function safely(check: () => ReturnType<typeof verifySigned>): ReturnType<typeof verifySigned> {
  try {
    return check()
  } catch {
    return 'invalid'
  }
}
