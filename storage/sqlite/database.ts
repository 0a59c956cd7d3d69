import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { DoesNotOpen } from '../encryption/sealed-octets.ts'
import type { StoreKeys } from '../encryption/store-key.ts'
import { StoreError, type StoreFailure } from '../port.ts'

export type Row = Record<string, unknown>
/** Columns in the order in which they were asked for. */
export type Tuple = readonly unknown[]
export type DatabaseMode = 'writer' | 'reader' | 'checkpointer' | 'copy'

/** So long a connection waits for another one's lock. */
export const BUSY_MS = 5_000

/** Octets that the log keeps of the disk, to be written over: nobody has to look for room in the middle of a commit. */
const LOG_KEPT = 67_108_864

/** A connection with its statements prepared once. */
export class Database implements Disposable {
  readonly #connection: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #tupleStatements = new Map<string, StatementSync>()
  /** Under which the keys of bodies are wrapped; undefined where bodies are kept in the clear. */
  readonly keys: StoreKeys | undefined

  constructor(file: string, mode: DatabaseMode, keys?: StoreKeys) {
    this.keys = keys
    this.#connection = typed(() => new DatabaseSync(file, { readOnly: mode === 'reader', timeout: BUSY_MS }))
    if (mode === 'writer') {
      // FULL is set by name: with NORMAL, records that were acknowledged are gone after a power loss (measured).
      this.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
      // The log is carried over by a thread of its own. What is deleted is overwritten: keys that went must not be found.
      this.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -16384')
      // FAST would leave them in pages that are given back as a whole.
      this.exec(`PRAGMA secure_delete = ${keys === undefined ? 'FAST' : 'ON'}`)
      // What a long reader made of the log is given back to the disk when it begins anew.
      this.exec(`PRAGMA journal_size_limit = ${LOG_KEPT}`)
    } else if (mode === 'reader') {
      this.exec('PRAGMA query_only = ON; PRAGMA cache_size = -8192')
    } else if (mode === 'checkpointer') {
      this.exec('PRAGMA synchronous = FULL')
    } else {
      // Nobody misses a copy.
      this.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF')
    }
  }

  exec(sql: string): void {
    this.#check()
    typed(() => this.#connection.exec(sql))
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return typed(() => this.#prepared(sql).all(...values))
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return typed(() => this.#prepared(sql).get(...values))
  }

  /** Rows as lists of their columns: of thousands that costs a third of what rows with names do. */
  tuples(sql: string, ...values: SQLInputValue[]): Tuple[] {
    return typed(() => this.#prepared(sql, 'tuples').all(...values) as unknown as Tuple[])
  }

  /** How many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return typed(() => Number(this.#prepared(sql).run(...values).changes))
  }

  /** All reads of one state: the writer commits from another thread at any time, also between two statements. */
  snapshot<T>(read: () => T): T {
    this.exec('BEGIN')
    try {
      return read()
    } finally {
      this.exec('COMMIT')
    }
  }

  /**
   * All that the log holds is written anew, and synced as something new: a process that died after a failed sync may have left
   * in it what the kernel shows and the disk has not, and nothing must be written behind that. False where somebody reads an
   * old state.
   */
  carryOverAll(): boolean {
    return number(this.get('PRAGMA wal_checkpoint(TRUNCATE)') ?? {}, 'busy') === 0
  }

  close(): void {
    this.#statements.clear()
    this.#tupleStatements.clear()
    if (this.#connection.isOpen) this.#connection.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #check(): void {
    if (!this.#connection.isOpen) throw new StoreError('CLOSED', 'the store is closed')
  }

  #prepared(sql: string, as: 'rows' | 'tuples' = 'rows'): StatementSync {
    this.#check()
    const statements = as === 'rows' ? this.#statements : this.#tupleStatements
    const known = statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#connection.prepare(sql)
    if (as === 'tuples') statement.setReturnArrays(true)
    statements.set(sql, statement)
    return statement
  }
}

/** SQLite's primary result codes that mean something of their own. */
const failures = new Map<number, StoreFailure>([
  [11, 'CORRUPT'], // SQLITE_CORRUPT
  [13, 'FULL'], // SQLITE_FULL
  [26, 'CORRUPT'], // SQLITE_NOTADB
])

/** What SQLite says, as a failure of the port: callers know no driver. */
function typed<T>(act: () => T): T {
  try {
    return act()
  } catch (cause) {
    if (cause instanceof StoreError) throw cause
    if (cause instanceof DoesNotOpen) throw new StoreError('CORRUPT', cause.message, { cause })
    const number = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : 0
    const code = failures.get(number) ?? 'UNAVAILABLE'
    throw new StoreError(code, code === 'CORRUPT' ? damaged(String(cause)) : String(cause), { cause })
  }
}

/** Whether the disk refused to read, write or sync: what the connection believes of its files is worth nothing then. */
export const isDiskFailure = (error: unknown): boolean => {
  const cause = error instanceof StoreError ? error.cause : undefined
  return cause instanceof Error && 'errcode' in cause && (Number(cause.errcode) & 0xff) === IO_ERROR
}

/** SQLITE_IOERR, of whatever kind. */
const IO_ERROR = 10

/** What an operator can do about it belongs to what is wrong. */
export const damaged = (what: string): string =>
  `the database kep.db is damaged (${what}): stop kepd, keep the folder as it is, and restore the last backup with "kepctl restore"`

/** Column readers: a column that is not of its type means that the file is not ours. */
export const text = (row: Row, column: string): string => {
  const value = row[column]
  if (typeof value !== 'string') throw new StoreError('CORRUPT', `column ${column} is not text`)
  return value
}
export const optionalText = (row: Row, column: string): string | undefined =>
  row[column] === null || row[column] === undefined ? undefined : text(row, column)
export const number = (row: Row, column: string): number => {
  const value = row[column]
  if (typeof value !== 'number') throw new StoreError('CORRUPT', `column ${column} is not a number`)
  return value
}
export const optionalNumber = (row: Row, column: string): number | undefined =>
  row[column] === null || row[column] === undefined ? undefined : number(row, column)
export const bytes = (row: Row, column: string): Uint8Array => {
  const value = row[column]
  if (!(value instanceof Uint8Array)) throw new StoreError('CORRUPT', `column ${column} holds no octets`)
  return value
}
