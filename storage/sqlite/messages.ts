import { bitsOf, changeFlags, DELETED, type Flags, flagsOnTheWay, parseFlags, SEEN } from '../flags.ts'
import {
  type Changes,
  type CopyResult,
  type FlagChange,
  type FlagsOnTheWay,
  type MessageRow,
  type Stored,
  StoreError,
} from '../port.ts'
import { keepKnown, releaseBlobs } from './blobs.ts'
import { type Database, number, optionalNumber, type Row, text } from './database.ts'
import { copyIndex } from './indexes.ts'
import { COLUMNS, messageOf, tupleOf } from './message-rows.ts'
import { copyTextFilter } from './text-filters.ts'

export function storeFlags(
  db: Database,
  mailbox: string,
  uids: readonly number[],
  change: FlagChange,
): Stored {
  const id = Number(mailbox)
  const before = boxOf(db, id).modseq
  const modseq = before + 1
  const wanted = parseFlags(change.flags)
  if (change.unseen && change.mode !== 'replace' && change.unchangedSince === undefined)
    if (wanted.keywords.length === 0)
      return storeBits(db, id, uids, [change.mode, wanted.bits & ~bitsOf(change.kept)])
  const changed: MessageRow[] = []
  const refused: number[] = []
  let unseen = 0
  let deleted = 0
  for (const uid of uids) {
    const row = messageRow(db, id, uid)
    if (row === undefined) continue
    if (change.unchangedSince !== undefined && number(row, 'modseq') > change.unchangedSince) {
      refused.push(uid)
      continue
    }
    const was = flagsIn(row)
    const after = changeFlags(was, change.mode, wanted, change.kept)
    const keywords = after.keywords.join(' ')
    if (after.bits === was.bits && keywords === text(row, 'keywords')) {
      changed.push(messageOf(tupleOf(row)))
      continue
    }
    db.run(
      'UPDATE messages SET flags = ?, keywords = ?, modseq = ? WHERE mailbox = ? AND uid = ?',
      after.bits,
      keywords,
      modseq,
      id,
      uid,
    )
    unseen += Number((after.bits & SEEN) === 0) - Number((was.bits & SEEN) === 0)
    deleted += Number((after.bits & DELETED) !== 0) - Number((was.bits & DELETED) !== 0)
    changed.push(messageOf(tupleOf({ ...row, flags: after.bits, keywords, modseq })))
  }
  if (changed.some((row) => row.modseq === modseq))
    count(db, id, { modseq, total: 0, unseen, deleted, bytes: 0 })
  return { before, changed, refused }
}

function flagsIn(row: Row): Flags {
  const words = text(row, 'keywords')
  return { bits: number(row, 'flags'), keywords: words === '' ? [] : words.split(' ') }
}

/** System flags of runs of messages: a tenth of the time that message by message takes (measured). */
function storeBits(
  db: Database,
  mailbox: number,
  uids: readonly number[],
  [mode, bits]: readonly [mode: 'add' | 'remove', bits: number],
): Stored {
  const before = boxOf(db, mailbox).modseq
  const [kept, set] = mode === 'add' ? [ALL_BITS, bits] : [ALL_BITS & ~bits, 0]
  const sums = { messages: 0, changing: 0, unseen: 0, deleted: 0 }
  for (const [first, last] of runsOf(uids)) {
    const found = db.get(COUNT_BITS, kept, set, mailbox, first, last) ?? {}
    const of = (name: keyof typeof sums): number => optionalNumber(found, name) ?? 0
    for (const name of ['messages', 'changing', 'unseen', 'deleted'] as const) sums[name] += of(name)
    if (of('changing') > 0) db.run(STORE_BITS, kept, set, mailbox, first, last, before + 1)
  }
  const { messages, changing, unseen, deleted } = sums
  const after = changing === 0 ? before : before + 1
  if (changing > 0) count(db, mailbox, { modseq: after, total: 0, unseen, deleted, bytes: 0 })
  return { before, changed: [], refused: [], counted: { messages, after } }
}

const ALL_BITS = 31
const BECOME = '((flags & ?1) | ?2)'
const OF_RUN = 'mailbox = ?3 AND uid BETWEEN ?4 AND ?5'
const COUNT_BITS = `SELECT count(*) AS messages, sum(flags <> ${BECOME}) AS changing,
  sum((${BECOME} & ${SEEN} = 0) - (flags & ${SEEN} = 0)) AS unseen,
  sum((${BECOME} & ${DELETED} <> 0) - (flags & ${DELETED} <> 0)) AS deleted
  FROM messages WHERE ${OF_RUN}`
const STORE_BITS = `UPDATE messages SET flags = ${BECOME}, modseq = ?6 WHERE ${OF_RUN} AND flags <> ${BECOME}`

/** First and last of each run of numbers that follow one another. */
function* runsOf(uids: readonly number[]): Generator<readonly [first: number, last: number]> {
  for (let at = 0; at < uids.length; at++) {
    const first = uids[at] ?? 0
    while (uids[at + 1] === (uids[at] ?? 0) + 1) at++
    yield [first, uids[at] ?? 0]
  }
}

export function touch(db: Database, mailbox: string): void {
  const id = Number(mailbox)
  count(db, id, { modseq: boxOf(db, id).modseq + 1, total: 0, unseen: 0, deleted: 0, bytes: 0 })
}

export function expunge(db: Database, mailbox: string, uids: readonly number[]): number[] {
  const id = Number(mailbox)
  return remove(db, id, boxOf(db, id).modseq + 1, uids, (row) => (number(row, 'flags') & DELETED) !== 0)
}

export function copy(
  db: Database,
  from: string,
  uids: readonly number[],
  to: string,
  saved: number,
  change?: FlagsOnTheWay,
): CopyResult {
  const source = Number(from)
  const target = Number(to)
  boxOf(db, source)
  const box = boxOf(db, target)
  const modseq = box.modseq + 1
  let next = box.uidNext
  const sums = { total: 0, unseen: 0, deleted: 0, bytes: 0 }
  const pairs: [number, number][] = []
  for (const uid of uids) {
    if (source === target && uid >= box.uidNext) break // from here on it would copy its own copies
    const row = messageRow(db, source, uid)
    if (row === undefined) continue
    const copied = next++
    // The join key stays with the first: a copy within one mailbox is a second message on purpose.
    const op = `copy/${box.validity}/${copied}`
    const { bits: flags, keywords } = change ? flagsOnTheWay(flagsIn(row), change) : flagsIn(row)
    const now = { flags, keywords: keywords.join(' '), uid: copied, modseq, saved }
    insertMessage(db, target, { ...row, ...now, op_id: op, join_key: null })
    const places = [
      { mailbox: source, uid },
      { mailbox: target, uid: copied },
    ] as const
    copyIndex(db, ...places)
    copyTextFilter(db, ...places)
    const body = { hash: text(row, 'body'), size: number(row, 'body_size') }
    if (source !== target) keepKnown(db, body, `mailbox/${target}`)
    sums.total++
    sums.unseen += (flags & SEEN) === 0 ? 1 : 0
    sums.deleted += (flags & DELETED) === 0 ? 0 : 1
    sums.bytes += number(row, 'size')
    pairs.push([uid, copied])
  }
  if (pairs.length > 0) count(db, target, { modseq, uidNext: next, ...sums })
  return { uidValidity: box.validity, pairs }
}

export function move(
  db: Database,
  from: string,
  uids: readonly number[],
  to: string,
  saved: number,
  change?: FlagsOnTheWay,
): CopyResult {
  const result = copy(db, from, uids, to, saved, change)
  const source = Number(from)
  const gone = result.pairs.map(([uid]) => uid)
  remove(db, source, boxOf(db, source).modseq + 1, gone, () => true)
  return result
}

export function changes(db: Database, mailbox: string, since: number, limit: number): Changes {
  const id = Number(mailbox)
  const changed = db
    .tuples(
      `SELECT ${COLUMNS} FROM messages WHERE mailbox = ? AND modseq > ? ORDER BY modseq, uid LIMIT ?`,
      id,
      since,
      limit + 1,
    )
    .map(messageOf)
  const gone = db.all(
    'SELECT modseq, uid FROM vanished WHERE mailbox = ? AND modseq > ? ORDER BY modseq LIMIT ?',
    id,
    since,
    limit + 1,
  )
  if (changed.length <= limit && gone.length <= limit)
    return {
      modseq: boxOf(db, id).modseq,
      changed,
      vanished: gone.map((row) => number(row, 'uid')).sort((a, b) => a - b),
    }
  // A modseq is told whole or not at all, so a cut falls between two of them; one larger than a page is told whole.
  const last = Math.min(
    changed.length > limit ? (changed[limit]?.modseq ?? 0) : Number.MAX_SAFE_INTEGER,
    gone.length > limit ? number(gone[limit] ?? {}, 'modseq') : Number.MAX_SAFE_INTEGER,
  )
  const first = Math.min(changed[0]?.modseq ?? last, gone[0] === undefined ? last : number(gone[0], 'modseq'))
  const upTo = first === last ? last : last - 1
  return {
    modseq: upTo,
    changed: db
      .tuples(
        `SELECT ${COLUMNS} FROM messages WHERE mailbox = ? AND modseq > ? AND modseq <= ? ORDER BY modseq, uid`,
        id,
        since,
        upTo,
      )
      .map(messageOf),
    vanished: db
      .all(
        'SELECT uid FROM vanished WHERE mailbox = ? AND modseq > ? AND modseq <= ? ORDER BY uid',
        id,
        since,
        upTo,
      )
      .map((row) => number(row, 'uid')),
  }
}

export const messageRow = (db: Database, mailbox: number, uid: number): Row | undefined =>
  db.get('SELECT * FROM messages WHERE mailbox = ? AND uid = ?', mailbox, uid)

export function boxOf(db: Database, id: number): { validity: number; uidNext: number; modseq: number } {
  const row = db.get('SELECT uid_validity, uid_next, modseq FROM mailboxes WHERE id = ?', id)
  if (row === undefined) throw new StoreError('NO_SUCH_MAILBOX', 'the mailbox is gone')
  return {
    validity: number(row, 'uid_validity'),
    uidNext: number(row, 'uid_next'),
    modseq: number(row, 'modseq'),
  }
}

const MESSAGE_COLUMNS = [
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
  'op_id',
  'join_key',
] as const
const INSERT_MESSAGE = `INSERT INTO messages (mailbox, ${MESSAGE_COLUMNS.join(', ')}) VALUES (?${', ?'.repeat(MESSAGE_COLUMNS.length)})`

export function insertMessage(db: Database, mailbox: number, row: Row): void {
  const values = MESSAGE_COLUMNS.map((column) => {
    const value = row[column]
    return typeof value === 'number' || typeof value === 'string' ? value : null
  })
  db.run(INSERT_MESSAGE, mailbox, ...values)
}

export function remove(
  db: Database,
  id: number,
  modseq: number,
  wanted: readonly number[],
  which: (row: Row) => boolean,
): number[] {
  const gone: number[] = []
  const sums = { total: 0, unseen: 0, deleted: 0, bytes: 0 }
  for (const uid of wanted) {
    const row = messageRow(db, id, uid)
    if (row === undefined || !which(row)) continue
    db.run('DELETE FROM messages WHERE mailbox = ? AND uid = ?', id, uid)
    const body = text(row, 'body')
    if (db.get('SELECT 1 FROM messages WHERE mailbox = ? AND body = ?', id, body) === undefined)
      releaseBlobs(db, `mailbox/${id}`, body)
    // With its operation id: a delivery that is repeated after a crash does not bring back what was deleted meanwhile.
    db.run('INSERT INTO vanished VALUES (?, ?, ?, ?)', id, modseq, uid, text(row, 'op_id'))
    sums.total--
    sums.unseen -= (number(row, 'flags') & SEEN) === 0 ? 1 : 0
    sums.deleted -= (number(row, 'flags') & DELETED) === 0 ? 0 : 1
    sums.bytes -= number(row, 'size')
    gone.push(uid)
  }
  if (gone.length > 0) count(db, id, { modseq, ...sums })
  return gone
}

interface Sums {
  modseq: number
  uidNext?: number
  total: number
  unseen: number
  deleted: number
  bytes: number
}

export function count(db: Database, id: number, sums: Sums): void {
  db.run(
    `UPDATE mailboxes SET modseq = ?, uid_next = max(uid_next, ?), total = total + ?, unseen = unseen + ?,
     deleted = deleted + ?, bytes = bytes + ? WHERE id = ?`,
    sums.modseq,
    sums.uidNext ?? 0,
    sums.total,
    sums.unseen,
    sums.deleted,
    sums.bytes,
    id,
  )
}
