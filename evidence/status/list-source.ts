import type { Clock } from '../../mail/clock.ts'
import type { TrustDesk } from '../desk/desk.ts'
import { MAX_CRL_OCTETS } from '../x509/crl.ts'
import type { Asking } from './asking.ts'
import type { Web } from './web.ts'

/** Megabytes over a slow line; a CA that does not answer by then is treated as silent. */
const TIMEOUT_MS = 10_000
/** Distinct addresses kept, and octets of their lists; beyond either the oldest goes. */
const MAX_CACHED = 1000
const MAX_CACHED_OCTETS = 256 * 1024 * 1024
/** After a failure the same address is left alone for this long. */
const RETRY_AFTER_MS = 30_000
/** A list that is current but too old for its asker is asked for again after this: CAs publish when they do. */
const RENEW_AFTER_MS = 5 * 60_000
/** A grave revocation makes a list out of turn; for who wants to hear of it soon a list is fetched so often: it may have megabytes. */
const LOOKED_AT_AGAIN_MS = 3_600_000

interface Cached {
  readonly der: Uint8Array | undefined
  readonly issuedAt: number
  /** When it was asked for, with whatever success. */
  readonly askedAt: number
  /** Not asked again before, ms; for who wants a younger list, not before `renew`. */
  readonly until: number
  readonly renew: number
}

/** CRLs by their address, kept until they age. */
export class ListSource {
  readonly #web: Web
  readonly #clock: Clock
  readonly #maxAgeMs: () => number
  readonly #desk: TrustDesk
  readonly #onFailure: (url: string, error: Error) => void
  readonly #cache = new Map<string, Cached>()
  readonly #running = new Map<string, Promise<Cached>>()

  constructor(options: {
    web: Web
    clock: Clock
    maxAgeMs: () => number
    desk: TrustDesk
    onFailure: (url: string, error: Error) => void
  }) {
    this.#web = options.web
    this.#clock = options.clock
    this.#maxAgeMs = options.maxAgeMs
    this.#desk = options.desk
    this.#onFailure = options.onFailure
  }

  /** undefined where it cannot be had. What failed to be renewed is given out as it was: its times are judged later. */
  async list(url: string, asking: Asking, configured = false): Promise<Uint8Array | undefined> {
    const known = this.#cache.get(url)
    if (known !== undefined && !this.#isOld(known, asking)) return known.der
    let running = this.#running.get(url)
    if (running === undefined) {
      if (asking.requestsLeft <= 0) return known?.der
      asking.requestsLeft--
      running = this.#fetch(url, known, configured).finally(() => this.#running.delete(url))
      this.#running.set(url, running)
    }
    return (await running).der
  }

  #isOld({ until, renew, issuedAt, askedAt }: Cached, { freshness, askedSince }: Asking): boolean {
    const now = this.#clock.now().getTime()
    if (until <= now) return true
    if (askedSince !== undefined && askedAt < Math.min(askedSince.getTime(), now - LOOKED_AT_AGAIN_MS))
      return true
    const since = freshness?.listedSince?.getTime()
    return since !== undefined && issuedAt < since && renew <= now
  }

  async #fetch(url: string, known: Cached | undefined, configured: boolean): Promise<Cached> {
    const now = this.#clock.now().getTime()
    const retry = now + RETRY_AFTER_MS
    let fetched: Cached
    try {
      const come = await this.#web.fetch({
        url,
        maxOctets: MAX_CRL_OCTETS,
        timeoutMs: TIMEOUT_MS,
        configured,
      })
      const der = this.#desk.hold(come)
      const { thisUpdate, nextUpdate } = await this.#desk.list(der)
      const next = nextUpdate?.getTime() ?? now
      const until = Math.min(now + this.#maxAgeMs(), Math.max(next, retry))
      const renew = now + RENEW_AFTER_MS
      fetched = { der, issuedAt: thisUpdate.getTime(), askedAt: now, until, renew }
    } catch (error) {
      this.#onFailure(url, error instanceof Error ? error : new Error(String(error)))
      const issuedAt = known?.issuedAt ?? 0
      fetched = { der: known?.der, issuedAt, askedAt: now, until: retry, renew: retry }
    }
    this.#cache.delete(url)
    this.#cache.set(url, fetched)
    this.#makeRoom()
    return fetched
  }

  #makeRoom(): void {
    let octets = 0
    for (const { der } of this.#cache.values()) octets += der?.length ?? 0
    for (const [url, { der }] of this.#cache) {
      if (this.#cache.size <= MAX_CACHED && octets <= MAX_CACHED_OCTETS) return
      this.#cache.delete(url)
      octets -= der?.length ?? 0
    }
  }
}
