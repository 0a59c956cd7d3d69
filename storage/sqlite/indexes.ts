import { StoreError } from '../port.ts'
import { bytes, type Database, number, type Row, type Tuple } from './database.ts'

/** MIME indexes say how a message is built and what its parts are called; so they are sealed where bodies are. */
const USE = 'index'

export function insertIndex(db: Database, mailbox: number, uid: number, index: Uint8Array): void {
  const stored = db.keys === undefined ? index : db.keys.wrap(index, USE)
  const sealed = db.keys === undefined ? 0 : 1
  db.run(
    'INSERT INTO indexes (mailbox, uid, bytes, sealed) VALUES (?, ?, ?, ?)',
    mailbox,
    uid,
    stored,
    sealed,
  )
}

interface Place {
  readonly mailbox: number
  readonly uid: number
}

export function copyIndex(db: Database, from: Place, to: Place): void {
  db.run(
    'INSERT INTO indexes (mailbox, uid, bytes, sealed) SELECT ?, ?, bytes, sealed FROM indexes WHERE mailbox = ? AND uid = ?',
    to.mailbox,
    to.uid,
    from.mailbox,
    from.uid,
  )
}

export function readIndex(db: Database, mailbox: number, uid: number): Uint8Array | undefined {
  const row = db.get('SELECT bytes, sealed FROM indexes WHERE mailbox = ? AND uid = ?', mailbox, uid)
  return row && opened(db, row)
}

export const readIndexes = (
  db: Database,
  mailbox: string,
  uids: readonly number[],
): ReadonlyMap<number, Uint8Array> =>
  new Map(
    indexTuples(db, Number(mailbox), uids).map(([uid, octets, sealed]) => [
      Number(uid),
      opened(db, { bytes: octets, sealed }),
    ]),
  )

/** A run of messages is read as a range, which costs less than one by one. */
function indexTuples(db: Database, mailbox: number, uids: readonly number[]): Tuple[] {
  const [first, last] = [uids[0] ?? 0, uids.at(-1) ?? 0]
  if (last - first + 1 === uids.length)
    return db.tuples(
      'SELECT uid, bytes, sealed FROM indexes WHERE mailbox = ? AND uid BETWEEN ? AND ?',
      mailbox,
      first,
      last,
    )
  return db.tuples(
    'SELECT uid, bytes, sealed FROM indexes WHERE mailbox = ? AND uid IN (SELECT value FROM json_each(?))',
    mailbox,
    JSON.stringify(uids),
  )
}

function opened(db: Database, row: Row): Uint8Array {
  const stored = bytes(row, 'bytes')
  if (number(row, 'sealed') === 0) return stored
  if (db.keys === undefined)
    throw new StoreError('CORRUPT', 'an index was sealed, and the store was opened without a key')
  return db.keys.unwrap(stored, USE)
}
