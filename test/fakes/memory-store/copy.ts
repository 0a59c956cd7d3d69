import type { Collection, DocumentRow, StoreCopy, StoreRecord } from '../../../storage/port.ts'
import { COLLECTIONS } from '../../../storage/port-copy.ts'
import type { MemoryBlobs } from './blobs.ts'
import type { Disk } from './disk.ts'

/** All in one turn, so of one moment. */
export const memoryCopy = (disk: Disk, blobs: MemoryBlobs): StoreCopy => ({
  records: async function* () {
    yield* recordsOf(disk, blobs)
  },
  isEmpty: async () => recordsOf(disk, blobs).every((record) => record.kind === 'counter'),
  load: async (records) => {
    for (const record of records) loadRecord(disk, record)
  },
})

const collections = (disk: Disk): Record<Collection, Map<string, DocumentRow>> => ({
  account: disk.accounts,
  peer: disk.peers,
  purse: disk.purses,
  reservation: disk.reservations,
  ledger: disk.ledger,
  listing: disk.listings,
  hold: disk.holds,
  filed: disk.filed,
  annotation: disk.annotations,
  secret: disk.secrets,
})

function recordsOf(disk: Disk, blobs: MemoryBlobs): StoreRecord[] {
  const records: StoreRecord[] = []
  const last = disk.counters.get('uid_validity')
  for (const name of ['uidValidity', 'mailbox'] as const)
    if (last !== undefined) records.push({ kind: 'counter', name, value: last.value })
  for (const { id, at, dedup, body, envelope, names, purged, voided } of disk.intakes.values())
    records.push(
      voided === true
        ? { kind: 'voided', id }
        : { kind: 'intake', id, at, dedup, body, envelope, names, purged },
    )
  for (const { fence: _, leasedUntil: __, ...row } of disk.work.values()) records.push({ kind: 'work', row })
  for (const collection of COLLECTIONS)
    for (const row of collections(disk)[collection].values())
      records.push({ kind: 'document', collection, ...row })
  for (const row of disk.subscriptions.values()) records.push({ kind: 'subscription', ...row })
  for (const row of [...disk.trees.values()].flatMap(({ rows }) => rows)) {
    const box = disk.boxes.get(row.id)
    if (box === undefined) continue
    const { uidValidity, uidNext, modseq, exists, unseen, deleted, bytes } = box
    records.push({
      kind: 'mailbox',
      row,
      head: { uidValidity, uidNext, modseq, exists, unseen, deleted, bytes },
    })
  }
  for (const { mailbox, now } of disk.messages.values()) {
    const { opId, joinKey, index, textFilter: _, gone, ...row } = now
    if (gone) records.push({ kind: 'vanished', mailbox, uid: row.uid, modseq: row.modseq, opId })
    else records.push({ kind: 'message', mailbox, row, opId, joinKey, index })
  }
  for (const { chain, entry, parties } of disk.entries.values())
    if (entry.seq <= (disk.heads.get(chain)?.seq ?? 0))
      records.push({ kind: 'entry', chain, entry: { ...entry, parties } })
  for (const { chain, segment } of disk.segments.values()) records.push({ kind: 'segment', chain, segment })
  for (const [hash, octets] of disk.blobs) {
    const keepers = [...blobs.keepersOf(hash)]
    if (keepers.length > 0) records.push({ kind: 'blob', ref: { hash, size: octets.length }, keepers })
  }
  return records
}

function loadRecord(disk: Disk, record: StoreRecord): void {
  switch (record.kind) {
    case 'counter': {
      const value = Math.max(record.value, disk.counters.get('uid_validity')?.value ?? 0)
      disk.counters.set('uid_validity', { value })
      return
    }
    case 'intake':
      disk.intakes.set(record.id, { ...record, first: undefined })
      return
    case 'voided':
      disk.intakes.set(record.id, { ...NOTHING, id: record.id })
      return
    case 'work': {
      const { intake, recipient, slot } = record.row
      disk.work.set(JSON.stringify([intake, recipient, slot]), { ...record.row, fence: 0, leasedUntil: 0 })
      return
    }
    case 'document': {
      const { collection, key, version, document } = record
      collections(disk)[collection].set(key, { key, version, document })
      return
    }
    case 'subscription': {
      const { account, name } = record
      disk.subscriptions.set(JSON.stringify([account, name]), { account, name })
      return
    }
    case 'mailbox': {
      const { row, head } = record
      const rows = disk.trees.get(row.account)?.rows ?? []
      disk.trees.set(row.account, { rows: [...rows.filter(({ id }) => id !== row.id), row] })
      const box = { ...head, id: row.id, account: row.account, version: 0, gone: false }
      disk.boxes.set(row.id, { ...box, pend: undefined, leaving: undefined })
      return
    }
    case 'message': {
      const { mailbox, row, opId, joinKey, index } = record
      const now = { ...row, opId, joinKey, index, textFilter: undefined, gone: false }
      disk.messages.set(`${mailbox}/${row.uid}`, { mailbox, now, before: undefined })
      return
    }
    case 'vanished': {
      const { mailbox, uid, modseq, opId = `gone/${uid}` } = record
      const row = { uid, modseq, flags: [], size: 0, date: 0, saved: 0, body: { hash: '', size: 0 } }
      const rest = { origin: 'client' as const, delivery: undefined, joinKey: undefined }
      const now = { ...row, ...rest, opId, index: new Uint8Array(), textFilter: undefined, gone: true }
      disk.messages.set(`${mailbox}/${uid}`, { mailbox, now, before: undefined })
      return
    }
    case 'entry': {
      const { parties, ...entry } = record.entry
      disk.entries.set(`${record.chain}/${entry.seq}`, { chain: record.chain, entry, parties, token: 0 })
      const seq = Math.max(entry.seq, disk.heads.get(record.chain)?.seq ?? 0)
      disk.heads.set(record.chain, { seq, token: 0 })
      return
    }
    case 'segment':
      disk.segments.set(`${record.chain}/${record.segment.from}`, record)
      return
    case 'blob':
      return
  }
}

const NOTHING = {
  at: 0,
  body: undefined,
  envelope: { hash: '', size: 0 },
  names: [],
  dedup: undefined,
  purged: false,
  first: undefined,
  voided: true,
} as const
