/**
 * Finds and judges a path from a certificate up to an anchor. [RFC 5280 §6.1] Several issuers of one name are all
 * tried (renewed and cross-signed CAs); the work is bounded whatever certificates a message brings along.
 *
 * Key usage and purpose of the leaf are the caller's question, since only the caller knows what the key was used for.
 */
import type { Certificate, PathResult, TrustContext, TrustFailure } from '../ports.ts'
import { keyWeakness, verifySigned } from './algorithm.ts'
import { sameName } from './name.ts'
import { nameConstraintBreach } from './name-constraints.ts'
import { validPolicies } from './policies.ts'
import { revocationStatus } from './revocation.ts'

/** Leaf and anchor included. Real paths have 2 to 4. */
export const MAX_PATH = 8

/**
 * A bag of certificates that all carry one name would otherwise be tried in every order. The longest path takes seven; twice as
 * many leave room for renewed and cross-signed CAs, and cost 2 ms with ordinary keys, 23 with the slowest that count.
 */
const MAX_SIGNATURE_CHECKS = 16

/** Keys of one CA in use at a time: two, three at most. */
const MAX_OTHER_KEYS = 4

type Fault = {
  readonly failure: TrustFailure
  readonly detail: string
  readonly ofIssuer?: boolean
  readonly reason?: number | undefined
}

/** Never throws: what cannot be read is MALFORMED. */
export function validatePath(leaf: Certificate, context: TrustContext): PathResult {
  try {
    return new Search(context).from(leaf)
  } catch (error) {
    return { ok: false, failure: 'MALFORMED', detail: error instanceof Error ? error.message : 'unreadable' }
  }
}

class Search {
  readonly #context: TrustContext
  readonly #anchors: ReadonlySet<string>
  readonly #pool: readonly Certificate[]
  readonly #nested: boolean
  #checksLeft = MAX_SIGNATURE_CHECKS
  /** The fault of the path that came furthest is the one people can act on. */
  #fault: Fault & { depth: number } = { depth: -1, failure: 'NO_PATH', detail: 'no issuer is known' }

  constructor(context: TrustContext, nested = false) {
    this.#context = context
    this.#nested = nested
    this.#anchors = new Set(context.anchors.map((anchor) => anchor.fingerprint))
    this.#pool = [...context.anchors, ...context.intermediates]
  }

  from(leaf: Certificate): PathResult {
    const found = this.#extend([leaf])
    if (found !== undefined) return found
    const { failure, detail, ofIssuer, reason } = this.#fault
    return { ok: false, failure, detail, ofIssuer, ...(reason === undefined ? {} : { reason }) }
  }

  /** Depth is bounded by MAX_PATH, width by the signature checks that are left. */
  #extend(path: readonly Certificate[]): PathResult | undefined {
    const top = path.at(-1)!
    if (this.#anchors.has(top.fingerprint)) return this.#judge(path)
    if (path.length >= MAX_PATH) return this.#reject(path.length, 'NO_PATH', `longer than ${MAX_PATH}`)
    for (const issuer of this.#pool) {
      if (!mayHaveIssued(issuer, top) || path.some((seen) => isSame(seen, issuer))) continue
      if (this.#checksLeft === 0) return this.#reject(path.length, 'NO_PATH', 'too many candidates')
      this.#checksLeft--
      const verdict = signatureBy(top, issuer)
      if (verdict === 'weak') this.#reject(path.length, 'WEAK_ALGORITHM', `signature on ${top.subject.text}`)
      else if (verdict === 'invalid')
        this.#reject(path.length, 'BAD_SIGNATURE', `signature on ${top.subject.text}`)
      else {
        const found = this.#extend([...path, issuer])
        if (found !== undefined) return found
      }
    }
    return undefined
  }

  #judge(path: readonly Certificate[]): PathResult | undefined {
    const fault = faultIn(path, this.#context.at)
    if (fault !== undefined) return this.#reject(MAX_PATH + path.length, fault.failure, fault.detail)
    const valid = validPolicies(path, this.#context.policy)
    if (!valid.ok) return this.#reject(MAX_PATH + path.length, 'POLICY', valid.detail)
    const usedCrls = new Set<Uint8Array>()
    const usedOcsps = new Set<Uint8Array>()
    let revocation: 'checked' | 'not-checked' = 'checked'
    for (const [index, certificate] of path.slice(0, -1).entries()) {
      const issuer = path[index + 1]!
      let others: readonly Certificate[] | undefined
      const otherSigners = () => (others ??= this.#otherSigners(issuer, path.at(-1)!))
      const status = revocationStatus({
        ...this.#context,
        certificate,
        issuer,
        freshness: index === 0 ? this.#context.freshness : undefined,
        otherSigners,
      })
      if (status.status === 'revoked')
        return this.#reject(MAX_PATH * 3, 'REVOKED', status.detail, {
          ofIssuer: index > 0,
          reason: status.reason,
        })
      if (status.status === 'good') {
        for (const octets of status.crls) usedCrls.add(octets)
        for (const octets of status.ocsps) usedOcsps.add(octets)
        continue
      }
      if (this.#context.revocation === 'require')
        return this.#reject(
          MAX_PATH * 2,
          'REVOCATION_UNKNOWN',
          `${certificate.subject.text}: ${status.code} ${status.detail}`,
        )
      revocation = 'not-checked'
    }
    const { policies } = valid
    return { ok: true, path, revocation, policies, usedCrls: [...usedCrls], usedOcsps: [...usedOcsps] }
  }

  /**
   * A CA that changed its key may sign lists with either. [RFC 5280 §6.3.3 (f)] Such a certificate must have a path to the
   * same anchor; whether it was itself revoked is asked of lists under the keys of that path alone, so that this ends.
   */
  #otherSigners(issuer: Certificate, anchor: Certificate): readonly Certificate[] {
    const context = { ...this.#context, anchors: [anchor], ocsps: [], revocation: 'if-present' } as const
    return this.#nested
      ? []
      : otherKeysOf(issuer, this.#pool).filter((other) => new Search(context, true).from(other).ok)
  }

  #reject(
    depth: number,
    failure: TrustFailure,
    detail: string,
    revocation: { readonly ofIssuer?: boolean; readonly reason?: number | undefined } = {},
  ): undefined {
    if (depth > this.#fault.depth) this.#fault = { depth, failure, detail, ofIssuer: false, ...revocation }
  }
}

/** Certificates of the issuer's name with other keys. Nobody says yet that they are the same CA's. */
export const otherKeysOf = (issuer: Certificate, pool: readonly Certificate[]): Certificate[] =>
  pool
    .filter((other) => sameName(other.subject, issuer.subject) && !isSame(other, issuer))
    .slice(0, MAX_OTHER_KEYS)

/** Name and key identifier only; the signature decides. [RFC 5280 §4.2.1.1] */
export function mayHaveIssued(issuer: Certificate, subject: Certificate): boolean {
  if (!sameName(issuer.subject, subject.issuer)) return false
  const [wanted, given] = [subject.authorityKeyId, issuer.subjectKeyId]
  return wanted === undefined || given === undefined || Buffer.compare(wanted, given) === 0
}

/** Whether the key of the one signed the other; whether it may is not asked. */
export function hasIssued(issuer: Certificate, subject: Certificate): boolean {
  try {
    return mayHaveIssued(issuer, subject) && signatureBy(subject, issuer) === 'valid'
  } catch {
    return false // an AlgorithmIdentifier that cannot be read signs nothing
  }
}

/** The same name with the same key is a loop, also when the certificates differ. */
const isSame = (a: Certificate, b: Certificate): boolean =>
  a.fingerprint === b.fingerprint || (Buffer.compare(a.spki, b.spki) === 0 && sameName(a.subject, b.subject))

function faultIn(path: readonly Certificate[], at: Date): Fault | undefined {
  let issuedBelow = 0
  for (const [index, certificate] of path.entries()) {
    const who = certificate.subject.text
    const fault = (failure: TrustFailure, detail: string): Fault => ({ failure, detail: `${who}: ${detail}` })
    const weakness = keyWeakness(certificate.publicKey)
    if (weakness !== undefined) return fault('WEAK_ALGORITHM', 'public key')
    if (at < certificate.notBefore) return fault('NOT_YET_VALID', certificate.notBefore.toISOString())
    if (at > certificate.notAfter) return fault('EXPIRED', certificate.notAfter.toISOString())
    const [unknown] = certificate.unknownCritical
    if (unknown !== undefined) return fault('UNKNOWN_CRITICAL_EXTENSION', unknown)
    if (index === 0) continue
    if (!certificate.isCa) return fault('NOT_A_CA', 'basicConstraints')
    if (certificate.keyUsage !== undefined && !certificate.keyUsage.has('keyCertSign'))
      return fault('KEY_USAGE', 'keyCertSign')
    if (certificate.pathLength !== undefined && issuedBelow > certificate.pathLength)
      return fault('PATH_LENGTH', `${issuedBelow} CAs below, ${certificate.pathLength} allowed`)
    for (const [position, below] of path.slice(0, index).entries()) {
      // Self-issued CAs are exempt, the leaf never is. [RFC 5280 §6.1.3]
      if (position > 0 && below.isSelfIssued) continue
      const breach = nameConstraintBreach(certificate, below)
      if (breach !== undefined) return fault('NAME_CONSTRAINTS', `${below.subject.text}: ${breach}`)
    }
    if (!certificate.isSelfIssued) issuedBelow++
  }
  return undefined
}

/**
 * Whether an issuer's key signed a certificate never changes, and each token brings the same TSA certificate again:
 * a third of a token's check went here. Held as long as both certificates are.
 */
function signatureBy(certificate: Certificate, issuer: Certificate): ReturnType<typeof verifySigned> {
  let known = verdicts.get(certificate)
  if (known === undefined) {
    known = new WeakMap()
    verdicts.set(certificate, known)
  }
  const verdict = known.get(issuer) ?? verifySigned(certificate, issuer.publicKey)
  known.set(issuer, verdict)
  return verdict
}

const verdicts = new WeakMap<Certificate, WeakMap<Certificate, ReturnType<typeof verifySigned>>>()
