import type { Clock } from '../../mail/clock.ts'
import { parseSignedData } from '../cms/signed-data.ts'
import type { Certificate } from '../ports.ts'
import { verifySigned } from '../x509/algorithm.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { mayHaveIssued } from '../x509/path.ts'
import type { Asking } from './asking.ts'
import type { Web } from './web.ts'

const TIMEOUT_MS = 5000
const MAX_OCTETS = 256 * 1024
/** Of one certificate; real ones name one. */
const MAX_URLS = 2
/** Issuers of issuers: real paths have 2 to 4 certificates. */
const MAX_STEPS = 4
const MAX_CACHED = 1000
const KEPT_MS = 24 * 3_600_000
const RETRY_AFTER_MS = 30_000

interface Cached {
  readonly certificates: readonly Certificate[]
  readonly until: number
}

/**
 * Certificates of issuers that a message left out, from where its certificates say they are. [RFC 5280 §4.2.2.1] Nobody
 * stands behind those yet, so only hosts that the operator named are asked.
 */
export class IssuerSource {
  readonly #web: Web
  readonly #clock: Clock
  readonly #hosts: () => readonly string[]
  readonly #onFailure: (url: string, error: Error) => void
  readonly #cache = new Map<string, Cached>()

  constructor(options: {
    web: Web
    clock: Clock
    hosts: () => readonly string[]
    onFailure: (url: string, error: Error) => void
  }) {
    this.#web = options.web
    this.#clock = options.clock
    this.#hosts = options.hosts
    this.#onFailure = options.onFailure
  }

  /** Upward from the certificate, until an issuer is at hand or nobody knows one. */
  async missing(
    leaf: Certificate,
    known: readonly Certificate[],
    asking: Asking,
  ): Promise<readonly Certificate[]> {
    const found: Certificate[] = []
    const seen = new Set<string>()
    let top: Certificate | undefined = leaf
    for (let steps = 0; top !== undefined && steps < MAX_STEPS; ) {
      if (seen.has(top.fingerprint)) break
      seen.add(top.fingerprint)
      const atHand = issuerAmong([...known, ...found], top)
      if (atHand !== undefined) {
        top = atHand
        continue
      }
      steps++
      const fetched = await this.#issuersOf(top, asking)
      found.push(...fetched)
      top = issuerAmong(fetched, top)
    }
    return found
  }

  async #issuersOf(certificate: Certificate, asking: Asking): Promise<readonly Certificate[]> {
    for (const url of certificate.caIssuerUrls.slice(0, MAX_URLS)) {
      if (!this.#hosts().includes(URL.parse(url)?.hostname ?? '')) continue
      const known = this.#cache.get(url)
      const now = this.#clock.now().getTime()
      if (known === undefined || known.until <= now) {
        if (asking.requestsLeft <= 0) break
        asking.requestsLeft--
        this.#keep(url, await this.#fetch(url, certificate, now))
      }
      const certificates = this.#cache.get(url)?.certificates ?? []
      if (certificates.length > 0) return certificates
    }
    return []
  }

  async #fetch(url: string, below: Certificate, now: number): Promise<Cached> {
    try {
      const octets = await this.#web.fetch({ url, maxOctets: MAX_OCTETS, timeoutMs: TIMEOUT_MS })
      const certificates = certificatesIn(octets)
      // Whoever sits on the line may send another, and it would stand in the issuer's place for a day.
      if (!certificates.some((one) => mayHaveIssued(one, below) && hasSigned(one, below)))
        throw new Error('ISSUER: none of them issued the certificate that names them')
      return { certificates, until: now + KEPT_MS }
    } catch (error) {
      this.#onFailure(url, error instanceof Error ? error : new Error(String(error)))
      return { certificates: [], until: now + RETRY_AFTER_MS }
    }
  }

  #keep(url: string, cached: Cached): void {
    this.#cache.delete(url)
    this.#cache.set(url, cached)
    const oldest = this.#cache.keys().next().value
    if (this.#cache.size > MAX_CACHED && oldest !== undefined) this.#cache.delete(oldest)
  }
}

/** A CA that changed its key has certificates of one name: the key's identifier tells them apart. */
const issuerAmong = (all: readonly Certificate[], certificate: Certificate): Certificate | undefined =>
  all.find((one) => mayHaveIssued(one, certificate))

function hasSigned({ publicKey }: Certificate, certificate: Certificate): boolean {
  try {
    return verifySigned(certificate, publicKey) === 'valid'
  } catch {
    return false // an AlgorithmIdentifier that cannot be read signs nothing
  }
}

/** One certificate in DER, or a bag of them without signatures (certs-only). [RFC 5280 §4.2.2.1] */
function certificatesIn(octets: Uint8Array): readonly Certificate[] {
  try {
    return [parseCertificate(octets)]
  } catch {
    return parseSignedData(octets).certificates
  }
}
