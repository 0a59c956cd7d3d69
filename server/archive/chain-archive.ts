import { setTimeout } from 'node:timers/promises'
import { GENESIS, leafOf } from '../../evidence/index.ts'
import type { Clock } from '../../mail/clock.ts'
import { randomHex } from '../../mail/ids.ts'
import {
  type ChainEntry,
  type Fence,
  type NewChainEntry,
  type Store,
  StoreError,
} from '../../storage/port.ts'
import { composeSegment } from './chain-segments.ts'

/** The chain that holds all evidence of this provider, and the one that holds what happened in it. */
export const EVIDENCE_CHAIN = 'evidence'
export const EVENT_CHAIN = 'events'
/** What evidence is judged by in later years, and how users' certificates were found some time after an acceptance. */
export const VALIDATION_CHAIN = 'validation'
export const RECHECK_CHAIN = 'rechecks'
/** What proves all chains, itself included: heads and trees, signed, time-stamped and renewed. */
export const SEAL_CHAIN = 'seals'
/** In the order in which a seal names them. */
export const CHAINS = [EVENT_CHAIN, EVIDENCE_CHAIN, VALIDATION_CHAIN, RECHECK_CHAIN, SEAL_CHAIN] as const
export type ChainName = (typeof CHAINS)[number]
/** Of the leaves of all chains. */
export const LEAF_HASH = 'sha256'
/** Long against one append, short against how long a successor waits for a writer that died. */
const LEASE_MS = 10_000
/** A batch waits for the pen at most so long: until the lease of one that died has lapsed, and some more. */
const LONGEST_WAIT_MS = 2 * LEASE_MS
/** How often it asks: an append of another process takes some milliseconds. */
const ASK_MS = 20
const SEGMENTS_A_PAGE = 1_000
/** In one write; more would make the first of them wait. */
const MAX_BATCH = 128

export type ArchivedEvent = Pick<
  NewChainEntry,
  'eventId' | 'bytes' | 'intake' | 'meta' | 'parties' | 'at' | 'keepUntil'
>

interface Waiting {
  readonly event: ArchivedEvent
  readonly resolve: (entry: ChainEntry) => void
  readonly reject: (error: unknown) => void
}

/**
 * The only writer of a chain: leased and fenced, so that two processes never both believe to be it, and in
 * batches, so that many wait for one fsync. The first octets under an event id win for ever (I4).
 */
export class ChainArchive {
  readonly #store: Store
  readonly #clock: Clock
  readonly #chain: ChainName
  readonly #owner: string
  /** Others may want to write too: the pen is given back whenever nothing waits here. */
  readonly #gives: boolean
  readonly #queue: Waiting[] = []
  #running = false
  #sealed = 0
  #fence: Fence | undefined
  #head: { seq: number; hash: Uint8Array } | undefined

  /**
   * @param owner who holds the lease where a lock keeps all other processes away: one name for ever, so that a start after a
   * crash waits for nobody's lease. Absent where others write too.
   */
  constructor(store: Store, clock: Clock, chain: ChainName, owner?: string) {
    this.#owner = owner ?? randomHex()
    this.#gives = owner === undefined
    this.#store = store
    this.#clock = clock
    this.#chain = chain
  }

  /** Resolves with what the archive holds under the event id, read back after the write. */
  append(event: ArchivedEvent): Promise<ChainEntry> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ event, resolve, reject })
      if (!this.#running) void this.#drain()
    })
  }

  /**
   * Everything up to that entry that is in no segment yet goes into segments, which the archive keeps in the blob store.
   * Done again after a crash it goes on where it ended.
   *
   * @param seal what proves the entry `upTo`; opaque here, and carried by each segment that ends at or before it
   */
  async seal(upTo: number, seal: Uint8Array): Promise<void> {
    const { chain } = this.#store
    for (let last = await this.#lastSealed(); last < upTo; last = await this.#lastSealed()) {
      const { staged, ...span } = await composeSegment(this.#store, this.#chain, last + 1, upTo)
      const at = this.#clock.now().getTime()
      try {
        await chain.seal(await this.#hold(), this.#chain, { ...span, body: staged.ref, seal, at }, staged)
      } finally {
        await staged.discard()
        if (this.#gives && !this.#running) await this.#giveBack()
      }
    }
  }

  find(eventId: string): Promise<ChainEntry | undefined> {
    return this.#store.chain.find(this.#chain, eventId)
  }

  async #drain(): Promise<void> {
    this.#running = true
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, MAX_BATCH)
      try {
        await this.#write(batch).catch((error: unknown) => {
          // The pen went to another since it was taken: nothing was written, and it is asked for again, once.
          if (!(error instanceof StoreError) || error.code !== 'STALE_FENCE') throw error
          this.#forget()
          return this.#write(batch)
        })
      } catch (error) {
        this.#forget()
        for (const { reject } of batch) reject(error)
      }
      if (this.#gives && this.#queue.length === 0) await this.#giveBack()
    }
    this.#running = false
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const { chain } = this.#store
    const fence = await this.#hold()
    let head = this.#head ?? (await this.#readHead())
    const entries: NewChainEntry[] = []
    const taken = new Set<string>()
    for (const { event } of batch) {
      if (taken.has(event.eventId) || (await chain.find(this.#chain, event.eventId)) !== undefined) continue
      taken.add(event.eventId)
      const seq = head.seq + 1
      const leaf = leafOf({
        chain: this.#chain,
        sequence: seq,
        algorithm: LEAF_HASH,
        previous: head.hash,
        octets: event.bytes,
      })
      entries.push({ ...event, seq, prev: head.hash, hash: leaf.hash, sha512: leaf.sha512 })
      head = { seq, hash: leaf.hash }
    }
    if (entries.length > 0) await chain.append(fence, this.#chain, entries)
    this.#head = head
    for (const { event, resolve, reject } of batch) {
      const entry = await chain.find(this.#chain, event.eventId)
      if (entry === undefined)
        reject(new StoreError('CORRUPT', `${event.eventId} is not in the archive after its append`))
      else resolve(entry)
    }
  }

  /** Renews the lease each time: a batch is written well within it. */
  async #hold(): Promise<Fence> {
    const fence = await this.#take()
    if (this.#fence?.token !== fence.token) this.#head = undefined
    this.#fence = fence
    return fence
  }

  async #take(): Promise<Fence> {
    for (const since = performance.now(); ; await setTimeout(ASK_MS * (1 + Math.random()))) {
      const fence = await this.#lease(LEASE_MS)
      if (fence !== undefined) return fence
      if (performance.now() - since > LONGEST_WAIT_MS)
        throw new StoreError(
          'UNAVAILABLE',
          `another process appends to the chain ${this.#chain} all the time`,
        )
    }
  }

  /** What fails here lapses by itself. */
  async #giveBack(): Promise<void> {
    if (this.#fence === undefined) return
    this.#forget()
    await this.#lease(0).catch(() => {})
  }

  /** Whatever happened, the next batch looks at the chain again. */
  #forget(): void {
    this.#fence = undefined
    this.#head = undefined
  }

  #lease(ms: number): Promise<Fence | undefined> {
    const now = this.#clock.now().getTime()
    return this.#store.chain.lease(`chain/${this.#chain}`, this.#owner, now, ms)
  }

  /** Segments are never taken back: what was sealed at the last look need not be read again. */
  async #lastSealed(): Promise<number> {
    for (;;) {
      const page = await this.#store.chain.segments(this.#chain, this.#sealed, SEGMENTS_A_PAGE)
      this.#sealed = page.at(-1)?.upTo ?? this.#sealed
      if (page.length < SEGMENTS_A_PAGE) return this.#sealed
    }
  }

  async #readHead(): Promise<{ seq: number; hash: Uint8Array }> {
    const last = await this.#store.chain.head(this.#chain)
    return last === undefined ? { seq: 0, hash: GENESIS } : { seq: last.seq, hash: last.hash }
  }
}
