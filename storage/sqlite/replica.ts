import { randomInt } from 'node:crypto'
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { INCOMING } from '../blobs/folders.ts'
import { StoreError } from '../port.ts'
import { Database, isDiskFailure, number, optionalNumber, text } from './database.ts'
import { isEmpty } from './load.ts'
import type { WriteReply, WriteRequest } from './operations.ts'
import { perform } from './perform.ts'

/**
 * A second copy on another disk (eş kopya): what was committed is done again there before it is answered, so that either
 * disk alone has all that was acknowledged. Which commit a copy has seen is counted in it; one that lags behind at a start,
 * or failed, is made anew from the first, and stays what it was until the new one is whole. Large blobs are written to both
 * folders as they come.
 */
export class Replica {
  readonly #folder: string
  #db: Database | undefined
  #failure: string | undefined

  private constructor(folder: string, db: Database) {
    this.#folder = folder
    this.#db = db
  }

  /**
   * Compares the two, and copies what the second lacks: that may take as long as copying all of it. Files come first, so
   * that no database names what is not there. An empty store never takes the place of a copy that holds mail (NOT_EMPTY): that
   * copy may be all that is left. One that is anything but a commit behind is put aside, as `kep.db.before-<time>`.
   */
  static async open(
    first: Database,
    from: string,
    folder: string,
    now: number,
    prepare: (db: Database, folder: string) => void,
  ): Promise<Replica> {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const [source, file] = [join(from, 'kep.db'), join(folder, 'kep.db')]
    refuseToEmpty(first, from, folder)
    copyFiles(first, join(from, 'blobs'), join(folder, 'blobs'))
    const commits = commitsOf(first)
    const seen = existsSync(file) ? commitsIn(file) : undefined
    if (commits === undefined || seen !== commits) {
      if (commits === undefined || seen !== commits - 1) putAside(file, now)
      // From a number that no other copy, one that was put aside say, can have come to.
      first.run(`INSERT OR REPLACE INTO counters VALUES ('commits', ?)`, randomInt(FIRST_COMMIT_BELOW))
      await replaceDatabase(source, file)
    }
    const db = new Database(file, 'writer', first.keys)
    db.carryOverAll()
    prepare(db, folder)
    return new Replica(folder, db)
  }

  /** A store that is opened without its copy: whatever it is given from now on the copy does not have. */
  static leaveBehind(db: Database): void {
    db.run(`DELETE FROM counters WHERE name = 'commits'`)
  }

  /** In the transaction that is about to be committed. */
  count(db: Database): void {
    db.run(`UPDATE counters SET value = value + 1 WHERE name = 'commits'`)
  }

  /** Throws where the copy has failed: then nothing is accepted until a start has made it anew. */
  check(): void {
    if (this.#failure !== undefined)
      throw new StoreError(
        'UNAVAILABLE',
        `the second copy in ${this.#folder} failed (${this.#failure}): mend that disk, or take storage.replica out of the configuration, and start kepd again`,
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

const FIRST_COMMIT_BELOW = 2 ** 47

function refuseToEmpty(first: Database, from: string, folder: string): void {
  const file = join(folder, 'kep.db')
  if (!existsSync(file) || !isEmpty(first)) return
  using copy = new Database(file, 'reader')
  if (!isEmpty(copy))
    throw new StoreError(
      'NOT_EMPTY',
      `${from} holds nothing, and the second copy in ${folder} holds mail: if the first disk was lost, make that folder the store and name a new one in storage.replica; else move it away`,
    )
}

/** With its log in it. */
function putAside(file: string, now: number): void {
  if (!existsSync(file)) return
  carryOver(file)
  for (const end of ['-wal', '-shm']) rmSync(file + end, { force: true })
  renameSync(file, `${file}.before-${new Date(now).toISOString().replaceAll(':', '')}`)
}

/** undefined where it has no copy, or had none the last time. */
const commitsOf = (db: Database): number | undefined =>
  optionalNumber(db.get(`SELECT value FROM counters WHERE name = 'commits'`) ?? {}, 'value')

/** undefined too where the file cannot be read. */
function commitsIn(file: string): number | undefined {
  try {
    using db = new Database(file, 'reader')
    return commitsOf(db)
  } catch {
    return undefined
  }
}

/** At each moment there is the old one with its log, or the new one without. */
async function replaceDatabase(from: string, to: string): Promise<void> {
  const fresh = `${to}.new`
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(fresh + end, { force: true })
  const source = new DatabaseSync(from)
  try {
    await backup(source, fresh, { rate: 10_000 })
  } finally {
    source.close()
  }
  sync(fresh)
  carryOver(to)
  for (const end of ['-wal', '-shm']) rmSync(to + end, { force: true })
  sync(dirname(to))
  renameSync(fresh, to)
  sync(dirname(to))
}

/** All that its log holds; what cannot be read is worth nothing. */
function carryOver(file: string): void {
  if (!existsSync(file)) return
  try {
    using db = new Database(file, 'checkpointer')
    db.carryOverAll()
  } catch {
    // it is replaced
  }
}

function copyFiles(db: Database, from: string, to: string): void {
  for (let after = ''; ; ) {
    const rows = db.all(
      'SELECT hash, file FROM blobs WHERE file IS NOT NULL AND hash > ? ORDER BY hash LIMIT 1000',
      after,
    )
    for (const row of rows) copyFile(text(row, 'file'), from, to)
    const last = rows.at(-1)
    if (last === undefined) return
    after = text(last, 'hash')
  }
}

/** A file that has its name is whole, whenever the copying ends. */
function copyFile(name: string, from: string, to: string): void {
  const path = join(name.slice(0, 2), name.slice(2, 4), name)
  if (existsSync(join(to, path))) return
  const incoming = join(to, INCOMING, name)
  copyFileSync(join(from, path), incoming)
  sync(incoming)
  mkdirSync(dirname(join(to, path)), { recursive: true, mode: 0o700 })
  renameSync(incoming, join(to, path))
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    sync(join(to, folder))
    if (folder === '.') return
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
