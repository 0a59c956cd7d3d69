import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { StoreError } from '../port.ts'

export type Row = Record<string, unknown>

/** A connection with its statements prepared once. */
export class Database {
  readonly #connection: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(file: string, mode: 'writer' | 'reader') {
    this.#connection = typed(() => new DatabaseSync(file, { readOnly: mode === 'reader', timeout: 5000 }))
    if (mode === 'writer') {
      // FULL is set by name: with NORMAL, records that were acknowledged are gone after a power loss (measured).
      this.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
      this.exec('PRAGMA wal_autocheckpoint = 2000; PRAGMA cache_size = -16384')
    } else {
      this.exec('PRAGMA query_only = ON; PRAGMA cache_size = -8192')
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

  close(): void {
    this.#statements.clear()
    if (this.#connection.isOpen) this.#connection.close()
  }

  #check(): void {
    if (!this.#connection.isOpen) throw new StoreError('CLOSED', 'the store is closed')
  }

  #prepared(sql: string): StatementSync {
    this.#check()
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#connection.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB: what is in the file is not what SQLite wrote there. */
const CORRUPT = new Set([11, 26])

/** What SQLite says, as a failure of the port: callers know no driver. */
function typed<T>(act: () => T): T {
  try {
    return act()
  } catch (cause) {
    if (cause instanceof StoreError) throw cause
    const number = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : 0
    throw new StoreError(CORRUPT.has(number) ? 'CORRUPT' : 'UNAVAILABLE', String(cause), { cause })
  }
}

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
