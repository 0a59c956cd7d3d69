import { closeSync, copyFileSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { StoreError } from '../port.ts'
import { Database, isDiskFailure, number, optionalNumber, text } from './database.ts'
import type { WriteReply, WriteRequest } from './operations.ts'
import { perform } from './perform.ts'

/**
 * A second copy on another disk (eş kopya): what was committed is done again there before it is answered, so that either
 * disk alone has all that was acknowledged. Which commit a copy has seen is counted in it; one that lags behind at a start,
 * or failed, is made anew from the first. Large blobs are written to both folders as they come.
 */
export class Replica {
  readonly #folder: string
  #db: Database | undefined
  #failure: string | undefined

  private constructor(folder: string, db: Database) {
    this.#folder = folder
    this.#db = db
  }

  /** Compares the two, and copies what the second lacks: that may take as long as copying all of it. */
  static async open(
    first: Database,
    from: string,
    folder: string,
    prepare: (db: Database, folder: string) => void,
  ): Promise<Replica> {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const file = join(folder, 'kep.db')
    if (!existsSync(file) || commitsIn(file) !== commitsOf(first))
      await copyDatabase(join(from, 'kep.db'), file)
    const db = new Database(file, 'writer', first.keys)
    prepare(db, folder)
    copyFiles(db, join(from, 'blobs'), join(folder, 'blobs'))
    return new Replica(folder, db)
  }

  /** In the transaction that is about to be committed. */
  count(db: Database): void {
    db.run(`INSERT INTO counters VALUES ('commits', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1`)
  }

  /** Throws where the copy has failed: then nothing is accepted until a start has made it anew. */
  check(): void {
    if (this.#failure !== undefined)
      throw new StoreError(
        'UNAVAILABLE',
        `the second copy in ${this.#folder} failed (${this.#failure}): mend that disk, or take store.replica out of the configuration, and start kepd again`,
      )
  }

  /** After the first has committed. What fails here was not acknowledged, and nothing is from now on. */
  repeat(batch: readonly WriteRequest[], replies: readonly WriteReply[]): void {
    this.check()
    const db = this.#db
    if (db === undefined) return
    try {
      db.exec('BEGIN IMMEDIATE')
      const repeated = batch.map((request) => perform(db, request))
      if (repeated.some((reply, i) => 'code' in reply !== 'code' in (replies[i] ?? reply)))
        throw new StoreError('CORRUPT', 'it does not hold what the first copy holds')
      this.count(db)
      db.exec('COMMIT')
      if (number(db.get('PRAGMA wal_checkpoint(NOOP)') ?? {}, 'log') >= CARRY_OVER_AT)
        db.get('PRAGMA wal_checkpoint(PASSIVE)')
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error)
      this.#db = undefined
      if (!isDiskFailure(error)) db.close()
      this.check()
    }
  }

  close(): void {
    this.#db?.close()
  }
}

/** Pages in the log of the copy, which no other thread carries over. */
const CARRY_OVER_AT = 4_000

/** -2 where it is a new database. */
const commitsOf = (db: Database): number =>
  db.get(`SELECT 1 FROM sqlite_schema WHERE name = 'counters'`) === undefined
    ? -2
    : (optionalNumber(db.get(`SELECT value FROM counters WHERE name = 'commits'`) ?? {}, 'value') ?? 0)

/** -1 where the file cannot be read. */
function commitsIn(file: string): number {
  try {
    const db = new Database(file, 'reader')
    try {
      return commitsOf(db)
    } finally {
      db.close()
    }
  } catch {
    return -1
  }
}

async function copyDatabase(from: string, to: string): Promise<void> {
  for (const end of ['', '-wal', '-shm']) rmSync(to + end, { force: true })
  const source = new DatabaseSync(from)
  try {
    await backup(source, to, { rate: 10_000 })
  } finally {
    source.close()
  }
  sync(to)
  sync(dirname(to))
}

function copyFiles(db: Database, from: string, to: string): void {
  for (let after = ''; ; ) {
    const rows = db.all(
      'SELECT hash, file FROM blobs WHERE file IS NOT NULL AND hash > ? ORDER BY hash LIMIT 1000',
      after,
    )
    for (const row of rows) {
      const file = text(row, 'file')
      const path = join(file.slice(0, 2), file.slice(2, 4), file)
      if (existsSync(join(to, path))) continue
      mkdirSync(dirname(join(to, path)), { recursive: true, mode: 0o700 })
      copyFileSync(join(from, path), join(to, path))
      sync(join(to, path))
      for (let folder = dirname(path); ; folder = dirname(folder)) {
        sync(join(to, folder))
        if (folder === '.') break
      }
    }
    const last = rows.at(-1)
    if (last === undefined) return
    after = text(last, 'hash')
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
