import { GENESIS, leafOf } from '../evidence/index.ts'
import type { Clock } from '../mail/clock.ts'
import { randomHex } from '../mail/ids.ts'
import { type ChainEntry, type Fence, type NewChainEntry, type Store, StoreError } from '../storage/port.ts'

/** The chain that holds all evidence of this provider, and the one that holds what happened in it. */
export const EVIDENCE_CHAIN = 'evidence'
export const EVENT_CHAIN = 'events'
export type ChainName = typeof EVIDENCE_CHAIN | typeof EVENT_CHAIN
const ALGORITHM = 'sha256'
/** Long against one append, short against how long a successor waits for a writer that died. */
const LEASE_MS = 30_000
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
  readonly #queue: Waiting[] = []
  #running = false
  #fence: Fence | undefined
  #head: { seq: number; hash: Uint8Array } | undefined

  /**
   * @param owner who holds the lease. Where a lock keeps all other processes away one name for ever, so that a start after a
   * crash waits for nobody's lease; else a new name each time.
   */
  constructor(store: Store, clock: Clock, chain: ChainName, owner: string = randomHex()) {
    this.#owner = owner
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

  find(eventId: string): Promise<ChainEntry | undefined> {
    return this.#store.chain.find(this.#chain, eventId)
  }

  async #drain(): Promise<void> {
    this.#running = true
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, MAX_BATCH)
      try {
        await this.#write(batch)
      } catch (error) {
        this.#head = undefined // whatever happened, the next batch looks at the chain again
        this.#fence = undefined
        for (const { reject } of batch) reject(error)
      }
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
        algorithm: ALGORITHM,
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
    const now = this.#clock.now().getTime()
    const fence = await this.#store.chain.lease(`chain/${this.#chain}`, this.#owner, now, LEASE_MS)
    if (fence === undefined)
      throw new StoreError('UNAVAILABLE', `another process appends to the chain ${this.#chain}`)
    if (this.#fence?.token !== fence.token) this.#head = undefined
    this.#fence = fence
    return fence
  }

  async #readHead(): Promise<{ seq: number; hash: Uint8Array }> {
    const last = await this.#store.chain.head(this.#chain)
    return last === undefined ? { seq: 0, hash: GENESIS } : { seq: last.seq, hash: last.hash }
  }
}
