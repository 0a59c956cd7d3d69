import { mkdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { BlobFiles, checked, corrupt, Staged } from '../blobs/files.ts'
import {
  type BlobRef,
  type BlobStore,
  type ByteRange,
  type DocumentStore,
  type StagedBlob,
  type Store,
  StoreError,
} from '../port.ts'
import type { InlineBlob } from './blobs.ts'
import * as chain from './chain.ts'
import { bytes, Database } from './database.ts'
import { type Collection, getDocument, listDocuments } from './documents.ts'
import { intake, intakesNamed } from './intakes.ts'
import * as mailboxes from './mailboxes.ts'
import * as messages from './messages.ts'
import { backlog, nextDue, queued, queues, workAt, workOf } from './work.ts'
import { WriterThread } from './writer-thread.ts'

/**
 * The embedded store: `<folder>/kep.db` (SQLite, WAL, FULL) and `<folder>/blobs/`. All writes go through one
 * thread; reads are short and run on a connection of their own, which sees every commit that was answered.
 */
export async function openSqliteStore(folder: string, now: number): Promise<Store> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, 'kep.db')
  const blobFiles = await BlobFiles.open(join(folder, 'blobs'))
  const writer = await WriterThread.start(file, now)
  const db = new Database(file, 'reader')
  const workWatchers = new Set<() => void>()
  const mailboxWatchers = new Set<(mailbox: string) => void>()
  const workChanged = <T>(value: T): T => {
    for (const watcher of workWatchers) watcher()
    return value
  }
  const mailboxChanged =
    (mailbox: string) =>
    <T>(value: T): T => {
      for (const watcher of mailboxWatchers) watcher(mailbox)
      return value
    }

  const documents = (collection: Collection): DocumentStore => ({
    get: async (key) => getDocument(db, collection, key),
    put: (key, document, expected) => writer.call('putDocument', collection, key, document, expected),
    remove: (key, expected) => writer.call('removeDocument', collection, key, expected),
    list: async (after, limit) => listDocuments(db, collection, after, limit),
  })

  return {
    accept: async ({ staged, ...newIntake }) =>
      workChanged(await writer.call('accept', newIntake, await publish(staged))),
    intake: async (id) => intake(db, id),
    intakesNamed: async (name) => intakesNamed(db, name),
    voidIntake: (id) => writer.call('voidIntake', id),
    space: async () => {
      const { bavail, blocks, bsize } = await statfs(folder)
      return { free: bavail * bsize, total: blocks * bsize }
    },
    blobs: blobStore(db, blobFiles, writer),
    work: {
      insert: (rows) => writer.call('insertWork', rows).then(workChanged),
      claim: (kinds, options) => writer.call('claimWork', kinds, options),
      settle: async (row, outcome) => {
        const settled = await writer.call('settleWork', row, outcome)
        return 'done' in outcome && (outcome.spawn?.length ?? 0) === 0 ? settled : workChanged(settled)
      },
      note: (row, payload) => writer.call('noteWork', row, payload),
      amend: (key, from, to) => writer.call('amendWork', key, from, to).then(workChanged),
      of: async (id, after, limit) => workOf(db, id, after, limit),
      get: async (id, recipient, slot) => workAt(db, id, recipient, slot),
      backlog: async (at) => backlog(db, at),
      nextDue: async (queue) => nextDue(db, queue),
      queued: async (queue, after, limit) => queued(db, queue, after, limit),
      queues: async () => queues(db),
      watch: watchIn(workWatchers),
    },
    mailboxes: {
      create: (account, name, options) => writer.call('createMailbox', account, name, options),
      delete: (id) => writer.call('deleteMailbox', id).then(mailboxChanged(id)),
      rename: (id, name) => writer.call('renameMailbox', id, name),
      list: async (account) => mailboxes.listMailboxes(db, account),
      byName: async (account, name) => mailboxes.mailboxByName(db, account, name),
      subscribe: (account, name, on) => writer.call('subscribe', account, name, on),
      subscriptions: async (account) => mailboxes.subscriptions(db, account),
      head: async (id) => mailboxes.mailboxHead(db, id),
      uids: async (id) => messages.uids(db, id),
      page: async (id, after, limit) => messages.page(db, id, after, limit),
      rows: async (id, uids) => db.snapshot(() => messages.messageRows(db, id, uids)),
      index: async (id, uid) => messages.messageIndex(db, id, uid),
      changes: async (id, since, limit) => db.snapshot(() => messages.changes(db, id, since, limit)),
      append: async (id, { staged, ...message }) =>
        mailboxChanged(id)(await writer.call('append', id, message, await publish(staged))),
      store: (id, uids, change) => writer.call('storeFlags', id, uids, change).then(mailboxChanged(id)),
      expunge: (id, uids) => writer.call('expunge', id, uids).then(mailboxChanged(id)),
      copy: (from, uids, to, saved) => writer.call('copy', from, uids, to, saved).then(mailboxChanged(to)),
      move: (from, uids, to, saved) =>
        writer.call('move', from, uids, to, saved).then(mailboxChanged(to)).then(mailboxChanged(from)),
      watch: watchIn(mailboxWatchers),
    },
    chain: {
      lease: (name, owner, at, ms) => writer.call('lease', name, owner, at, ms),
      append: (fence, name, entries) => writer.call('appendChain', fence, name, entries),
      head: async (name) => chain.chainHead(db, name),
      find: async (name, eventId) => chain.findInChain(db, name, eventId),
      read: async (name, from, limit) => chain.readChain(db, name, from, limit),
      ofIntake: async (name, id, after, limit) => chain.chainOfIntake(db, name, id, after, limit),
      list: async (name, filter, after, limit) => chain.listChain(db, name, filter, after, limit),
    },
    accounts: documents('account'),
    peers: documents('peer'),
    purses: documents('purse'),
    reservations: documents('reservation'),
    ledger: documents('ledger'),
    listings: documents('listing'),
    [Symbol.asyncDispose]: async () => {
      db.close()
      await writer.close()
    },
  }
}

const watchIn =
  <T>(watchers: Set<T>) =>
  (listener: T) => {
    watchers.add(listener)
    return () => {
      watchers.delete(listener)
    }
  }

function blobStore(db: Database, files: BlobFiles, writer: WriterThread): BlobStore {
  const inline = (ref: BlobRef): Uint8Array | undefined => {
    const row = db.get('SELECT bytes FROM blobs WHERE hash = ?', ref.hash)
    return row && bytes(row, 'bytes')
  }
  async function* open(
    ref: BlobRef,
    range: ByteRange = { start: 0, end: ref.size },
    into?: Uint8Array,
  ): AsyncGenerator<Uint8Array> {
    if (range.start < 0 || range.end > ref.size || range.start > range.end)
      throw new StoreError(
        'NO_SUCH_BLOB',
        `no octets ${range.start} to ${range.end} in a blob of ${ref.size}`,
      )
    const whole = range.start === 0 && range.end === ref.size
    yield* whole ? checked(ref, pieces(ref, range, into)) : pieces(ref, range, into)
  }
  async function* pieces(ref: BlobRef, range: ByteRange, into?: Uint8Array): AsyncGenerator<Uint8Array> {
    const small = inline(ref)
    if (small === undefined) return yield* files.stream(ref, range, into)
    if (small.length !== ref.size) throw corrupt(ref, `has ${small.length} octets instead of ${ref.size}`)
    yield small.subarray(range.start, range.end)
  }
  return {
    create: (maxBytes) => files.create(maxBytes),
    save: async (staged) => {
      const inline = await publish([staged])
      if (inline.length > 0) await writer.call('saveBlobs', inline)
      return staged.ref
    },
    open,
    read: async (ref, range) => Buffer.concat(await Array.fromAsync(open(ref, range))),
  }
}

/** Large blobs get their names now; small ones are handed on to ride in the write. */
async function publish(staged: readonly StagedBlob[]): Promise<InlineBlob[]> {
  const inline: InlineBlob[] = []
  for (const blob of staged) {
    if (!(blob instanceof Staged)) throw new TypeError('a staged blob of another store')
    const octets = await blob.publish()
    if (octets !== undefined) inline.push({ ref: blob.ref, inline: octets })
  }
  return inline
}
