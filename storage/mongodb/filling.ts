import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as rest } from 'node:timers/promises'
import { StoreError } from '../port.ts'
import { type Collection, SLICE } from './collection.ts'
import type { Database } from './database.ts'
import { beingFilled, type Door, FILLING, inUse, isNote } from './entrance.ts'
import { settled } from './failures.ts'
import { text } from './fields.ts'
import type { Leases } from './leases.ts'
import { isEmpty, recordLayouts } from './schema.ts'

/**
 * A filler that says nothing for so long is dead. It stops by itself long before, so that a command of its own which is under
 * way by then (30 s at most, see Database) has ended too.
 */
const LEASE_MS = 60_000
const STOPS_AFTER = 5 / 12
const RENEWALS = 12
/** How often somebody who waits for another's lease looks. */
const LOOKS = 60

export interface FillingOptions {
  /** For operators: what it is filled with. */
  readonly what: string
  readonly leaseMs?: number | undefined
  /** Told once, where another's lease has to lapse first. */
  readonly onWait?: ((ms: number) => void) | undefined
}

/**
 * The filling of an empty database. Its mark is there before the first record and goes after the last. Where a filler died, or
 * failed, the next one takes over its mark and throws away what it left: nothing else can be there.
 */
export class Filling implements Door {
  readonly #database: Database
  readonly #leases: Leases
  readonly #meta: Collection
  readonly #id = randomUUID()
  readonly #what: string
  readonly #leaseMs: number
  readonly #onWait: (ms: number) => void
  #confirmed = Number.NEGATIVE_INFINITY
  #renewal: NodeJS.Timeout | undefined

  constructor(
    database: Database,
    leases: Leases,
    { what, leaseMs = LEASE_MS, onWait = () => {} }: FillingOptions,
  ) {
    this.#database = database
    this.#leases = leases
    this.#meta = database.collection('meta')
    this.#what = what
    this.#leaseMs = leaseMs
    this.#onWait = onWait
  }

  /** NOT_EMPTY, IN_USE, or BEING_FILLED where another does it just now; waits until one that died has lapsed. */
  async enter(): Promise<void> {
    if ((await this.#meta.get({ _id: FILLING })) === undefined && !(await isEmpty(this.#database)))
      throw notEmpty()
    await this.#takeTurn()
    this.#renewal = setInterval(() => void this.#renew().catch(() => {}), this.#leaseMs / RENEWALS)
    this.#database.onlyWhile(() => performance.now() - this.#confirmed < this.#leaseMs * STOPS_AFTER)
    if (await this.#putMark()) await this.#clear()
    else await this.#make()
  }

  async #takeTurn(): Promise<void> {
    for (let first: string | undefined; !(await this.#renew()); ) {
      const mark = await this.#leases.markOf(FILLING)
      if (first === undefined && mark !== undefined) this.#onWait(this.#leaseMs)
      first ??= mark
      if (mark !== undefined && mark !== first) throw beingFilled(await this.#meta.get({ _id: FILLING }))
      await rest(this.#leaseMs / LOOKS)
    }
  }

  async #renew(): Promise<boolean> {
    const asked = performance.now()
    const fence = await this.#leases.take(FILLING, this.#id, asked, this.#leaseMs)
    if (fence !== undefined) this.#confirmed = asked
    return fence !== undefined
  }

  /** Answers whether there was one of somebody who had begun to write. */
  async #putMark(): Promise<boolean> {
    const ours = { id: this.#id, what: this.#what, host: hostname(), at: new Date() }
    const before = await this.#meta.get({ _id: FILLING })
    const isPut =
      before === undefined
        ? await this.#meta.insert({ _id: FILLING, ...ours, begun: false })
        : await this.#meta.update({ _id: FILLING, id: text(before, 'id') }, { $set: ours })
    if (!isPut) throw beingFilled(before)
    return before?.['begun'] === true
  }

  /** Nobody has written yet, and with the mark there nobody begins to who was not here before. */
  async #make(): Promise<void> {
    const ours = { _id: FILLING, id: this.#id }
    const [note] = await this.#meta.all(isNote, { limit: 1 })
    const refusal = !(await isEmpty(this.#database)) ? notEmpty() : note && inUse(note)
    if (refusal !== undefined) {
      await this.#meta.remove(ours)
      throw refusal
    }
    if (!(await this.#meta.update(ours, { $set: { begun: true } }))) throw beingFilled(undefined)
  }

  /** Counters and leases stay: their numbers only grow. */
  async #clear(): Promise<void> {
    for (const { name } of recordLayouts) {
      const collection = this.#database.collection(name)
      for (;;) {
        const found = await collection.all({}, { limit: SLICE, fields: { _id: 1 } })
        if (found.length === 0) break
        await collection.removeAll({ _id: { $in: found.map((row) => text(row, '_id')) } })
      }
    }
  }

  /** All is there: others may come in. */
  async finish(): Promise<void> {
    if (!(await this.#renew())) throw beingFilled(undefined)
    const ours = { _id: FILLING, id: this.#id }
    const isGone = async () => ((await this.#meta.get(ours)) === undefined ? true : undefined)
    if (!(await settled(() => this.#meta.remove(ours), isGone))) throw beingFilled(undefined)
    await this.leave()
    this.#database.onlyWhile(undefined)
  }

  async leave(): Promise<void> {
    clearInterval(this.#renewal)
  }
}

const notEmpty = () =>
  new StoreError('NOT_EMPTY', 'the database that is to be filled holds something already: name an empty one')
