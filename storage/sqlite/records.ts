import { type Collection, type Keeper, StoreError, type StoreRecord } from '../port.ts'
import { COLLECTIONS } from '../port-copy.ts'
import { readEntry, readSegment } from './chain.ts'
import { type Database, number, optionalNumber, optionalText, type Row, text } from './database.ts'
import { readIndex } from './indexes.ts'
import { readHead, readMailbox } from './mailboxes.ts'
import { messageOf, tupleOf } from './message-rows.ts'
import { readWork } from './work.ts'

/** Rows at a time; between two pages others have their turn. */
const PAGE = 500

/** All records of a copy, which is nobody else's. */
export async function* recordsOf(db: Database): AsyncGenerator<StoreRecord> {
  db.exec('CREATE INDEX copied_names ON names (intake); CREATE INDEX copied_parties ON parties (chain, seq)')
  const counter = (name: 'uidValidity' | 'mailbox', row: Row | undefined): StoreRecord[] => {
    const value = optionalNumber(row ?? {}, 'value')
    return value === undefined ? [] : [{ kind: 'counter', name, value }]
  }
  yield* counter('uidValidity', db.get(`SELECT value FROM counters WHERE name = 'uid_validity'`))
  yield* counter('mailbox', db.get(`SELECT seq AS value FROM sqlite_sequence WHERE name = 'mailboxes'`))
  for await (const row of pages(db, 'intakes', ['id'])) yield readIntakeRecord(db, row)
  for await (const row of pages(db, 'voided', ['id'])) yield { kind: 'voided', id: text(row, 'id') }
  for await (const row of pages(db, 'work', ['intake', 'recipient', 'slot']))
    yield { kind: 'work', row: readWork(row) }
  for await (const row of pages(db, 'documents', ['collection', 'key']))
    yield {
      kind: 'document',
      collection: readCollection(text(row, 'collection')),
      key: text(row, 'key'),
      version: number(row, 'version'),
      document: text(row, 'document'),
    }
  for await (const row of pages(db, 'subscriptions', ['account', 'name']))
    yield { kind: 'subscription', account: text(row, 'account'), name: text(row, 'name') }
  for await (const row of pages(db, 'mailboxes', ['id']))
    yield { kind: 'mailbox', row: readMailbox(row), head: readHead(row) }
  for await (const row of pages(db, 'messages', ['mailbox', 'uid'])) yield readMessageRecord(db, row)
  for await (const row of pages(db, 'vanished', ['mailbox', 'modseq', 'uid']))
    yield {
      kind: 'vanished',
      mailbox: String(number(row, 'mailbox')),
      uid: number(row, 'uid'),
      modseq: number(row, 'modseq'),
      opId: optionalText(row, 'op_id'),
    }
  for await (const row of pages(db, 'chain', ['chain', 'seq'])) yield readEntryRecord(db, row)
  for await (const row of pages(db, 'segments', ['chain', 'up_to']))
    yield { kind: 'segment', chain: text(row, 'chain'), segment: readSegment(row) }
  for await (const row of pages(db, 'blobs', ['hash'])) {
    const keepers = db.all('SELECT keeper FROM kept WHERE hash = ?', text(row, 'hash'))
    if (keepers.length === 0) continue
    yield {
      kind: 'blob',
      ref: { hash: text(row, 'hash'), size: number(row, 'size') },
      keepers: keepers.map((kept) => readKeeper(text(kept, 'keeper'))),
    }
  }
}

/** A table in the order of its key. Names are ours, none comes from outside. */
async function* pages(db: Database, table: string, key: readonly string[]): AsyncGenerator<Row> {
  const columns = table === 'blobs' ? 'hash, size' : '*'
  const order = key.join(', ')
  const places = key.map(() => '?').join(', ')
  let last: Row | undefined
  for (;;) {
    const rows: Row[] =
      last === undefined
        ? db.all(`SELECT ${columns} FROM ${table} ORDER BY ${order} LIMIT ${PAGE}`)
        : db.all(
            `SELECT ${columns} FROM ${table} WHERE (${order}) > (${places}) ORDER BY ${order} LIMIT ${PAGE}`,
            ...key.map((column) => keyValue(last?.[column])),
          )
    yield* rows
    last = rows.at(-1)
    if (last === undefined || rows.length < PAGE) return
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const keyValue = (value: unknown): string | number =>
  typeof value === 'string' || typeof value === 'number' ? value : ''

const readIntakeRecord = (db: Database, row: Row): StoreRecord => {
  const id = text(row, 'id')
  const body = optionalText(row, 'body')
  return {
    kind: 'intake',
    id,
    at: number(row, 'at'),
    dedup: optionalText(row, 'dedup'),
    body: body === undefined ? undefined : { hash: body, size: number(row, 'body_size') },
    envelope: { hash: text(row, 'envelope'), size: number(row, 'envelope_size') },
    names: db
      .all('SELECT name FROM names WHERE intake = ? ORDER BY name', id)
      .map((named) => text(named, 'name')),
    purged: number(row, 'purged') === 1,
  }
}

const readMessageRecord = (db: Database, row: Row): StoreRecord => {
  const mailbox = number(row, 'mailbox')
  const index = readIndex(db, mailbox, number(row, 'uid'))
  if (index === undefined) throw new StoreError('CORRUPT', `a message of the mailbox ${mailbox} has no index`)
  return {
    kind: 'message',
    mailbox: String(mailbox),
    row: messageOf(tupleOf(row)),
    opId: text(row, 'op_id'),
    joinKey: optionalText(row, 'join_key'),
    index,
  }
}

const readEntryRecord = (db: Database, row: Row): StoreRecord => {
  const chain = text(row, 'chain')
  const parties = db.all('SELECT party FROM parties WHERE chain = ? AND seq = ?', chain, number(row, 'seq'))
  return {
    kind: 'entry',
    chain,
    entry: { ...readEntry(row), parties: parties.map((party) => text(party, 'party')) },
  }
}

const collections = new Map<string, Collection>(COLLECTIONS.map((name) => [name, name]))

function readCollection(name: string): Collection {
  const collection = collections.get(name)
  if (collection === undefined) throw new StoreError('CORRUPT', `documents of the unknown kind ${name}`)
  return collection
}

function readKeeper(name: string): Keeper {
  if (!isKeeper(name)) throw new StoreError('CORRUPT', `${name} keeps nothing`)
  return name
}

const isKeeper = (name: string): name is Keeper =>
  name === 'archive' || /^(?:intake|mailbox|hold)\/./.test(name)
