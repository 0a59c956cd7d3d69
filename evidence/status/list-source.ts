import type { Clock } from '../../mail/clock.ts'
import type { TrustDesk } from '../desk/desk.ts'
import type { Certificate } from '../ports.ts'
import { MAX_CRL_OCTETS } from '../x509/crl.ts'
import { type Asking, LOOKED_AT_AGAIN_MS } from './asking.ts'
import { isOlder, judgeList, type KeptList } from './kept-list.ts'
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
/** Lists that come and do not count are megabytes for nothing: each waits twice as long as the one before, up to this. */
const MAX_BACK_OFF_MS = 3_600_000

interface Cached {
  readonly list: KeptList | undefined
  /** The last that was genuine, where it ran out and what came then is no newer one: whom it names stays revoked. */
  readonly ranOut?: KeptList | undefined
  /** When it was asked for, with whatever success. */
  readonly askedAt: number
  /** Not asked again before, ms; for who wants a younger list, not before `renew`. */
  readonly until: number
  readonly renew: number
  /** Fingerprint of the CA of the list's name that last said that it did not sign it. */
  readonly refusedBy?: string | undefined
  /** Lists that came in a row and did not count. */
  readonly inVain: number
}

/** What a request brought: octets that are no genuine list cost as much as one that is. */
type Come = KeptList | 'nothing' | 'in-vain'

/** One question for a list. */
interface Wanted {
  readonly key: string
  readonly url: string
  /** Of the path that is judged: the list must be of one of them to count. */
  readonly issuers: readonly Certificate[]
  readonly configured: boolean
}

/**
 * CRLs by their address, kept until they age. Lists travel in the clear: one that is not signed by whom it is about takes
 * nobody's place, and neither does one that the CA has replaced by a newer.
 */
export class ListSource {
  readonly #web: Web
  readonly #clock: Clock
  readonly #maxAgeMs: () => number
  readonly #desk: TrustDesk
  readonly #onFailure: (url: string, error: Error) => void
  readonly #cache = new Map<string, Cached>()
  readonly #running = new Map<string, Promise<void>>()

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

  /**
   * The list that a certificate names, which its issuer must have signed; none where it cannot be had. What failed to be renewed is
   * given out as it was, beside what came instead: their times are judged later.
   */
  named(url: string, issuer: Certificate, asking: Asking): Promise<Uint8Array[]> {
    const key = `${url} ${Buffer.from(issuer.subject.der).toString('base64')}`
    return this.#get({ key, url, issuers: [issuer], configured: false }, asking)
  }

  /** The list at an address of the configuration. Which CA it is about is seen when it is there. */
  configured(url: string, issuers: readonly Certificate[], asking: Asking): Promise<Uint8Array[]> {
    return this.#get({ key: url, url, issuers, configured: true }, asking)
  }

  async #get(wanted: Wanted, asking: Asking): Promise<Uint8Array[]> {
    const { key } = wanted
    const known = await this.#known(wanted, asking)
    if (known !== undefined && !this.#isOld(known, asking)) return listsOf(known)
    // Whoever it is about has it renewed, and can tell whether what comes is genuine.
    if (known !== undefined && (await this.#isOfOthers(known, wanted, asking))) return listsOf(known)
    let running = this.#running.get(key)
    if (running === undefined) {
      if (asking.requestsLeft <= 0) return listsOf(known)
      asking.requestsLeft--
      running = this.#renew(wanted, asking).finally(() => this.#running.delete(key))
      this.#running.set(key, running)
    }
    await running
    return listsOf(await this.#known(wanted, asking))
  }

  /** What is kept, after the first asker who can tell has told whether it is genuine. */
  async #known(wanted: Wanted, asking: Asking): Promise<Cached | undefined> {
    const known = this.#cache.get(wanted.key)
    if (known?.list === undefined || known.list.isGenuine) return known
    const { standing } = await judgeList(known.list.der, wanted.issuers, asking, this.#desk)
    const refusedBy = wanted.issuers[0]?.fingerprint
    if (standing === 'of-others' || this.#cache.get(wanted.key) !== known) return known
    // What came again after it was refused is of another CA of that name, as far as we can tell.
    if (standing === 'forged' && wanted.configured && known.refusedBy === refusedBy) return known
    const now = this.#clock.now().getTime()
    if (standing === 'forged') this.#failed(wanted, new Error('CRL_SIGNATURE: not signed by whom it names'))
    const becomes: Cached =
      standing === 'forged'
        ? {
            ...this.#left(
              undefined,
              known.askedAt,
              known.inVain === 0 ? now : now + backOff(known.inVain),
              known.inVain + 1,
            ),
            refusedBy,
          }
        : this.#cached({ ...known.list, isGenuine: true }, known.askedAt, 0)
    const told = { ...becomes, ranOut: stillRanOut(known.ranOut, becomes.list) }
    this.#cache.set(wanted.key, told)
    return told
  }

  async #isOfOthers({ list }: Cached, wanted: Wanted, asking: Asking): Promise<boolean> {
    if (!wanted.configured || list?.isGenuine !== true || !this.#isCurrent(list)) return false
    return (await this.#judged(list.der, wanted, asking)).standing === 'of-others'
  }

  /** Two CAs may have one name: a list of the configuration that another key signed is of the other one, as far as we can tell. */
  async #judged(
    der: Uint8Array,
    { issuers, configured }: Wanted,
    asking: Asking,
  ): ReturnType<typeof judgeList> {
    const judged = await judgeList(der, issuers, asking, this.#desk)
    return configured && judged.standing === 'forged' ? { ...judged, standing: 'of-others' } : judged
  }

  #isCurrent({ nextUpdate }: KeptList): boolean {
    return nextUpdate > this.#clock.now().getTime()
  }

  #isOld({ list, until, renew, askedAt }: Cached, { freshness, askedSince }: Asking): boolean {
    const now = this.#clock.now().getTime()
    if (until <= now) return true
    if (askedSince !== undefined && askedAt < Math.min(askedSince.getTime(), now - LOOKED_AT_AGAIN_MS))
      return true
    const since = freshness?.listedSince?.getTime()
    // What was known just now is in no list yet, and that is asked for at the rate of messages.
    const again = freshness?.knownSince === undefined ? renew : askedAt + LOOKED_AT_AGAIN_MS
    return since !== undefined && (list?.issuedAt ?? 0) < since && again <= now
  }

  async #renew(wanted: Wanted, asking: Asking): Promise<void> {
    const { key } = wanted
    const now = this.#clock.now().getTime()
    const fetched = await this.#fetch(wanted, asking)
    // Looked up only now: while it was fetched somebody may have told that what was there is genuine.
    const { list: before, ranOut, refusedBy, inVain = 0 } = this.#cache.get(key) ?? {}
    const isList = typeof fetched === 'object'
    const last = before?.isGenuine === true || !isList ? before : undefined
    const stands = last !== undefined && this.#isCurrent(last)
    let becomes: Cached
    if (fetched === 'nothing') becomes = this.#left(last, now, now + RETRY_AFTER_MS, inVain)
    else if (!isList || (stands && !fetched.isGenuine)) {
      if (isList) this.#failed(wanted, new Error('CRL_SIGNATURE: a list of others'))
      becomes = this.#left(last, now, now + backOff(inVain), inVain + 1)
    } else if (stands && isOlder(fetched, last)) {
      this.#failed(wanted, new Error('CRL_STALE: older than the one at hand'))
      becomes = this.#left(last, now, now + Math.max(RENEW_AFTER_MS, backOff(inVain)), inVain + 1)
    } else becomes = { ...this.#cached(fetched, now, fetched.isGenuine ? 0 : inVain), refusedBy }
    const lost = ranOut ?? (last?.isGenuine === true ? last : undefined)
    this.#cache.delete(key)
    this.#cache.set(key, { ...becomes, ranOut: stillRanOut(lost, becomes.list) })
    this.#makeRoom()
  }

  /** What was there, until it is asked for again. */
  #left(list: KeptList | undefined, askedAt: number, until: number, inVain: number): Cached {
    return { list, askedAt, until, renew: until, inVain }
  }

  #cached(list: KeptList, askedAt: number, inVain: number): Cached {
    const renew = askedAt + RENEW_AFTER_MS
    const next = Math.max(list.nextUpdate, askedAt + RETRY_AFTER_MS)
    const until = list.isGenuine ? Math.min(askedAt + this.#maxAgeMs(), next) : renew
    return { list, askedAt, until, renew, inVain }
  }

  async #fetch(wanted: Wanted, asking: Asking): Promise<Come> {
    const { url, configured } = wanted
    let come: Uint8Array | undefined
    try {
      come = await this.#web.fetch({ url, maxOctets: MAX_CRL_OCTETS, timeoutMs: TIMEOUT_MS, configured })
      const der = this.#desk.hold(come)
      const { standing, ...list } = await this.#judged(der, wanted, asking)
      if (standing === 'forged') throw new Error('CRL_SIGNATURE: not signed by whom it names')
      if (standing === 'of-others' && !configured) throw new Error('CRL_SIGNATURE: a list of others')
      return { ...list, isGenuine: standing === 'genuine' }
    } catch (error) {
      this.#failed(wanted, error)
      return come === undefined ? 'nothing' : 'in-vain'
    }
  }

  #failed({ url }: Wanted, error: unknown): void {
    this.#onFailure(url, error instanceof Error ? error : new Error(String(error)))
  }

  #makeRoom(): void {
    let octets = 0
    for (const cached of this.#cache.values()) octets += sizeOf(cached)
    for (const [key, cached] of this.#cache) {
      if (this.#cache.size <= MAX_CACHED && octets <= MAX_CACHED_OCTETS) return
      this.#cache.delete(key)
      octets -= sizeOf(cached)
    }
  }
}

/** What is genuine and no older takes its place for good. */
function stillRanOut(ranOut: KeptList | undefined, list: KeptList | undefined): KeptList | undefined {
  const isReplaced = ranOut !== undefined && list?.isGenuine === true && !isOlder(list, ranOut)
  return isReplaced ? undefined : ranOut
}

const listsOf = ({ list, ranOut }: Partial<Cached> = {}): Uint8Array[] =>
  [list, ranOut].flatMap((one) => (one === undefined ? [] : [one.der]))

const sizeOf = ({ list, ranOut }: Cached): number => (list?.der.length ?? 0) + (ranOut?.der.length ?? 0)

/** After so many in vain before. */
const backOff = (inVain: number): number => Math.min(RETRY_AFTER_MS * 2 ** inVain, MAX_BACK_OFF_MS)
