import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { StoreKeys } from '../encryption/store-key.ts'
import { StoreError } from '../port.ts'
import type { LogState } from './checkpointer.ts'
import { Database, damaged, isDiskFailure, number, text } from './database.ts'
import type { WriteReply, WriteRequest } from './operations.ts'
import { perform } from './perform.ts'
import { Replica } from './replica.ts'
import { migrate } from './schema.ts'
import { forgetLeases } from './work.ts'

export interface WriterSettings {
  /** `kep.db` and `blobs/` are there. */
  readonly folder: string
  readonly now: number
  readonly keys: StoreKeys | undefined
  /** Folder of the second copy, on another disk. */
  readonly replica: string | undefined
  readonly checkAtStart: CheckAtStart
}

/** `small`: where it takes no more than some seconds, see {@link SMALL}. */
export type CheckAtStart = 'always' | 'small' | 'never'

/** Octets of a database that is read through at a start in a few seconds. */
const SMALL = 1_073_741_824

/**
 * Pages in the log (1 GiB) at which nothing more is written: somebody has been reading one old state all the time, and the
 * disk would fill up instead. Our own long readers give up before, see `snapshot`.
 */
const MAX_LOG_PAGES = 262_144

/** So often at most a database that failed is opened anew, in ms. */
const REOPEN_MS = 1_000

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
  #pagesCarriedLast = 0

  private constructor(settings: WriterSettings) {
    this.#settings = settings
    this.#file = join(settings.folder, 'kep.db')
  }

  static async open(settings: WriterSettings): Promise<WriterDatabase> {
    const opened = new WriterDatabase(settings)
    opened.#db = new Database(opened.#file, 'writer', settings.keys)
    opened.#check(opened.#db)
    const prepare = (db: Database, folder: string) => {
      migrate(db, folder, settings.now)
      forgetLeases(db)
    }
    prepare(opened.#db, settings.folder)
    if (settings.replica === undefined) Replica.leaveBehind(opened.#db)
    else opened.#replica = await Replica.open(opened.#db, settings.folder, settings.replica, prepare)
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

  pagesInLog(): number {
    return this.#db === undefined ? 0 : number(this.#db.get('PRAGMA wal_checkpoint(NOOP)') ?? {}, 'log')
  }

  logIs({ pages }: LogState): void {
    if (!Number.isNaN(pages)) this.#pagesCarriedLast = pages
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
    if (this.#pagesCarriedLast >= MAX_LOG_PAGES) {
      this.#pagesCarriedLast = this.pagesInLog()
      if (this.#pagesCarriedLast >= MAX_LOG_PAGES)
        throw new StoreError(
          'FULL',
          `${this.#file}-wal has ${this.#pagesCarriedLast} pages, because some program has been reading an old state all the time: end it ("lsof ${this.#file}" names it)`,
        )
    }
    this.#replica?.check()
    return this.#db
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
    if (performance.now() - this.#failedAt < REOPEN_MS) return
    this.#failedAt = performance.now()
    let db: Database | undefined
    try {
      db = new Database(this.#file, 'writer', this.#settings.keys)
      // All that the log holds is written anew, and synced as something new.
      const row = db.get('PRAGMA wal_checkpoint(TRUNCATE)') ?? {}
      if (number(row, 'busy') !== 0) throw new StoreError('UNAVAILABLE', 'the log is being read')
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
