import type { Published } from '../blobs/staged.ts'
import {
  type ChainEntry,
  type ChainFilter,
  type Fence,
  type NewChainEntry,
  type Segment,
  StoreError,
} from '../port.ts'
import { keepBlob } from './blobs.ts'
import { bytes, type Database, number, optionalNumber, optionalText, type Row, text } from './database.ts'

export function lease(db: Database, name: string, owner: string, now: number, ms: number): Fence | undefined {
  const row = db.get('SELECT owner, token, until FROM leases WHERE name = ?', name)
  const mine = row !== undefined && text(row, 'owner') === owner
  if (row !== undefined && !mine && number(row, 'until') > now) return undefined
  const before = row === undefined ? 0 : number(row, 'token')
  const token = mine ? before : before + 1
  db.run('INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?)', name, owner, token, now + ms)
  return { name, token }
}

export function appendChain(
  db: Database,
  fence: Fence,
  chain: string,
  entries: readonly NewChainEntry[],
): void {
  checkFence(db, fence)
  let last = chainHead(db, chain)?.seq ?? 0
  for (const entry of entries) {
    if (entry.seq !== ++last || findInChain(db, chain, entry.eventId) !== undefined)
      throw new StoreError('CHAIN_CONFLICT', `entry ${entry.seq} cannot be the ${last}. of ${chain}`)
    insertEntry(db, chain, entry)
  }
}

export function insertEntry(db: Database, chain: string, entry: NewChainEntry): void {
  db.run(
    'INSERT OR REPLACE INTO chain VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    chain,
    entry.seq,
    entry.eventId,
    entry.prev,
    entry.hash,
    entry.sha512,
    entry.bytes,
    entry.intake ?? null,
    entry.meta,
    entry.at,
    entry.keepUntil,
  )
  for (const party of new Set(entry.parties))
    db.run('INSERT OR IGNORE INTO parties VALUES (?, ?, ?)', chain, party, entry.seq)
}

function checkFence(db: Database, fence: Fence): void {
  const holder = db.get('SELECT token FROM leases WHERE name = ?', fence.name)
  if (holder === undefined || number(holder, 'token') !== fence.token)
    throw new StoreError('STALE_FENCE', `the lease ${fence.name} went to another writer`)
}

export function sealChain(
  db: Database,
  fence: Fence,
  chain: string,
  segment: Segment,
  [body]: readonly Published[],
): void {
  checkFence(db, fence)
  const known = db.get('SELECT * FROM segments WHERE chain = ? AND up_to = ?', chain, segment.upTo)
  if (known !== undefined && sameSegment(readSegment(known), segment)) return
  const last = db.get('SELECT max(up_to) AS last FROM segments WHERE chain = ?', chain)
  const next = (optionalNumber(last ?? {}, 'last') ?? 0) + 1
  if (segment.from !== next || segment.upTo < next || segment.upTo > (chainHead(db, chain)?.seq ?? 0))
    throw new StoreError(
      'CHAIN_CONFLICT',
      `entries ${segment.from} to ${segment.upTo} are not what follows the last segment of ${chain}`,
    )
  keepBlob(db, segment.body, 'archive', body)
  insertSegment(db, chain, segment)
}

export function insertSegment(db: Database, chain: string, segment: Segment): void {
  db.run(
    'INSERT OR REPLACE INTO segments VALUES (?, ?, ?, ?, ?, ?, ?)',
    chain,
    segment.upTo,
    segment.from,
    segment.body.hash,
    segment.body.size,
    segment.seal,
    segment.at,
  )
}

const sameSegment = (a: Segment, b: Segment): boolean =>
  a.from === b.from && a.upTo === b.upTo && a.body.hash === b.body.hash && a.body.size === b.body.size

export const segments = (db: Database, chain: string, after: number, limit: number): Segment[] =>
  db
    .all('SELECT * FROM segments WHERE chain = ? AND up_to > ? ORDER BY up_to LIMIT ?', chain, after, limit)
    .map(readSegment)

export const readSegment = (row: Row): Segment => ({
  from: number(row, 'first'),
  upTo: number(row, 'up_to'),
  body: { hash: text(row, 'body'), size: number(row, 'body_size') },
  seal: bytes(row, 'seal'),
  at: number(row, 'at'),
})

export const chainHead = (db: Database, chain: string): ChainEntry | undefined =>
  one(db.get('SELECT * FROM chain WHERE chain = ? ORDER BY seq DESC LIMIT 1', chain))

export const findInChain = (db: Database, chain: string, eventId: string): ChainEntry | undefined =>
  one(db.get('SELECT * FROM chain WHERE chain = ? AND event_id = ?', chain, eventId))

export const readChain = (db: Database, chain: string, from: number, limit: number): ChainEntry[] =>
  db
    .all('SELECT * FROM chain WHERE chain = ? AND seq >= ? ORDER BY seq LIMIT ?', chain, from, limit)
    .map(readEntry)

export const chainOfIntake = (
  db: Database,
  chain: string,
  intake: string,
  after: number,
  limit: number,
): ChainEntry[] =>
  db
    .all(
      'SELECT * FROM chain WHERE chain = ? AND intake = ? AND seq > ? ORDER BY seq LIMIT ?',
      chain,
      intake,
      after,
      limit,
    )
    .map(readEntry)

export function listChain(
  db: Database,
  chain: string,
  filter: ChainFilter,
  after: number,
  limit: number,
): ChainEntry[] {
  const from = filter.from ?? 0
  const to = filter.to ?? Number.MAX_SAFE_INTEGER
  const start = after > 0 || from === 0 ? after : firstSince(db, chain, from, to) - 1
  const rows =
    filter.party === undefined
      ? db.all(
          'SELECT * FROM chain WHERE chain = ? AND at >= ? AND at < ? AND seq > ? ORDER BY seq LIMIT ?',
          chain,
          from,
          to,
          start,
          limit,
        )
      : db.all(
          `SELECT c.* FROM parties p JOIN chain c ON c.chain = p.chain AND c.seq = p.seq
           WHERE p.chain = ? AND p.party = ? AND p.seq > ? AND c.at >= ? AND c.at < ? ORDER BY p.seq LIMIT ?`,
          chain,
          filter.party,
          start,
          from,
          to,
          limit,
        )
  return rows.map(readEntry)
}

/** By the index of times, so that the first page of a late span does not walk through all that came before it. */
const firstSince = (db: Database, chain: string, from: number, to: number): number => {
  const row = db.get(
    'SELECT min(seq) AS first FROM chain WHERE chain = ? AND at >= ? AND at < ?',
    chain,
    from,
    to,
  )
  return typeof row?.['first'] === 'number' ? row['first'] : Number.MAX_SAFE_INTEGER
}

const one = (row: Row | undefined): ChainEntry | undefined => row && readEntry(row)

export const readEntry = (row: Row): ChainEntry => ({
  seq: number(row, 'seq'),
  eventId: text(row, 'event_id'),
  prev: bytes(row, 'prev'),
  hash: bytes(row, 'hash'),
  sha512: bytes(row, 'sha512'),
  bytes: bytes(row, 'bytes'),
  intake: optionalText(row, 'intake'),
  meta: text(row, 'meta'),
  at: number(row, 'at'),
  keepUntil: number(row, 'keep_until'),
})
