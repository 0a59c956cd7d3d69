/** Judges certificates and time-stamps of a file against the anchors that the verifier was given. */
import { hash } from 'node:crypto'
import { parseSignedData } from '../cms/signed-data.ts'
import type { Certificate, HashName, PathResult, TrustContext, TrustFailure } from '../ports.ts'
import { TimestampError } from '../tsa/error.ts'
import { type VerifiedToken, verifyToken } from '../tsa/token.ts'
import { readCrl } from '../x509/crl.ts'
import { isForSigning, isOfPerson } from '../x509/for-signing.ts'
import { sameName } from '../x509/name.ts'
import { readOcspResponse } from '../x509/ocsp-response.ts'
import { hasIssued, validatePath } from '../x509/path.ts'
import { isRetirement } from '../x509/status.ts'
import { type Finding, findingOf, type Reason } from './reasons.ts'
import type { SignatureEntry } from './report.ts'
import { strictSignedData } from './signed-data-shape.ts'

export interface VerifyOptions {
  /** Of providers, and of everybody for whom no others are named. */
  readonly anchors: readonly Certificate[]
  /** Of users: who signs a message is no provider, and the other way round. */
  readonly userAnchors?: readonly Certificate[] | undefined
  /** Of time-stamps. */
  readonly stampAnchors?: readonly Certificate[] | undefined
  readonly intermediates: readonly Certificate[]
  readonly crls: readonly Uint8Array[]
  readonly ocsps?: readonly Uint8Array[] | undefined
  readonly revocation: TrustContext['revocation']
  /** For signatures without a proof of when they existed. */
  readonly now: Date
  /** Evidence without a signature time-stamp; refused when absent, since a stamp can be cut off unseen. */
  readonly unstampedEvidence?: 'accept' | 'refuse' | undefined
}

type NoPath = Extract<PathResult, { ok: false }>
type FoundPath = Extract<PathResult, { ok: true }>

const REASON_OF: Readonly<Record<TrustFailure, Reason>> = {
  NO_PATH: 'CERTIFICATE_NO_PATH',
  EXPIRED: 'CERTIFICATE_EXPIRED',
  NOT_YET_VALID: 'CERTIFICATE_NOT_YET_VALID',
  REVOKED: 'CERTIFICATE_REVOKED_NO_PROOF',
  REVOCATION_UNKNOWN: 'CERTIFICATE_STATUS_UNKNOWN',
  NOT_A_CA: 'CERTIFICATE_CHAIN',
  PATH_LENGTH: 'CERTIFICATE_CHAIN',
  KEY_USAGE: 'CERTIFICATE_CHAIN',
  UNKNOWN_CRITICAL_EXTENSION: 'CERTIFICATE_CHAIN',
  NAME_CONSTRAINTS: 'CERTIFICATE_CHAIN',
  POLICY: 'CERTIFICATE_CHAIN',
  WEAK_ALGORITHM: 'CERTIFICATE_WEAK',
  BAD_SIGNATURE: 'CERTIFICATE_BAD_SIGNATURE',
  MALFORMED: 'CERTIFICATE_MALFORMED',
}

/**
 * A time that is proved turns two doubts into failures: what existed before its certificate did is void, and a revocation
 * before the time-stamp is held against the signature, since the stamp follows it at once. [EN 319 102-1 §5.5.4]
 *
 * @param provedAt when the signature is proved to have existed
 */
export function certificateReason({ failure, ofIssuer }: NoPath, provedAt: Date | undefined): Reason {
  if (failure === 'REVOKED' && ofIssuer === true) return 'CERTIFICATE_ISSUER_REVOKED'
  if (provedAt !== undefined && failure === 'REVOKED') return 'CERTIFICATE_REVOKED'
  if (provedAt !== undefined && failure === 'NOT_YET_VALID') return 'CERTIFICATE_LATER_THAN_SIGNATURE'
  return REASON_OF[failure]
}

export interface TrustJudgement {
  readonly findings: readonly Finding[]
  readonly revocation: 'checked' | 'not-checked'
  /** When the signer's own status was told; undefined where nobody told it. */
  readonly statusOf: Date | undefined
}

/**
 * The signer's path at the time that is proved, or now, what its certificate is for, and that everything else which the signature brings
 * along leads to an anchor too: a certificate that nothing vouches for has no business in a signed file.
 */
export function judgeSigner(
  role: SignatureEntry['role'],
  signer: Certificate,
  embedded: readonly Certificate[],
  provedAt: Date | undefined,
  options: VerifyOptions,
): TrustJudgement {
  const findings: Finding[] = []
  const at = provedAt ?? options.now
  const anchors = role === 'user' ? (options.userAnchors ?? options.anchors) : options.anchors
  const context = { ...options, anchors, intermediates: [...embedded, ...options.intermediates], at }
  const path = validatePath(signer, context)
  if (!path.ok) findings.push(findingOf(certificateReason(path, provedAt), `${path.failure} ${path.detail}`))
  if (!isForSigning(signer)) findings.push(findingOf('CERTIFICATE_USAGE', signer.subject.text))
  // What only a provider says, no person can say under the same root.
  if (role !== 'user' && isOfPerson(signer))
    findings.push(findingOf('CERTIFICATE_OF_PERSON', signer.subject.text))
  const stray = strayCertificate(embedded, [signer, ...(path.ok ? path.path : [])], context)
  if (stray) findings.push(findingOf('CERTIFICATE_STRAY', stray.subject.text))
  return {
    findings,
    revocation: path.ok ? path.revocation : 'not-checked',
    statusOf: path.ok ? statusTime(signer, path) : undefined,
  }
}

/** Of the lists of the signer's CA and of the answers that counted, the newest. Those of CAs above are months old by nature. */
function statusTime(signer: Certificate, { usedCrls, usedOcsps }: FoundPath): Date | undefined {
  const listed = usedCrls.map(readCrl).filter(({ issuer }) => sameName(issuer, signer.issuer))
  const times = [
    ...listed.map(({ thisUpdate }) => thisUpdate),
    ...usedOcsps.flatMap((octets) => readOcspResponse(octets).basic?.producedAt ?? []),
  ]
  return times.length === 0 ? undefined : new Date(Math.max(...times.map((time) => time.getTime())))
}

/**
 * The first certificate that is not on the signer's path, has no path of its own, and does not lie behind an anchor. Trusted lists
 * name issuing CAs as anchors, and signatures bring along the roots of these.
 */
function strayCertificate(
  embedded: readonly Certificate[],
  vouched: readonly Certificate[],
  context: TrustContext,
): Certificate | undefined {
  const known = new Set(vouched.map(({ fingerprint }) => fingerprint))
  const others = embedded.filter(
    (certificate) =>
      !known.has(certificate.fingerprint) &&
      !validatePath(certificate, { ...context, revocation: 'if-present' }).ok,
  )
  if (others.length === 0) return undefined
  const behind = behindAnchors(others, context.anchors)
  return others.find((one) => !behind.has(one))
}

/** Issuers of anchors, upward; each is what its own issuer among them signed, so that no octet of it is free. */
function behindAnchors(
  others: readonly Certificate[],
  anchors: readonly Certificate[],
): ReadonlySet<Certificate> {
  const found = new Set<Certificate>()
  const below = [...anchors]
  for (let one = below.pop(); one !== undefined; one = below.pop())
    for (const other of others) {
      if (found.has(other) || !hasIssued(other, one) || !others.some((above) => hasIssued(above, other)))
        continue
      found.add(other)
      below.push(other)
    }
  return found
}

const stampTrust = ({ anchors, stampAnchors, intermediates, crls, ocsps }: VerifyOptions) => ({
  anchors: stampAnchors ?? anchors,
  intermediates,
  crls,
  ocsps,
})

const HASHES: readonly HashName[] = ['sha256', 'sha384', 'sha512']

/** @throws TimestampError */
export function checkToken(der: Uint8Array, stamped: Uint8Array, options: VerifyOptions): VerifiedToken {
  // Tokens are DER and nothing in them is free: also the parts that no signature covers. [RFC 3161 §2.4.2]
  const why = strictSignedData(der)
  if (why !== undefined) throw new TimestampError('MALFORMED', why)
  const trust = { ...stampTrust(options), revocation: options.revocation }
  for (const name of HASHES) {
    try {
      const token = verifyToken(der, { imprint: hash(name, stamped, 'buffer'), hash: name, trust })
      const { certificates } = parseSignedData(der)
      const context = { ...trust, intermediates: [...certificates, ...trust.intermediates], at: token.time }
      if (strayCertificate(certificates, token.path, context))
        throw new TimestampError('UNTRUSTED', 'a certificate beside the TSA leads nowhere')
      return token
    } catch (error) {
      if (!(error instanceof TimestampError) || error.code !== 'IMPRINT_MISMATCH') throw error
    }
  }
  throw new TimestampError('IMPRINT_MISMATCH', 'the token is about other data')
}

/**
 * A token that counts until `at`: its authority must have been believable then. What nobody told any more by then was told
 * when it stamped.
 *
 * @param around what is worth asking about a time, where `options` hold more
 * @throws TimestampError
 */
export function checkTokenAt(
  der: Uint8Array,
  imprint: Uint8Array,
  name: HashName,
  at: Date,
  options: VerifyOptions,
  around: (time: Date) => VerifyOptions = () => options,
): VerifiedToken {
  const why = strictSignedData(der)
  if (why !== undefined) throw new TimestampError('MALFORMED', why)
  const check = (from: VerifyOptions, trust: { revocation: TrustContext['revocation']; at?: Date }) => {
    return verifyToken(der, { imprint, hash: name, trust: { ...stampTrust(from), ...trust } })
  }
  let revoked: TimestampError | undefined
  try {
    const token = check(around(at), { revocation: 'if-present', at })
    if (token.revocation === 'checked') return token
  } catch (error) {
    if (!(error instanceof TimestampError) || error.path?.failure !== 'REVOKED') throw error
    revoked = error
  }
  const { time, path } = check(around(at), { revocation: 'if-present' })
  if (revoked?.path !== undefined) {
    if (revocationThatCounts(revoked.path, path, authorityTrust(path, around(at), at)) !== undefined)
      throw revoked
  }
  const then = check(around(time), { revocation: 'if-present' })
  return then.revocation === 'checked' ? then : check(options, { revocation: options.revocation })
}

/** Clocks of who verifies and of who stamps agree no better; what is later than this was dated ahead. */
export const CLOCKS_DIFFER_MS = 5 * 60_000

/**
 * What happened after a time-stamp that holds at its own time: its authority has to be believable until `now`, or what it
 * stamped could have been stamped since by whoever stole its key. [RFC 3161 §4] An authority that ran out meanwhile is told,
 * and not held against it. `options.now` is when a later proof begins, where there is one.
 */
export function tokenSince(
  token: VerifiedToken,
  options: VerifyOptions,
): { readonly finding: Finding | undefined; readonly hasRunOut: boolean } {
  const { now } = options
  if (token.time.getTime() > now.getTime() + CLOCKS_DIFFER_MS)
    return { finding: findingOf('TOKEN_IN_FUTURE', token.time.toISOString()), hasRunOut: false }
  const end = Math.min(...token.path.map(({ notAfter }) => notAfter.getTime()))
  const hasRunOut = end < now.getTime()
  const at = new Date(Math.max(token.time.getTime(), Math.min(end, now.getTime())))
  const context = authorityTrust(token.path, options, at)
  const path = validatePath(token.certificate, context)
  const revoked = revocationThatCounts(path, token.path, context)
  const finding = revoked && findingOf(certificateReason(revoked, undefined), `REVOKED ${revoked.detail}`)
  return { finding, hasRunOut }
}

/** By what an authority is judged after it stamped, whose path was found then. */
function authorityTrust(path: readonly Certificate[], options: VerifyOptions, at: Date): TrustContext {
  const trust = stampTrust(options)
  return { ...trust, intermediates: [...path, ...trust.intermediates], at, revocation: 'if-present' }
}

/**
 * Why a stamp is worth nothing from a revocation on: its authority was revoked, and not because it retired, or a CA above it was.
 * An authority that retired stamped well before; its CAs are looked at all the same. [RFC 3161 §4]
 *
 * @param holding the path at the time of the stamp
 */
function revocationThatCounts(
  found: PathResult,
  holding: readonly Certificate[],
  context: TrustContext,
): NoPath | undefined {
  if (found.ok || found.failure !== 'REVOKED') return undefined
  if (found.ofIssuer === true || !isRetirement(found.reason)) return found
  const [, issuer] = holding
  if (issuer === undefined) return undefined
  const above = validatePath(issuer, context)
  return !above.ok && above.failure === 'REVOKED' ? { ...above, ofIssuer: true } : undefined
}
