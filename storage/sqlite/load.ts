import { parseFlags } from '../flags.ts'
import type { IntakeRecord, MailboxHead, MailboxRow, MessageRecord, StoreRecord, WorkRow } from '../port.ts'
import { insertEntry, insertSegment } from './chain.ts'
import { type Database, number } from './database.ts'
import { insertIndex } from './indexes.ts'
import { insertMessage } from './messages.ts'

/** True where no record but counters is there. */
export const isEmpty = (db: Database): boolean =>
  ['intakes', 'voided', 'work', 'documents', 'subscriptions', 'mailboxes', 'chain', 'segments', 'kept'].every(
    (table) => number(db.get(`SELECT count(*) AS n FROM (SELECT 1 FROM ${table} LIMIT 1)`) ?? {}, 'n') === 0,
  )

/** Writes records as they are; each may be written again. */
export function loadRecords(db: Database, records: readonly StoreRecord[]): void {
  for (const record of records) loadRecord(db, record)
}

function loadRecord(db: Database, record: StoreRecord): void {
  switch (record.kind) {
    case 'counter':
      setCounter(db, record.name, record.value)
      break
    case 'intake':
      loadIntake(db, record)
      break
    case 'voided':
      db.run('INSERT OR IGNORE INTO voided VALUES (?)', record.id)
      break
    case 'work':
      loadWork(db, record.row)
      break
    case 'document':
      db.run(
        'INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)',
        record.collection,
        record.key,
        record.version,
        record.document,
      )
      break
    case 'subscription':
      db.run('INSERT OR IGNORE INTO subscriptions VALUES (?, ?)', record.account, record.name)
      break
    case 'mailbox':
      loadMailbox(db, record.row, record.head)
      break
    case 'message':
      loadMessage(db, record)
      break
    case 'vanished':
      db.run(
        'INSERT OR IGNORE INTO vanished VALUES (?, ?, ?, ?)',
        Number(record.mailbox),
        record.modseq,
        record.uid,
        record.opId ?? null,
      )
      break
    case 'entry':
      insertEntry(db, record.chain, record.entry)
      break
    case 'segment':
      insertSegment(db, record.chain, record.segment)
      break
    case 'blob':
      break
  }
}

function loadWork(db: Database, row: WorkRow): void {
  db.run(
    `INSERT OR REPLACE INTO work (intake, recipient, slot, kind, state, due, since, attempts, error, payload, queue)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    row.intake,
    row.recipient,
    row.slot,
    row.kind,
    row.state,
    row.due,
    row.since,
    row.attempts,
    row.error ?? null,
    row.payload,
    row.queue ?? null,
  )
}

function loadMailbox(db: Database, row: MailboxRow, head: MailboxHead): void {
  db.run('DELETE FROM mailboxes WHERE id = ?', Number(row.id))
  db.run(
    `INSERT INTO mailboxes (id, account, name, special_use, fixed, uid_validity, uid_next, modseq, total, unseen, deleted, bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    Number(row.id),
    row.account,
    row.name,
    row.specialUse ?? null,
    row.fixed ? 1 : 0,
    row.uidValidity,
    head.uidNext,
    head.modseq,
    head.exists,
    head.unseen,
    head.deleted,
    head.bytes,
  )
}

function setCounter(db: Database, name: 'uidValidity' | 'mailbox', value: number): void {
  if (name === 'uidValidity') {
    db.run(`UPDATE counters SET value = max(value, ?) WHERE name = 'uid_validity'`, value)
    return
  }
  // SQLite keeps the last id that it gave out itself; a row of it is there once a mailbox was.
  db.run(
    `INSERT INTO sqlite_sequence SELECT 'mailboxes', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'mailboxes')`,
  )
  db.run(`UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'mailboxes'`, value)
}

function loadIntake(db: Database, record: IntakeRecord): void {
  db.run(
    'INSERT OR REPLACE INTO intakes (id, at, dedup, body, body_size, envelope, envelope_size, purged) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    record.id,
    record.at,
    record.dedup ?? null,
    record.body?.hash ?? null,
    record.body?.size ?? null,
    record.envelope.hash,
    record.envelope.size,
    record.purged ? 1 : 0,
  )
  for (const name of record.names)
    db.run('INSERT OR IGNORE INTO names VALUES (?, ?, ?)', name, record.at, record.id)
}

function loadMessage(db: Database, { mailbox, row, opId, joinKey, index }: MessageRecord): void {
  const id = Number(mailbox)
  const { bits, keywords } = parseFlags(row.flags)
  db.run('DELETE FROM messages WHERE mailbox = ? AND uid = ?', id, row.uid)
  insertMessage(db, id, {
    uid: row.uid,
    modseq: row.modseq,
    flags: bits,
    keywords: keywords.join(' '),
    size: row.size,
    date: row.date,
    saved: row.saved,
    body: row.body.hash,
    body_size: row.body.size,
    origin: row.origin,
    delivery: row.delivery === undefined ? null : JSON.stringify(row.delivery),
    op_id: opId,
    join_key: joinKey ?? null,
  })
  insertIndex(db, id, row.uid, index)
}
