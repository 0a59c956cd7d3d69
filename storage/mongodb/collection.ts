import {
  type AnyBulkWriteOperation,
  type Document,
  type Filter,
  type Collection as Kept,
  MongoBulkWriteError,
  type Sort,
  type UpdateFilter,
} from 'mongodb'
import { DUPLICATE_KEY, isDuplicate } from './failures.ts'
import { type Row, text } from './fields.ts'

/** Every document of ours is named by text. */
export interface Named extends Document {
  readonly _id: string
}
export type Where = Filter<Named>
export type Update = UpdateFilter<Named>
export type Write = AnyBulkWriteOperation<Named>

interface Selection {
  readonly sort?: Sort
  readonly limit?: number
  readonly fields?: Record<string, 0 | 1>
}

/** Does one thing with the driver, and tells its failures as the port's. */
export type Run = <T>(act: () => Promise<T>) => Promise<T>

/** Documents in one call, or so many in one: a command stays far below the 48 MiB that a server takes. */
export const SLICE = 1_000

/** One collection: each call touches single documents, and that is all that is atomic. */
export class Collection {
  readonly #run: Run
  readonly #kept: Kept<Named>

  constructor(run: Run, kept: Kept<Named>) {
    this.#run = run
    this.#kept = kept
  }

  get(where: Where, fields?: Record<string, 0 | 1>): Promise<Row | undefined> {
    return this.#run(
      async () => (await this.#kept.findOne<Row>(where, fields && { projection: fields })) ?? undefined,
    )
  }

  all(where: Where, { sort, limit, fields }: Selection = {}): Promise<Row[]> {
    return this.#run(() => {
      const found = this.#kept.find<Row>(where, {
        ...(fields && { projection: fields }),
        ...(sort && { sort }),
      })
      return (limit === undefined ? found : found.limit(limit)).toArray()
    })
  }

  /** All that have one of these ids, asked for in slices. */
  async named(ids: readonly string[], where: Where = {}, fields?: Record<string, 0 | 1>): Promise<Row[]> {
    const rows: Row[] = []
    for (const slice of slicesOf(ids))
      rows.push(...(await this.all({ ...where, _id: { $in: slice } }, fields && { fields })))
    return rows
  }

  /** In order of id, page by page: no cursor stays open between two of them. */
  async *each(where: Where = {}, fields?: Record<string, 0 | 1>): AsyncGenerator<Row> {
    for (let after = ''; ; ) {
      const page = await this.all(
        { $and: [where, { _id: { $gt: after } }] },
        { sort: { _id: 1 }, limit: SLICE, ...(fields && { fields }) },
      )
      yield* page
      const last = page.at(-1)
      if (last === undefined || page.length < SLICE) return
      after = text(last, '_id')
    }
  }

  aggregate(stages: Document[]): Promise<Row[]> {
    return this.#run(() => this.#kept.aggregate<Row>(stages).toArray())
  }

  /** False where its id, or a unique value of it, is taken. */
  insert(document: Named): Promise<boolean> {
    return this.#run(async () => {
      try {
        await this.#kept.insertOne(document)
        return true
      } catch (error) {
        if (isDuplicate(error)) return false
        throw error
      }
    })
  }

  /** Those that are there stay as they are; answers how many were not. */
  insertAll(documents: readonly Named[]): Promise<number> {
    return this.bulk(documents.map((document) => ({ insertOne: { document } })))
  }

  /** Answers whether there was one. */
  update(where: Where, update: Update, upsert = false): Promise<boolean> {
    return this.#run(async () => {
      const { matchedCount, upsertedCount } = await this.#kept.updateOne(where, update, { upsert })
      return matchedCount + upsertedCount > 0
    })
  }

  updateAll(where: Where, update: Update): Promise<number> {
    return this.#run(async () => (await this.#kept.updateMany(where, update)).matchedCount)
  }

  /** What it became, or undefined where there was none. */
  change(where: Where, update: Update, fields?: Record<string, 0 | 1>): Promise<Row | undefined> {
    return this.#run(async () => {
      const projection = fields && { projection: fields }
      const row = await this.#kept.findOneAndUpdate(where, update, { returnDocument: 'after', ...projection })
      return row ?? undefined
    })
  }

  remove(where: Where): Promise<boolean> {
    return this.#run(async () => (await this.#kept.deleteOne(where)).deletedCount > 0)
  }

  removeAll(where: Where): Promise<number> {
    return this.#run(async () => (await this.#kept.deleteMany(where)).deletedCount)
  }

  /** In no order, each by itself, and none is made twice: what is there already is no failure. */
  async bulk(writes: readonly Write[]): Promise<number> {
    let inserted = 0
    for (const slice of slicesOf(writes))
      inserted += await this.#run(async () => {
        try {
          return (await this.#kept.bulkWrite(slice, { ordered: false })).insertedCount
        } catch (error) {
          if (!(error instanceof MongoBulkWriteError)) throw error
          const faults = [error.writeErrors].flat()
          const isOnlyTaken = faults.length > 0 && faults.every((fault) => fault.code === DUPLICATE_KEY)
          if (!isOnlyTaken || error.result.getWriteConcernError() !== undefined) throw error
          // Counted by what is named as refused: there are servers whose own count says otherwise.
          return slice.filter((write) => 'insertOne' in write).length - faults.length
        }
      })
    return inserted
  }

  index(keys: Record<string, 1 | -1>, options: { unique?: true; sparse?: true } = {}): Promise<string> {
    return this.#run(() => this.#kept.createIndex(keys, options))
  }
}

export function* slicesOf<T>(all: readonly T[], size = SLICE): Generator<T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size)
}
