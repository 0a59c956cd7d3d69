import { randomUUID } from 'node:crypto'
import { type ChangeStream, type Db, type Document, MongoClient } from 'mongodb'
import { StoreError } from '../port.ts'
import { Collection, type Named } from './collection.ts'
import { failureOf, isRefused } from './failures.ts'
import type { Row } from './fields.ts'

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
  #may: (() => boolean) | undefined
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
    const collection = new Collection((act) => this.run(act), this.#db.collection<Named>(name))
    this.#collections.set(name, collection)
    return collection
  }

  /** A number like no other of this process and others. */
  nonce(): string {
    return `${this.process}/${randomUUID()}`
  }

  /** From now on nothing is done any more once this says no. */
  onlyWhile(may: (() => boolean) | undefined): void {
    this.#may = may
  }

  async run<T>(act: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) throw closed()
    if (this.#may?.() === false) throw new StoreError('CLOSED', 'the lease of this process may have lapsed')
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
