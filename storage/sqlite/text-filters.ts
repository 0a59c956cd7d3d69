import { DoesNotOpen } from '../encryption/sealed-octets.ts'
import type { StoreKeys } from '../encryption/store-key.ts'
import type { WithoutTextFilter } from '../port.ts'
import { bytes, type Database, number, type Row } from './database.ts'

/** They would say which words sealed bodies hold; so they are sealed where bodies are. */
const USE = 'text filter'

export function setTextFilters(
  db: Database,
  mailbox: string,
  filters: ReadonlyMap<number, Uint8Array>,
): void {
  for (const [uid, filter] of filters)
    db.run(
      `INSERT OR REPLACE INTO text_filters (mailbox, uid, bytes, sealed)
       SELECT mailbox, uid, ?, ? FROM messages WHERE mailbox = ? AND uid = ?`,
      db.keys === undefined ? filter : db.keys.wrap(filter, USE),
      db.keys === undefined ? 0 : 1,
      Number(mailbox),
      uid,
    )
}

export const copyTextFilter = (
  db: Database,
  from: { readonly mailbox: number; readonly uid: number },
  to: { readonly mailbox: number; readonly uid: number },
): number =>
  db.run(
    'INSERT INTO text_filters (mailbox, uid, bytes, sealed) SELECT ?, ?, bytes, sealed FROM text_filters WHERE mailbox = ? AND uid = ?',
    to.mailbox,
    to.uid,
    from.mailbox,
    from.uid,
  )

/** @returns how many went */
export const clearTextFilters = (db: Database, mailbox: string, limit: number): number =>
  db.run(
    `DELETE FROM text_filters WHERE mailbox = ?1
     AND uid IN (SELECT uid FROM text_filters WHERE mailbox = ?1 ORDER BY uid LIMIT ?2)`,
    Number(mailbox),
    limit,
  )

export const textFilters = (
  db: Database,
  mailbox: string,
  uids: readonly number[],
): ReadonlyMap<number, Uint8Array> =>
  new Map(
    db
      .all(
        'SELECT uid, bytes, sealed FROM text_filters WHERE mailbox = ? AND uid IN (SELECT value FROM json_each(?))',
        Number(mailbox),
        JSON.stringify(uids),
      )
      .flatMap((row) => {
        const filter = opened(db.keys, row)
        return filter === undefined ? [] : [[number(row, 'uid'), filter] as const]
      }),
  )

export function withoutTextFilter(
  db: Database,
  mailbox: string,
  afterUid: number,
  limit: number,
): WithoutTextFilter {
  const looked = db.all(
    `SELECT uid, EXISTS (SELECT 1 FROM text_filters WHERE mailbox = ?1 AND uid = messages.uid) AS has
     FROM messages WHERE mailbox = ?1 AND uid > ?2 ORDER BY uid LIMIT ?3`,
    Number(mailbox),
    afterUid,
    limit,
  )
  const last = looked.length < limit ? undefined : looked.at(-1)
  return {
    uids: looked.filter((row) => number(row, 'has') === 0).map((row) => number(row, 'uid')),
    next: last && number(last, 'uid'),
  }
}

/** One that does not open is none: without it the message itself is looked at. */
function opened(keys: StoreKeys | undefined, row: Row): Uint8Array | undefined {
  const stored = bytes(row, 'bytes')
  if (number(row, 'sealed') === 0) return stored
  try {
    return keys?.unwrap(stored, USE)
  } catch (error) {
    if (!(error instanceof DoesNotOpen)) throw error
    return undefined
  }
}
