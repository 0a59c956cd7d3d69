import type { Clock } from '../../mail/clock.ts'
import type { Certificate } from '../ports.ts'
import { type CertIdHash, names } from '../x509/cert-id.ts'
import { buildOcspRequest, makeNonce } from '../x509/ocsp-request.ts'
import { MAX_OCSP_OCTETS, nonceOf, readOcspResponse } from '../x509/ocsp-response.ts'
import { answerStatus } from '../x509/ocsp-status.ts'
import { type Asking, LOOKED_AT_AGAIN_MS } from './asking.ts'
import type { Web } from './web.ts'

/** One packet there and a few back; who takes longer leaves the list to answer. */
const TIMEOUT_MS = 5000
/** Of one certificate; real ones name one. */
const MAX_URLS = 2
/** Answers kept; some 4 KiB each, and never more than MAX_OCSP_OCTETS. */
const MAX_CACHED = 2000
/** internalError, tryLater. */
const EXCUSES: ReadonlySet<number> = new Set([2, 3])

export interface OcspSettings {
  readonly certId: CertIdHash
  /** `send`: where an answer repeats it, it must be ours; `require`: it must be there. */
  readonly nonce: 'off' | 'send' | 'require'
}

export interface OcspAnswer {
  readonly der: Uint8Array
  /** Good or revoked, by itself. */
  readonly conclusive: boolean
}

interface Cached {
  readonly der: Uint8Array
  /** By our clock, ms: who wants an answer made since a time gets none that was asked for before it. */
  readonly askedAt: number
  /** By the responder's, ms. */
  readonly producedAt: number
  readonly isRevoked: boolean
  readonly until: number
}

/** Answers about certificates, from the responders that they name. [RFC 6960 §A.1] */
export class OcspSource {
  readonly #web: Web
  readonly #clock: Clock
  readonly #maxAgeMs: () => number
  readonly #settings: () => OcspSettings
  readonly #onFailure: (url: string, error: Error) => void
  readonly #cache = new Map<string, Cached>()

  constructor(options: {
    web: Web
    clock: Clock
    maxAgeMs: () => number
    settings: () => OcspSettings
    onFailure: (url: string, error: Error) => void
  }) {
    this.#web = options.web
    this.#clock = options.clock
    this.#maxAgeMs = options.maxAgeMs
    this.#settings = options.settings
    this.#onFailure = options.onFailure
  }

  /** The first conclusive answer, else the last: why it does not count is judged with everything else. */
  async answer(
    certificate: Certificate,
    issuer: Certificate,
    asking: Asking,
  ): Promise<OcspAnswer | undefined> {
    const key = `${certificate.fingerprint} ${issuer.fingerprint}`
    const isConclusive = (der: Uint8Array): boolean =>
      answerStatus(der, { ...asking, certificate, issuer, crls: [] }).status !== 'unknown'
    const known = this.#cache.get(key)
    const now = this.#clock.now().getTime()
    const answeredSince = asking.freshness?.answeredSince?.getTime() ?? 0
    const newsSince = asking.askedSince?.getTime() ?? 0
    const floor = asking.ofIssuer === true ? now - LOOKED_AT_AGAIN_MS : now
    const askedSince = Math.max(answeredSince, Math.min(newsSince, floor))
    const usable = known !== undefined && isConclusive(known.der) ? known : undefined
    const isYoung = usable !== undefined && usable.until > now
    if (isYoung && usable.askedAt >= askedSince) return { der: usable.der, conclusive: true }
    let last: OcspAnswer | undefined
    for (const url of certificate.ocspUrls.slice(0, MAX_URLS)) {
      if (asking.requestsLeft <= 0) break
      asking.requestsLeft--
      const der = await this.#ask(url, certificate, issuer)
      if (der === undefined) continue
      last = { der, conclusive: isConclusive(der) }
      if (!last.conclusive) continue
      const facts = factsOf(der, certificate, issuer)
      const kept = this.#keep(key, { der, ...facts, askedAt: now, until: now + this.#maxAgeMs() })
      return isConclusive(kept.der) ? { der: kept.der, conclusive: true } : last
    }
    // That it was revoked stays known while nobody answers, however long.
    const stands = usable?.isRevoked === true || (isYoung && usable.askedAt >= answeredSince)
    return stands ? { der: usable.der, conclusive: true } : last
  }

  /** undefined where there is no answer to this question. */
  async #ask(url: string, certificate: Certificate, issuer: Certificate): Promise<Uint8Array | undefined> {
    const { certId, nonce: nonceRule } = this.#settings()
    const nonce = nonceRule === 'off' ? undefined : makeNonce()
    const body = buildOcspRequest({ certificate, issuer, hash: certId, nonce })
    const post = { type: 'application/ocsp-request', body }
    try {
      const der = await this.#web.fetch({ url, maxOctets: MAX_OCSP_OCTETS, timeoutMs: TIMEOUT_MS, post })
      const { basic, status } = readOcspResponse(der)
      if (EXCUSES.has(status)) this.#web.leaveAlone(url)
      if (basic === undefined) throw new Error(`OCSP_ERROR: status ${status}`)
      const repeated = nonceOf(basic)
      if (nonce !== undefined && repeated !== undefined && Buffer.compare(nonce, repeated) !== 0)
        throw new Error('OCSP_NONCE: another nonce')
      if (nonceRule === 'require' && repeated === undefined) throw new Error('OCSP_NONCE: no nonce')
      return der
    } catch (error) {
      this.#onFailure(url, error instanceof Error ? error : new Error(String(error)))
      return undefined
    }
  }

  /** What is kept now: of two answers that cross each other on the way the later one. */
  #keep(key: string, come: Cached): Cached {
    const known = this.#cache.get(key)
    if (known !== undefined && outweighs(known, come)) return known
    this.#cache.delete(key)
    this.#cache.set(key, come)
    const oldest = this.#cache.keys().next().value
    if (this.#cache.size > MAX_CACHED && oldest !== undefined) this.#cache.delete(oldest)
    return come
  }
}

/** An answer to an earlier question tells nothing new, and a "good" from before the revocation may be played again by anybody. */
function outweighs(known: Cached, come: Cached): boolean {
  if (known.isRevoked !== come.isRevoked) {
    const [revoked, good] = known.isRevoked ? [known, come] : [come, known]
    if (revoked.producedAt > good.producedAt || known.askedAt === come.askedAt) return known.isRevoked
  }
  return known.askedAt > come.askedAt
}

/** Of an answer that is conclusive about the certificate. */
function factsOf(
  der: Uint8Array,
  certificate: Certificate,
  issuer: Certificate,
): Pick<Cached, 'producedAt' | 'isRevoked'> {
  const { basic } = readOcspResponse(der)
  const isRevoked =
    basic?.singles.some(({ id, status }) => status.kind === 'revoked' && names(id, certificate, issuer)) ===
    true
  return { producedAt: basic?.producedAt.getTime() ?? 0, isRevoked }
}
