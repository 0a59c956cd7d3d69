import {
  type ChainEntry,
  type ChainFilter,
  type ChainStore,
  type Fence,
  type NewChainEntry,
  type Segment,
  type StagedBlob,
  StoreError,
} from '../port.ts'
import { type Attempt, type ChainHeads, stale } from './chain-head.ts'
import { entryDocument, readEntry, readSegment } from './chain-rows.ts'
import type { Collection, Named, Where } from './collection.ts'
import type { Database } from './database.ts'
import { number, text } from './fields.ts'
import type { Keeping } from './keeping.ts'

/** How often a late writer may put something in the way: it has only what was on its way when it lost its turn. */
const TRIES = 8

export class Chain implements Omit<ChainStore, 'lease'> {
  readonly #entries: Collection
  readonly #segments: Collection
  readonly #heads: ChainHeads
  readonly #keeping: Keeping
  #turn: Promise<unknown> = Promise.resolve()

  constructor(database: Database, heads: ChainHeads, keeping: Keeping) {
    this.#entries = database.collection('entries')
    this.#segments = database.collection('segments')
    this.#heads = heads
    this.#keeping = keeping
  }

  append(fence: Fence, chain: string, entries: readonly NewChainEntry[]): Promise<void> {
    return this.#inTurn(() => this.#append(fence, chain, entries))
  }

  seal(fence: Fence, chain: string, segment: Segment, staged: StagedBlob): Promise<void> {
    return this.#inTurn(() => this.#seal(fence, chain, segment, staged))
  }

  /** One at a time in this process: of two attempts under one fence the second would end the first. */
  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(act)
    this.#turn = done.catch(() => {})
    return done
  }

  async #append(fence: Fence, chain: string, entries: readonly NewChainEntry[]): Promise<void> {
    const attempt = await this.#heads.begin(fence, chain)
    await this.#check(attempt, entries)
    const documents = entries.map((entry) => entryDocument(attempt, entry))
    await this.#write(this.#entries, attempt, documents, { seq: { $gt: attempt.seq } })
    await this.#heads.move(attempt, { seq: attempt.seq + entries.length })
  }

  async #check({ chain, seq: head }: Attempt, entries: readonly NewChainEntry[]): Promise<void> {
    const taken = new Set<string>()
    const asked = entries.map(({ eventId }) => eventId)
    const known = await this.#entries.all(
      { chain, eventId: { $in: asked }, seq: { $lte: head } },
      { fields: { eventId: 1 } },
    )
    for (const row of known) taken.add(text(row, 'eventId'))
    entries.forEach(({ seq, eventId }, position) => {
      if (seq !== head + 1 + position || taken.has(eventId))
        throw new StoreError('CHAIN_CONFLICT', `entry ${seq} cannot follow ${head} in ${chain}`)
      taken.add(eventId)
    })
  }

  /** Beyond the head: what other attempts left there makes way, each document by its own id, so that nothing else can be meant. */
  async #write(
    collection: Collection,
    { id, chain, fence }: Attempt,
    documents: readonly Named[],
    beyond: Where,
  ): Promise<void> {
    for (let time = 0; time < TRIES; time++) {
      const left = await collection.all({ chain, ...beyond, attempt: { $ne: id } }, { fields: { token: 1 } })
      if (left.some((row) => number(row, 'token') > fence.token)) throw stale(fence)
      if (left.length > 0)
        await collection.removeAll({ chain, _id: { $in: left.map((row) => text(row, '_id')) } })
      await collection.insertAll(documents)
      const mine = await collection.all({ chain, ...beyond, attempt: id }, { fields: { _id: 1 } })
      if (mine.length === documents.length) return
    }
    throw new StoreError('UNAVAILABLE', `${chain} is written to by others`)
  }

  async #seal(fence: Fence, chain: string, segment: Segment, staged: StagedBlob): Promise<void> {
    const attempt = await this.#heads.begin(fence, chain)
    const last = await this.#lastSegment(chain, attempt.sealed)
    if (last?.from === segment.from && last.upTo === segment.upTo && last.body.hash === segment.body.hash)
      return
    if (segment.from !== attempt.sealed + 1 || segment.upTo < segment.from || segment.upTo > attempt.seq)
      throw new StoreError(
        'CHAIN_CONFLICT',
        `a segment from ${segment.from} cannot follow ${attempt.sealed} in ${chain}`,
      )
    await this.#keeping.bring(staged, 'archive', { by: `segment/${chain}/${segment.from}` })
    const { from, upTo, body, seal, at } = segment
    const document = {
      _id: attempt.id,
      attempt: attempt.id,
      token: fence.token,
      chain,
      from,
      upTo,
      body: { ...body },
      seal,
      at,
    }
    await this.#write(this.#segments, attempt, [document], { from: { $gt: attempt.sealed } })
    await this.#heads.move(attempt, { sealed: upTo })
  }

  async #lastSegment(chain: string, upTo: number): Promise<Segment | undefined> {
    const row = await this.#segments.get({ chain, upTo })
    return row && readSegment(row)
  }

  async segments(chain: string, afterSeq: number, limit: number): Promise<Segment[]> {
    const { sealed } = await this.#heads.of(chain)
    const found = await this.#segments.all(
      { chain, from: { $lte: sealed }, upTo: { $gt: afterSeq } },
      { sort: { from: 1 }, limit },
    )
    return found.map(readSegment)
  }

  async head(chain: string): Promise<ChainEntry | undefined> {
    const { seq } = await this.#heads.of(chain)
    const row = await this.#entries.get({ chain, seq })
    return row && readEntry(row)
  }

  async find(chain: string, eventId: string): Promise<ChainEntry | undefined> {
    return (await this.#page(chain, { eventId }, 0, 1))[0]
  }

  read(chain: string, from: number, limit: number): Promise<ChainEntry[]> {
    return this.#page(chain, {}, from - 1, limit)
  }

  ofIntake(chain: string, intake: string, afterSeq: number, limit: number): Promise<ChainEntry[]> {
    return this.#page(chain, { intake }, afterSeq, limit)
  }

  list(chain: string, filter: ChainFilter, afterSeq: number, limit: number): Promise<ChainEntry[]> {
    const { from = 0, to = Number.MAX_SAFE_INTEGER, party } = filter
    const ofParty = party === undefined ? {} : { parties: party }
    return this.#page(chain, { at: { $gte: from, $lt: to }, ...ofParty }, afterSeq, limit)
  }

  async #page(chain: string, where: Where, afterSeq: number, limit: number): Promise<ChainEntry[]> {
    const { seq } = await this.#heads.of(chain)
    const found = await this.#entries.all(
      { ...where, chain, seq: { $gt: afterSeq, $lte: seq } },
      { sort: { seq: 1 }, limit, fields: { parties: 0 } },
    )
    return found.map(readEntry)
  }
}
