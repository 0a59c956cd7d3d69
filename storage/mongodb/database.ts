import { randomUUID } from 'node:crypto'
import {
  type AnyBulkWriteOperation,
  Binary,
  type ChangeStream,
  type Db,
  type Document,
  type Filter,
  type Collection as Kept,
  MongoBulkWriteError,
  MongoClient,
  type Sort,
  type UpdateFilter,
} from 'mongodb'
import { StoreError } from '../port.ts'
import { failureOf, isDuplicate, isRefused } from './failures.ts'

/** A document as the driver gives it: nothing is believed of it before a reader below was asked. */
export type Row = Record<string, unknown>
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

/** Longer without a primary, and whoever waits is told so: the SMTP side answers 451 well within a client's patience. */
const SELECTION_MS = 5_000
/** A connection that says nothing for so long is lost; longer than any command of ours takes. */
const SILENCE_MS = 30_000
/** Where the URI names no database. */
const DATABASE = 'openkep'

/**
 * A connection to a replica set. What it acknowledges is in the journal of a majority and survives a fail-over; what it reads
 * was acknowledged. Nothing is retried by the driver: a write that it sends twice is a write that we did not order.
 */
export class Database {
  readonly #client: MongoClient
  readonly #db: Db
  readonly #collections = new Map<string, Collection>()
  #closed: Promise<void> | undefined
  /** Of this process, unlike any other, also after it was started again. */
  readonly process = randomUUID()

  constructor(uri: string) {
    this.#client = new MongoClient(uri, {
      retryWrites: false,
      retryReads: false,
      writeConcern: { w: 'majority', journal: true },
      readConcern: { level: 'majority' },
      readPreference: 'primary',
      ...unlessSaid(uri, { serverSelectionTimeoutMS: SELECTION_MS }),
      ...unlessSaid(uri, { connectTimeoutMS: SELECTION_MS }),
      ...unlessSaid(uri, { socketTimeoutMS: SILENCE_MS }),
      ignoreUndefined: true,
      promoteBuffers: true,
    })
    this.#db = this.#client.db(/^mongodb(\+srv)?:\/\/[^/]+\/([^?]+)/.exec(uri)?.[2] ?? DATABASE)
  }

  collection(name: string): Collection {
    const known = this.#collections.get(name)
    if (known !== undefined) return known
    const collection = new Collection(this, this.#db.collection<Named>(name))
    this.#collections.set(name, collection)
    return collection
  }

  /** A number like no other of this process and others. */
  nonce(): string {
    return `${this.process}/${randomUUID()}`
  }

  async run<T>(act: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) throw closed()
    try {
      return await act()
    } catch (cause) {
      throw this.#closed === undefined ? failureOf(cause) : closed()
    }
  }

  /** Undefined where the server does not tell. */
  stats(): Promise<Row | undefined> {
    return this.run(async () => {
      try {
        return await this.#db.command({ dbStats: 1 })
      } catch (error) {
        if (isRefused(error)) return undefined
        throw error
      }
    })
  }

  changes(pipeline: Document[]): ChangeStream<Document> {
    return this.#db.watch(pipeline)
  }

  get isClosed(): boolean {
    return this.#closed !== undefined
  }

  close(): Promise<void> {
    this.#closed ??= this.#client.close(true).catch(() => {})
    return this.#closed
  }
}

/** What the URI says of time-outs holds: the driver would let ours win. */
function unlessSaid(uri: string, option: Record<string, number>): Record<string, number> {
  const [name = ''] = Object.keys(option)
  return new RegExp(`[?&]${name}=`, 'i').test(uri) ? {} : option
}

const closed = () => new StoreError('CLOSED', 'the store is closed')

/** Documents in one call, or so many in one: a command stays far below the 48 MiB that a server takes. */
export const SLICE = 1_000

/** One collection: each call touches single documents, and that is all that is atomic. */
export class Collection {
  readonly #database: Database
  readonly #kept: Kept<Named>

  constructor(database: Database, kept: Kept<Named>) {
    this.#database = database
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
          const isOnlyTaken = faults.length > 0 && faults.every((fault) => fault.code === 11_000)
          if (!isOnlyTaken || error.result.getWriteConcernError() !== undefined) throw error
          return error.insertedCount
        }
      })
    return inserted
  }

  index(keys: Record<string, 1 | -1>, options: { unique?: true; sparse?: true } = {}): Promise<string> {
    return this.#run(() => this.#kept.createIndex(keys, options))
  }

  #run<T>(act: () => Promise<T>): Promise<T> {
    return this.#database.run(act)
  }
}

export function* slicesOf<T>(all: readonly T[], size = SLICE): Generator<T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size)
}

/** Readers of fields: one that is not of its type means that the document is not ours. */
const corrupt = (field: string, what: string) => new StoreError('CORRUPT', `the field ${field} ${what}`)

export const text = (row: Row, field: string): string => {
  const value = row[field]
  if (typeof value !== 'string') throw corrupt(field, 'is not text')
  return value
}
export const optionalText = (row: Row, field: string): string | undefined =>
  row[field] === null || row[field] === undefined ? undefined : text(row, field)
export const number = (row: Row, field: string): number => {
  const value = row[field]
  if (typeof value !== 'number') throw corrupt(field, 'is not a number')
  return value
}
export const optionalNumber = (row: Row, field: string): number | undefined =>
  row[field] === null || row[field] === undefined ? undefined : number(row, field)
export const bytes = (row: Row, field: string): Uint8Array => {
  const value = row[field]
  if (value instanceof Uint8Array) return value
  if (value instanceof Binary) return value.buffer.subarray(0, value.position)
  throw corrupt(field, 'holds no octets')
}
export const texts = (row: Row, field: string): string[] => {
  const value = row[field]
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string'))
    throw corrupt(field, 'is no list of texts')
  return value
}
export const rows = (row: Row, field: string): Row[] => {
  const value = row[field]
  if (!Array.isArray(value)) throw corrupt(field, 'is no list')
  return value.map((one) => asRow(one, field))
}
export const optionalRow = (row: Row, field: string): Row | undefined =>
  row[field] === null || row[field] === undefined ? undefined : asRow(row[field], field)
export const child = (row: Row, field: string): Row => asRow(row[field], field)

function asRow(value: unknown, field: string): Row {
  if (typeof value !== 'object' || value === null) throw corrupt(field, 'is no document')
  return value as Row
}
