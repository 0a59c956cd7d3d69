import type { LeasedWork, WorkKind } from '../port.ts'
import type { Collection, Where } from './collection.ts'
import type { Database } from './database.ts'
import { number, type Row, text } from './fields.ts'
import { Sightings } from './sightings.ts'
import { readWork } from './work-rows.ts'

/** Rows that one write leases: with full payloads less than 2 MiB come back. */
const BATCH = 100

export interface ClaimOptions {
  readonly now: number
  readonly limit: number
  readonly leaseMs: number
  readonly queue?: string | undefined
}

/**
 * Leases of rows. A leased row carries its fence and the length of the lease, no time: each process judges by its own
 * clock since when it has seen that fence. A row that is free has the length 0.
 */
export class WorkLeases {
  readonly #database: Database
  readonly #work: Collection
  readonly #sightings = new Sightings()
  readonly #own = new Map<string, number>()
  /** The latest time that we were told. */
  #now: number

  constructor(database: Database, now: number) {
    this.#database = database
    this.#work = database.collection('work')
    this.#now = now
  }

  /** Of one kind: the oldest that are due, and free or lapsed. */
  async claim(kind: WorkKind, { now, limit, leaseMs, queue = null }: ClaimArguments): Promise<LeasedWork[]> {
    this.#now = Math.max(this.#now, now)
    const claimed: LeasedWork[] = []
    while (claimed.length < limit) {
      const wanted = Math.min(limit - claimed.length, BATCH)
      const found = await this.#candidates(kind, queue, now, wanted)
      if (found.length === 0) break
      claimed.push(...(await this.#lease(found, now, leaseMs)))
      if (found.length < wanted) break
    }
    return claimed.sort((a, b) => a.due - b.due)
  }

  async #candidates(kind: WorkKind, queue: string | null, now: number, limit: number): Promise<Row[]> {
    const fields = { fence: 1, leaseMs: 1, due: 1 } as const
    const due = { queue, state: 'pending', kind, due: { $lte: now } }
    const free = await this.#work.all({ ...due, leaseMs: 0 }, { sort: { due: 1 }, limit, fields })
    const leased = await this.#work.all({ ...due, leaseMs: { $gt: 0 } }, { fields })
    const lapsed = leased.filter((row) =>
      this.#sightings.isLapsed(text(row, '_id'), number(row, 'fence'), number(row, 'leaseMs'), now),
    )
    return [...lapsed, ...free].sort((a, b) => number(a, 'due') - number(b, 'due')).slice(0, limit)
  }

  /** One write for all: each row takes part if it is still as it was seen, so none is given twice. */
  async #lease(found: readonly Row[], now: number, leaseMs: number): Promise<LeasedWork[]> {
    const holder = this.#database.nonce()
    const asSeen = found.map((row) => ({
      _id: text(row, '_id'),
      fence: number(row, 'fence'),
      leaseMs: number(row, 'leaseMs'),
      due: number(row, 'due'),
    }))
    const where: Where = { state: 'pending', $or: asSeen }
    await this.#work.updateAll(where, { $inc: { fence: 1 }, $set: { leaseMs, holder } })
    const mine = await this.#work.named(
      asSeen.map(({ _id }) => _id),
      { holder },
    )
    return mine.map((row) => {
      const [id, fence] = [text(row, '_id'), number(row, 'fence')]
      this.#sightings.saw(id, fence, now)
      this.#own.set(id, fence)
      return { ...readWork(row), fence }
    })
  }

  /** When leased rows become free, as far as we can tell; of one that we did not see before, not before its length from now. */
  async lapses(queue: string | null): Promise<number[]> {
    const leased = await this.#work.all(
      { queue, state: 'pending', leaseMs: { $gt: 0 } },
      { fields: { fence: 1, leaseMs: 1, due: 1 } },
    )
    return leased.map((row) => {
      const since = this.#sightings.since(text(row, '_id'), number(row, 'fence')) ?? this.#now
      return Math.max(number(row, 'due'), since + number(row, 'leaseMs'))
    })
  }

  ended(id: string): void {
    this.#own.delete(id)
    this.#sightings.forget(id)
  }

  /** At the end of the process: whoever comes next need not wait. */
  async giveBack(): Promise<void> {
    const held = [...this.#own].map(([_id, fence]) => ({ _id, fence }))
    this.#own.clear()
    for (let at = 0; at < held.length; at += BATCH)
      await this.#work.updateAll(
        { state: 'pending', $or: held.slice(at, at + BATCH) },
        { $set: { leaseMs: 0 } },
      )
  }
}

type ClaimArguments = Omit<ClaimOptions, 'queue'> & { readonly queue?: string | null }
