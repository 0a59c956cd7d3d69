import { type IntakeRow, type Keeper, type NewIntake, type NewWork, StoreError } from '../port.ts'
import type { Collection } from './collection.ts'
import type { Database } from './database.ts'
import { settled } from './failures.ts'
import { number, type Row, text } from './fields.ts'
import { intakeDocument, readFirst, readIntake, unkeyed } from './intake-documents.ts'

/** As many as a person reads. */
const NAMED_MAX = 100
/** Intakes whose work is looked through in one turn. */
const PAGE = 200

/** What follows from an intake elsewhere; both may be repeated. */
interface Follow {
  insert(rows: readonly NewWork[]): Promise<unknown>
  release(keeper: Keeper): Promise<void>
}

/** The promises: one document each, which names everything that follows from it. */
export class Intakes {
  readonly #intakes: Collection
  readonly #work: Collection
  readonly #follow: Follow

  constructor(database: Database, follow: Follow) {
    this.#follow = follow
    this.#intakes = database.collection('intakes')
    this.#work = database.collection('work')
  }

  /**
   * The one write before 250. Its octets are durable before; its first work is in it until it has a document of its own.
   * After it nothing can fail that anyone would have to be told of.
   *
   * @returns the intake that holds the dedup key
   */
  async accept(intake: Omit<NewIntake, 'staged'>): Promise<string | undefined> {
    const document = intakeDocument(intake)
    for (;;) {
      const isNew = await settled(
        () => this.#intakes.insert(document),
        async () =>
          (await this.#intakes.get({ _id: intake.id }, { _id: 1 })) === undefined ? undefined : false,
      )
      if (isNew) return undefined
      const there = await this.#intakes.get({ _id: intake.id })
      if (there?.['voided'] === true) throw new StoreError('VOIDED', `intake ${intake.id} was given up`)
      if (there !== undefined) return undefined // repeated with the same id, or its answer was lost
      const holder = await this.#intakes.get({ dedup: document['dedup'] })
      if (holder === undefined) continue
      if (number(holder, 'at') >= (intake.dedup?.notBefore ?? 0)) return text(holder, '_id')
      const id = text(holder, '_id')
      await this.#intakes.update({ _id: id, dedup: document['dedup'] }, { $set: { dedup: unkeyed(id) } })
    }
  }

  /** What acceptances and purges of a process that died still lack: whoever looks does it, any number of times. */
  async finishAll(): Promise<void> {
    for (const row of await this.#intakes.all({ unfinished: true }, { limit: PAGE })) await this.#finish(row)
  }

  async finish(id: string): Promise<void> {
    const row = await this.#intakes.get({ _id: id, unfinished: true })
    if (row !== undefined) await this.#finish(row)
  }

  async #finish(row: Row): Promise<void> {
    const first = readFirst(row)
    if (first !== undefined) await this.#follow.insert([first])
    if (row['purged'] === true) await this.#follow.release(`intake/${text(row, '_id')}`)
    await this.#intakes.update({ _id: text(row, '_id') }, { $unset: { first: '', unfinished: '' } })
  }

  async get(id: string): Promise<IntakeRow | undefined> {
    const row = await this.#intakes.get({ _id: id })
    return row === undefined || row['voided'] === true ? undefined : readIntake(row)
  }

  /** It takes the id's place. */
  async void(id: string): Promise<boolean> {
    const isNew = await settled(
      () => this.#intakes.insert({ _id: id, voided: true, dedup: unkeyed(id) }),
      async () => ((await this.#intakes.get({ _id: id }, { _id: 1 })) === undefined ? undefined : false),
    )
    return isNew || (await this.#intakes.get({ _id: id, voided: true }, { _id: 1 })) !== undefined
  }

  async named(name: string): Promise<IntakeRow[]> {
    const found = await this.#intakes.all({ names: name }, { sort: { at: -1 }, limit: NAMED_MAX })
    return found.map(readIntake)
  }

  async finished(
    before: number,
    after: { at: number; id: string } | undefined,
    limit: number,
  ): Promise<IntakeRow[]> {
    const finished: IntakeRow[] = []
    for (let from = after; finished.length < limit; ) {
      const page = (await this.#unpurged(before, from)).map(readIntake)
      const busy = await this.#withWork(page.map(({ id }) => id))
      finished.push(...page.filter(({ id }) => !busy.has(id)))
      from = page.at(-1)
      if (page.length < PAGE) break
    }
    return finished.slice(0, limit)
  }

  #unpurged(before: number, after: { at: number; id: string } | undefined): Promise<Row[]> {
    const beyond =
      after === undefined
        ? {}
        : { $or: [{ at: after.at, _id: { $gt: after.id } }, { at: { $gt: after.at, $lt: before } }] }
    return this.#intakes.all(
      { purged: false, at: { $lt: before }, ...beyond },
      { sort: { at: 1, _id: 1 }, limit: PAGE },
    )
  }

  /** Those of which some work is not done, or not begun. */
  async #withWork(ids: readonly string[]): Promise<Set<string>> {
    const open = await this.#work.all(
      { intake: { $in: [...ids] }, state: { $in: ['pending', 'held'] } },
      { fields: { intake: 1 } },
    )
    const begun = await this.#intakes.named(ids, { unfinished: true }, { _id: 1 })
    return new Set([...open.map((row) => text(row, 'intake')), ...begun.map((row) => text(row, '_id'))])
  }

  /** The mark is the purge: from then on everyone sees it, and its octets are let go of by whoever meets it. */
  async purge(id: string): Promise<boolean> {
    const row = await this.get(id)
    if (row === undefined) return false
    if (!row.purged) {
      if ((await this.#withWork([id])).size > 0) return false
      await this.#intakes.update({ _id: id, purged: false }, { $set: { purged: true, unfinished: true } })
    }
    await this.finish(id)
    return true
  }
}
