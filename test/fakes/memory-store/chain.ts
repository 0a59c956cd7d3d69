import {
  type BlobStore,
  type ChainEntry,
  type ChainFilter,
  type ChainStore,
  type Fence,
  type NewChainEntry,
  type Segment,
  type StagedBlob,
  StoreError,
} from '../../../storage/port.ts'
import type { Disk, EntryDocument } from './disk.ts'
import { Documents, type Process } from './documents.ts'

const EMPTY = { seq: 0, token: 0 }

/** Entries are written beyond the head, where nobody reads; moving the head is the one write that appends them all. */
export class MemoryChain implements ChainStore {
  readonly #leases: Documents<{ owner: string; token: number; until: number }>
  readonly #heads: Documents<{ seq: number; token: number }>
  readonly #entries: Documents<EntryDocument>
  readonly #segments: Documents<{ chain: string; segment: Segment }>
  readonly #blobs: BlobStore
  #turn: Promise<unknown> = Promise.resolve()

  constructor(disk: Disk, process: Process, blobs: BlobStore) {
    this.#blobs = blobs
    this.#segments = new Documents(disk.segments, process)
    this.#leases = new Documents(disk.leases, process)
    this.#heads = new Documents(disk.heads, process)
    this.#entries = new Documents(disk.entries, process)
  }

  async lease(name: string, owner: string, now: number, ms: number): Promise<Fence | undefined> {
    const taken = await this.#leases.upsert(name, (held) => {
      if (held === undefined) return { owner, token: 1, until: now + ms }
      if (held.owner === owner) return { ...held, until: now + ms }
      return held.until > now ? undefined : { owner, token: held.token + 1, until: now + ms }
    })
    return taken && { name, token: taken.token }
  }

  /** One at a time in this process: two of one fence would write over each other beyond the head. */
  append(fence: Fence, chain: string, entries: readonly NewChainEntry[]): Promise<void> {
    const appended = this.#turn.then(() => this.#append(fence, chain, entries))
    this.#turn = appended.catch(() => {})
    return appended
  }

  async #append(fence: Fence, chain: string, entries: readonly NewChainEntry[]): Promise<void> {
    const stale = () => new StoreError('STALE_FENCE', `the lease ${fence.name} went to another writer`)
    if ((await this.#leases.get(fence.name))?.token !== fence.token) throw stale()
    // From here on no writer of an older fence can move the head.
    const head = await this.#heads.upsert(chain, (current = EMPTY) =>
      current.token > fence.token ? undefined : { ...current, token: fence.token },
    )
    if (head === undefined) throw stale()
    const taken = new Set((await this.#read(chain, () => true)).map(({ entry }) => entry.eventId))
    entries.forEach(({ seq, eventId }, position) => {
      if (seq !== head.seq + 1 + position || taken.has(eventId))
        throw new StoreError('CHAIN_CONFLICT', `entry ${seq} cannot follow ${head.seq} in ${chain}`)
      taken.add(eventId)
    })
    for (const { parties, ...entry } of entries) {
      const document = { chain, entry, parties, token: fence.token }
      const put = await this.#entries.upsert(`${chain}/${entry.seq}`, (other) =>
        other !== undefined && other.token > fence.token ? undefined : document,
      )
      if (put === undefined) throw stale()
    }
    const moved = await this.#heads.change(chain, (current) =>
      current.token === fence.token && current.seq === head.seq
        ? { ...current, seq: head.seq + entries.length }
        : undefined,
    )
    if (moved === undefined) throw stale()
  }

  async seal(fence: Fence, chain: string, segment: Segment, staged: StagedBlob): Promise<void> {
    if ((await this.#leases.get(fence.name))?.token !== fence.token)
      throw new StoreError('STALE_FENCE', `the lease ${fence.name} went to another writer`)
    const before = await this.segments(chain, 0, Number.MAX_SAFE_INTEGER)
    if (before.some((known) => known.upTo === segment.upTo && known.body.hash === segment.body.hash)) return
    const { seq } = (await this.#heads.get(chain)) ?? EMPTY
    const next = (before.at(-1)?.upTo ?? 0) + 1
    if (segment.from !== next || segment.upTo < next || segment.upTo > seq)
      throw new StoreError('CHAIN_CONFLICT', `entries ${segment.from} to ${segment.upTo} do not follow`)
    await this.#blobs.save(staged, 'archive')
    await this.#segments.insert(`${chain}/${segment.from}`, { chain, segment })
  }

  async segments(chain: string, afterSeq: number, limit: number): Promise<Segment[]> {
    const found = await this.#segments.select((one) => one.chain === chain && one.segment.upTo > afterSeq)
    return found
      .map(({ segment }) => segment)
      .sort((a, b) => a.upTo - b.upTo)
      .slice(0, limit)
  }

  async head(chain: string): Promise<ChainEntry | undefined> {
    const { seq } = (await this.#heads.get(chain)) ?? EMPTY
    return (await this.#entries.get(`${chain}/${seq}`))?.entry
  }

  async find(chain: string, eventId: string): Promise<ChainEntry | undefined> {
    return (await this.#read(chain, ({ entry }) => entry.eventId === eventId))[0]?.entry
  }

  read(chain: string, from: number, limit: number): Promise<ChainEntry[]> {
    return this.#page(chain, ({ entry }) => entry.seq >= from, limit)
  }

  ofIntake(chain: string, intake: string, afterSeq: number, limit: number): Promise<ChainEntry[]> {
    return this.#page(chain, ({ entry }) => entry.intake === intake && entry.seq > afterSeq, limit)
  }

  list(
    chain: string,
    { from = 0, to = Number.MAX_SAFE_INTEGER, party }: ChainFilter,
    afterSeq: number,
    limit: number,
  ): Promise<ChainEntry[]> {
    return this.#page(
      chain,
      ({ entry, parties }) =>
        entry.at >= from &&
        entry.at < to &&
        entry.seq > afterSeq &&
        (party === undefined || parties.includes(party)),
      limit,
    )
  }

  async #page(
    chain: string,
    which: (document: EntryDocument) => boolean,
    limit: number,
  ): Promise<ChainEntry[]> {
    return (await this.#read(chain, which)).slice(0, limit).map(({ entry }) => entry)
  }

  async #read(chain: string, which: (document: EntryDocument) => boolean): Promise<EntryDocument[]> {
    const { seq } = (await this.#heads.get(chain)) ?? EMPTY
    const read = await this.#entries.select(
      (document) => document.chain === chain && document.entry.seq <= seq && which(document),
    )
    return read.sort((a, b) => a.entry.seq - b.entry.seq)
  }
}
