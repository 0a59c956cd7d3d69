import { flagNames } from '../flags.ts'
import { type MessageMarks, type MessageRow, type PlacedMessage, StoreError } from '../port.ts'
import { type Database, number, type Row, type Tuple } from './database.ts'

const NAMES = [
  'uid',
  'modseq',
  'flags',
  'keywords',
  'size',
  'date',
  'saved',
  'body',
  'body_size',
  'origin',
  'delivery',
] as const
export const COLUMNS = NAMES.map((name) => `messages.${name}`).join(', ')

export const tupleOf = (row: Row): Tuple => NAMES.map((name) => row[name] ?? null)

/** A row of {@link COLUMNS}. */
export function messageOf(row: Tuple): MessageRow {
  const [uid, modseq, flags, keywords, size, date, saved, body, bodySize, origin, delivery] = row
  if (
    typeof uid !== 'number' ||
    typeof modseq !== 'number' ||
    typeof flags !== 'number' ||
    typeof keywords !== 'string' ||
    typeof size !== 'number' ||
    typeof date !== 'number' ||
    typeof saved !== 'number' ||
    typeof body !== 'string' ||
    typeof bodySize !== 'number' ||
    (delivery !== null && typeof delivery !== 'string')
  )
    throw notOurs()
  return {
    uid,
    modseq,
    flags: flagNames(flags, keywords),
    size,
    date,
    saved,
    body: { hash: body, size: bodySize },
    origin: origin === 'client' ? 'client' : 'pipeline',
    delivery: delivery === null ? undefined : JSON.parse(delivery),
  }
}

const notOurs = () => new StoreError('CORRUPT', 'a row of messages holds what it cannot hold')

export const page = (db: Database, mailbox: string, after: number, limit: number): MessageRow[] =>
  db
    .tuples(
      `SELECT ${COLUMNS} FROM messages WHERE mailbox = ? AND uid > ? ORDER BY uid LIMIT ?`,
      Number(mailbox),
      after,
      limit,
    )
    .map(messageOf)

export const marks = (db: Database, mailbox: string, after: number, limit: number): MessageMarks[] =>
  db
    .tuples(
      'SELECT uid, modseq, flags, keywords FROM messages WHERE mailbox = ? AND uid > ? ORDER BY uid LIMIT ?',
      Number(mailbox),
      after,
      limit,
    )
    .map(([uid, modseq, flags, keywords]) => {
      if (typeof uid !== 'number' || typeof modseq !== 'number') throw notOurs()
      if (typeof flags !== 'number' || typeof keywords !== 'string') throw notOurs()
      return { uid, modseq, flags: flagNames(flags, keywords) }
    })

export const messageRows = (db: Database, mailbox: string, wanted: readonly number[]): MessageRow[] =>
  wanted.flatMap((uid) =>
    db
      .tuples(`SELECT ${COLUMNS} FROM messages WHERE mailbox = ? AND uid = ?`, Number(mailbox), uid)
      .map(messageOf),
  )

const PLACED = 100

export const messagesOfBody = (db: Database, account: string, hash: string): PlacedMessage[] =>
  db
    .tuples(
      `SELECT ${COLUMNS}, messages.mailbox FROM mailboxes
       JOIN messages ON messages.mailbox = mailboxes.id AND messages.body = ?
       WHERE mailboxes.account = ? ORDER BY messages.mailbox, messages.uid LIMIT ?`,
      hash,
      account,
      PLACED,
    )
    .map((row) => ({ mailbox: String(row[NAMES.length]), row: messageOf(row) }))

/**
 * As one text, because a hundred thousand rows hold the loop several times as long; and from the index by modseq, whose
 * entries are a tenth of the rows (both measured).
 */
export function uids(db: Database, mailbox: string): Uint32Array {
  const row = db.get(
    `SELECT count(*) AS n, group_concat(uid) AS uids FROM messages INDEXED BY messages_modseq
     WHERE mailbox = ? AND modseq > 0`,
    Number(mailbox),
  )
  const found = new Uint32Array(number(row ?? {}, 'n'))
  const digits = row?.['uids']
  if (typeof digits !== 'string') return found
  let [uid, position] = [0, 0]
  for (let at = 0; at < digits.length; at++) {
    const code = digits.charCodeAt(at)
    if (code !== COMMA) uid = uid * 10 + code - ZERO
    else {
      found[position++] = uid
      uid = 0
    }
  }
  found[position] = uid
  return found.sort()
}

const COMMA = 0x2c
const ZERO = 0x30
