import type { Fence } from '../port.ts'
import type { Collection } from './collection.ts'
import type { Database } from './database.ts'
import { number, type Row, text } from './fields.ts'
import { Sightings } from './sightings.ts'

/** Each renewal beats once more, so that an observer sees that the holder lives. */
const markOf = (row: Row) => `${number(row, 'token')}/${number(row, 'beat')}`

/** Leases with a number that only grows. Whether one lapsed is judged by who wants it, see {@link Sightings}. */
export class Leases {
  readonly #leases: Collection
  readonly #sightings = new Sightings()
  /** Names that this process leased, by the owner under which it did. */
  readonly #own = new Map<string, string>()

  constructor(database: Database) {
    this.#leases = database.collection('leases')
  }

  async take(name: string, owner: string, now: number, ms: number): Promise<Fence | undefined> {
    for (;;) {
      const held = await this.#leases.get({ _id: name })
      if (held === undefined) {
        const first = { _id: name, owner, token: 1, beat: 1, ms }
        if (await this.#leases.insert(first)) return this.#took(first, now)
        continue
      }
      const isMine = text(held, 'owner') === owner
      if (!isMine && !this.#isFree(held, now)) return undefined
      const token = number(held, 'token') + (isMine ? 0 : 1)
      const taken = { owner, token, beat: number(held, 'beat') + 1, ms }
      const asSeen = { _id: name, token: number(held, 'token'), beat: number(held, 'beat') }
      if (await this.#leases.update(asSeen, { $set: taken })) return this.#took({ _id: name, ...taken }, now)
    }
  }

  /** What it looks like now, and unlike after each renewal; undefined where it is free. */
  async markOf(name: string): Promise<string | undefined> {
    const held = await this.#leases.get({ _id: name })
    return held === undefined || number(held, 'ms') === 0 ? undefined : markOf(held)
  }

  #isFree(held: Row, now: number): boolean {
    const ms = number(held, 'ms')
    return ms === 0 || this.#sightings.isLapsed(text(held, '_id'), markOf(held), ms, now)
  }

  #took(row: { _id: string; owner: string; token: number; beat: number }, now: number): Fence {
    this.#sightings.saw(row._id, markOf(row), now)
    this.#own.set(row._id, row.owner)
    return { name: row._id, token: row.token }
  }

  async isCurrent({ name, token }: Fence): Promise<boolean> {
    return (await this.#leases.get({ _id: name, token }, { _id: 1 })) !== undefined
  }

  /** At the end of the process: free at once, and still the fence's until another has it. */
  async giveBack(): Promise<void> {
    for (const [_id, owner] of this.#own) await this.#leases.update({ _id, owner }, { $set: { ms: 0 } })
    this.#own.clear()
  }
}
