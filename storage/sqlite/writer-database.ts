import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { StoreKeys } from '../encryption/store-key.ts'
import { StoreError } from '../port.ts'
import { BUSY_MS, Database, damaged, isDiskFailure, number, text } from './database.ts'
import type { WriteReply, WriteRequest } from './operations.ts'
import { perform } from './perform.ts'
import { Replica } from './replica.ts'
import { migrate } from './schema.ts'
import { forgetLeases } from './work.ts'
import type { WriterLimits } from './writer-limits.ts'

export interface WriterSettings {
  /** `kep.db` and `blobs/` are there. */
  readonly folder: string
  readonly now: number
  readonly keys: StoreKeys | undefined
  /** Folder of the second copy, on another disk. */
  readonly replica: string | undefined
  readonly checkAtStart: CheckAtStart
  readonly limits: WriterLimits
}

/** `small`: where it takes no more than some seconds, see {@link SMALL}. */
export type CheckAtStart = 'always' | 'small' | 'never'

/** Octets of a database that is read through at a start in a few seconds. */
const SMALL = 1_073_741_824

/** Our own reads take less, ms; a foreign reader that stays must not hold up all mail. */
const PATIENCE_MS = 500

/**
 * The connection that writes. A sync that failed is never tried again: what the kernel keeps of the file after it may not be
 * what the disk has. Nothing is accepted then until the file has been closed, opened and carried over as a whole.
 */
export class WriterDatabase {
  readonly #settings: WriterSettings
  readonly #file: string
  #db: Database | undefined
  #replica: Replica | undefined
  #failedAt = Number.NEGATIVE_INFINITY
  #failure = ''
  /** Pages in the log after the last commit, and how many of them are not carried over. */
  #log = { pages: 0, waiting: 0 }
  /** Length of the log at which it is made to begin anew. */
  #anewAt: number

  private constructor(settings: WriterSettings) {
    this.#settings = settings
    this.#anewAt = settings.limits.beginAnewAt
    this.#file = join(settings.folder, 'kep.db')
  }

  static async open(settings: WriterSettings): Promise<WriterDatabase> {
    const opened = new WriterDatabase(settings)
    opened.#db = new Database(opened.#file, 'writer', settings.keys)
    opened.#check(opened.#db)
    opened.#db.carryOverAll()
    const prepare = (db: Database, folder: string) => {
      migrate(db, folder, settings.now)
      forgetLeases(db)
    }
    prepare(opened.#db, settings.folder)
    if (settings.replica === undefined) Replica.leaveBehind(opened.#db)
    else
      opened.#replica = await Replica.open(
        opened.#db,
        settings.folder,
        settings.replica,
        settings.now,
        prepare,
      )
    return opened
  }

  /** All requests in one transaction; what is answered is durable. */
  commit(batch: readonly WriteRequest[]): WriteReply[] {
    try {
      const db = this.#usable()
      db.exec('BEGIN IMMEDIATE')
      const replies = batch.map((request) => perform(db, request))
      this.#replica?.count(db)
      db.exec('COMMIT')
      this.#replica?.repeat(batch, replies)
      return replies
    } catch (error) {
      this.#rollBack()
      if (isDiskFailure(error)) this.#give(error)
      const { code, message } =
        error instanceof StoreError ? error : new StoreError('UNAVAILABLE', String(error))
      return batch.map(({ id }) => ({ id, code, message }))
    }
  }

  /** After each commit, once it was answered: whether it is time to carry the log over. */
  hasLongLog(): boolean {
    this.#attempt((db) => this.#measure(db))
    // Those that wait count alone: while a busy writer adds to it the log does not begin anew, however much was carried over.
    return this.#log.waiting >= this.#settings.limits.carryOverAt
  }

  /**
   * After most of the log was carried over. Between two commits it is this connection's turn at once, while any other would
   * wait for one that a busy writer never leaves it. Readers are waited for, and not again before the log has grown by as
   * much once more, or is full.
   */
  beginLogAnew(): void {
    const { beginAnewAt, mostPages } = this.#settings.limits
    if (this.#log.pages < this.#anewAt) return
    this.#anewAt = beginAnewAt
    this.#attempt((db) => {
      db.exec(`PRAGMA busy_timeout = ${PATIENCE_MS}`)
      const row = db.get('PRAGMA wal_checkpoint(RESTART)') ?? {}
      if (number(row, 'busy') !== 0) this.#anewAt = Math.min(this.#log.pages + beginAnewAt, mostPages)
      db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`)
      this.#measure(db)
    })
  }

  close(): void {
    this.#replica?.close()
    this.#db?.close()
  }

  #usable(): Database {
    if (this.#db === undefined) this.#openAnew()
    if (this.#db === undefined)
      throw new StoreError(
        'UNAVAILABLE',
        `the disk failed and nothing is written until it works: ${this.#failure}`,
      )
    this.#checkLog(this.#db)
    this.#replica?.check()
    return this.#db
  }

  /** All that is in the log may have been carried over since: then it begins anew with the next commit. */
  #checkLog(db: Database): void {
    const { mostPages } = this.#settings.limits
    if (this.#log.pages >= mostPages) this.#measure(db)
    if (this.#log.pages < mostPages || this.#log.waiting === 0) return
    throw new StoreError(
      'FULL',
      `${this.#file}-wal has ${this.#log.pages} pages, because some program has been reading an old state all the time: end it ("lsof ${this.#file}" names it)`,
    )
  }

  /** What nobody waits for: where the disk fails in it, the next commit says so. */
  #attempt(act: (db: Database) => void): void {
    if (this.#db === undefined) return
    try {
      act(this.#db)
    } catch (error) {
      if (isDiskFailure(error)) this.#give(error)
    }
  }

  #measure(db: Database): void {
    const row = db.get('PRAGMA wal_checkpoint(NOOP)') ?? {}
    const pages = number(row, 'log')
    this.#log = { pages, waiting: pages - number(row, 'checkpointed') }
  }

  /** Closes it for good; whatever comes finds it closed until it has been opened anew. */
  #give(error: unknown): void {
    this.#failure = String(error instanceof Error ? error.message : error)
    this.#failedAt = performance.now()
    try {
      this.#db?.close()
    } catch {
      // it failed already
    }
    this.#db = undefined
  }

  #openAnew(): void {
    if (performance.now() - this.#failedAt < this.#settings.limits.reopenMs) return
    this.#failedAt = performance.now()
    let db: Database | undefined
    try {
      db = new Database(this.#file, 'writer', this.#settings.keys)
      if (!db.carryOverAll()) throw new StoreError('UNAVAILABLE', 'the log is being read')
      // A disk that is read-only lets it be opened too, for reading.
      db.exec('BEGIN IMMEDIATE; ROLLBACK')
      this.#db = db
    } catch (error) {
      this.#failure = String(error instanceof Error ? error.message : error)
      db?.close()
    }
  }

  #rollBack(): void {
    try {
      this.#db?.exec('ROLLBACK')
    } catch {
      // no transaction was open: BEGIN itself failed, or SQLite has rolled back by itself
    }
  }

  #check(db: Database): void {
    const { checkAtStart } = this.#settings
    if (checkAtStart === 'never' || (checkAtStart === 'small' && statSync(this.#file).size > SMALL)) return
    const found = text(db.get('PRAGMA quick_check(1)') ?? {}, 'quick_check')
    if (found !== 'ok') throw new StoreError('CORRUPT', damaged(found))
  }
}
