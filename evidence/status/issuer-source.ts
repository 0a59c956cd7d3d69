import type { Clock } from '../../mail/clock.ts'
import { parseSignedData } from '../cms/signed-data.ts'
import type { Certificate } from '../ports.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { hasIssued, mayHaveIssued } from '../x509/path.ts'
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

/** Certificates kept of one address: a CA that changes its keys has a few there, a bag some more. */
const MAX_OF_ONE_URL = 64
/** Requests to one address in RETRY_AFTER_MS: whoever writes makes up as many names of issuers as he likes. */
const MAX_REQUESTS_OF_ONE_URL = 4

interface Kept {
  readonly certificate: Certificate
  readonly until: number
}

interface Requests {
  readonly since: number
  readonly count: number
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
  /** By address, whoever asked: what issued nothing for one issued another's. */
  readonly #cache = new Map<string, readonly Kept[]>()
  /** Not asked again before, ms; by address and issuer, so that nobody's failure is another's. */
  readonly #failures = new Map<string, number>()
  readonly #requests = new Map<string, Requests>()

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
      const now = this.#clock.now().getTime()
      const atHand = this.#serving(url, certificate, now)
      if (atHand.length > 0) return atHand
      const failure = failureKey(url, certificate)
      if ((this.#failures.get(failure) ?? 0) > now) continue
      if (asking.requestsLeft <= 0) break
      if (!this.#mayRequest(url, now)) continue
      asking.requestsLeft--
      await this.#fetch(url, certificate, now)
      const come = this.#serving(url, certificate, now)
      if (come.length > 0) return come
      keep(this.#failures, failure, now + RETRY_AFTER_MS)
    }
    return []
  }

  /** What is kept of the address, who signed the certificate first; nothing where nobody of them did. */
  #serving(url: string, below: Certificate, now: number): readonly Certificate[] {
    const kept = (this.#cache.get(url) ?? []).filter(({ until }) => until > now)
    return issuersFirst(
      kept.map(({ certificate }) => certificate),
      below,
    )
  }

  async #fetch(url: string, below: Certificate, now: number): Promise<void> {
    try {
      const octets = await this.#web.fetch({ url, maxOctets: MAX_OCTETS, timeoutMs: TIMEOUT_MS })
      const come = certificatesIn(octets)
      const serving = issuersFirst(come, below)
      const isServed = serving.length > 0
      const fresh = (isServed ? serving : come).map((certificate) => ({ certificate, until: now + KEPT_MS }))
      const before = (this.#cache.get(url) ?? []).filter(({ until }) => until > now)
      // What serves nobody yet displaces nothing that may serve others.
      keep(this.#cache, url, merged(isServed ? [...fresh, ...before] : [...before, ...fresh]))
      if (!isServed) throw new Error('ISSUER: none of them issued the certificate that names them')
    } catch (error) {
      this.#onFailure(url, error instanceof Error ? error : new Error(String(error)))
    }
  }

  #mayRequest(url: string, now: number): boolean {
    const last = this.#requests.get(url)
    const { since, count } =
      last !== undefined && last.since + RETRY_AFTER_MS > now ? last : { since: now, count: 0 }
    if (count >= MAX_REQUESTS_OF_ONE_URL) return false
    keep(this.#requests, url, { since, count: count + 1 })
    return true
  }
}

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  const oldest = map.keys().next().value
  if (map.size > MAX_CACHED && oldest !== undefined) map.delete(oldest)
}

/** Each once, for as long as the later of two is kept. */
function merged(all: readonly Kept[]): readonly Kept[] {
  const kept = new Map<string, Kept>()
  for (const one of all) {
    const { fingerprint } = one.certificate
    const other = kept.get(fingerprint)
    if (other === undefined || other.until < one.until) kept.set(fingerprint, one)
  }
  return [...kept.values()].slice(0, MAX_OF_ONE_URL)
}

const failureKey = (url: string, { issuer, authorityKeyId }: Certificate): string =>
  [url, ...[issuer.der, authorityKeyId ?? []].map((der) => Buffer.from(der).toString('base64'))].join(' ')

/** Whoever sits on the line may send another, and it would stand in the issuer's place: only who signed it issued it. */
function issuersFirst(all: readonly Certificate[], below: Certificate): readonly Certificate[] {
  const issuers = all.filter((one) => hasIssued(one, below))
  return issuers.length === 0 ? [] : [...issuers, ...all.filter((one) => !issuers.includes(one))]
}

/** A CA that changed its key has certificates of one name: the key's identifier tells them apart. */
const issuerAmong = (all: readonly Certificate[], certificate: Certificate): Certificate | undefined =>
  all.find((one) => mayHaveIssued(one, certificate))

/** One certificate in DER, or a bag of them without signatures (certs-only). [RFC 5280 §4.2.2.1] */
function certificatesIn(octets: Uint8Array): readonly Certificate[] {
  try {
    return [parseCertificate(octets)]
  } catch {
    return parseSignedData(octets).certificates
  }
}
