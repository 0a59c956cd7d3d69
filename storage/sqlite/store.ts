import { randomUUID } from 'node:crypto'
import { mkdir, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { BlobFolders } from '../blobs/folders.ts'
import type { StoreKeys } from '../encryption/store-key.ts'
import {
  type Appended,
  type Collection,
  type DocumentStore,
  type NewMessage,
  type StagedBlob,
  type Store,
  type StoreCopy,
  StoreError,
} from '../port.ts'
import type { WrittenMessage } from './appending.ts'
import { SqliteBlobs } from './blob-store.ts'
import * as chain from './chain.ts'
import { Database, number } from './database.ts'
import { getDocument, listDocuments } from './documents.ts'
import { readIndex, readIndexes } from './indexes.ts'
import { finished, intake, intakesNamed } from './intakes.ts'
import { isEmpty } from './load.ts'
import * as mailboxes from './mailboxes.ts'
import * as messageRows from './message-rows.ts'
import * as messages from './messages.ts'
import { recordsOf } from './records.ts'
import { copyOf } from './snapshot.ts'
import * as textFilters from './text-filters.ts'
import { backlog, nextDue, queued, queues, workAt, workOf } from './work.ts'
import type { CheckAtStart } from './writer-database.ts'
import { WRITER_LIMITS, type WriterLimits } from './writer-limits.ts'
import { WriterThread } from './writer-thread.ts'

export interface SqliteSettings {
  /** Bodies and their indexes are sealed under them; undefined keeps them in the clear. */
  readonly keys?: StoreKeys | undefined
  /** A folder on another disk, which gets all that is acknowledged before it is. */
  readonly replica?: string | undefined
  /** Whether the file is read through before it is used; what is damaged is found then and not years after. */
  readonly checkAtStart?: CheckAtStart | undefined
  /** Others than {@link WRITER_LIMITS}. */
  readonly limits?: Partial<WriterLimits> | undefined
}

/**
 * The embedded store: `<folder>/kep.db` (SQLite, WAL, FULL) and `<folder>/blobs/`. All writes go through one
 * thread; reads are short and run on a connection of their own, which sees every commit that was answered.
 */
export async function openSqliteStore(
  folder: string,
  now: number,
  { keys, replica, checkAtStart = 'small', ...settings }: SqliteSettings = {},
): Promise<Store> {
  const limits = { ...WRITER_LIMITS, ...settings.limits }
  // Copies that a process was reading when it died.
  await rm(join(folder, COPIES), { recursive: true, force: true })
  const file = join(folder, 'kep.db')
  const roots = [folder, ...(replica === undefined ? [] : [replica])]
  const folders = await BlobFolders.open(roots.map((root) => join(root, 'blobs')))
  const writer = await WriterThread.start({ folder, now, keys, replica, checkAtStart, limits })
  const db = new Database(file, 'reader', keys)
  const blobs = new SqliteBlobs(db, folders, writer)
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

  const appendAll = async (id: string, all: readonly NewMessage[]): Promise<Appended[]> =>
    mailboxChanged(id)(
      await blobs.carry(
        all.flatMap(({ staged }) => staged),
        (brought) => writer.call('append', id, all.map(written), brought),
      ),
    )

  const documents = (collection: Collection): DocumentStore => ({
    get: async (key) => getDocument(db, collection, key),
    put: (key, document, expected) => writer.call('putDocument', collection, key, document, expected),
    remove: (key, expected) => writer.call('removeDocument', collection, key, expected),
    list: async (after, limit) => listDocuments(db, collection, after, limit),
  })

  return {
    accept: async ({ staged, ...newIntake }) =>
      workChanged(
        await blobs.carry(staged, (brought) => writer.call('accept', newIntake, staged.map(refOf), brought)),
      ),
    intake: async (id) => intake(db, id),
    intakesNamed: async (name) => intakesNamed(db, name),
    voidIntake: (id) => writer.call('voidIntake', id),
    finished: async (before, after, limit) => finished(db, before, after, limit),
    purge: (id) => writer.call('purge', id),
    space: async () => {
      const { bavail, blocks, bsize } = await statfs(folder)
      return { free: bavail * bsize, total: blocks * bsize }
    },
    blobs,
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
      delete: (id, uidNext) => writer.call('deleteMailbox', id, uidNext).then(mailboxChanged(id)),
      rename: (id, name) => writer.call('renameMailbox', id, name),
      list: async (account) => mailboxes.listMailboxes(db, account),
      byName: async (account, name) => mailboxes.mailboxByName(db, account, name),
      subscribe: (account, name, on) => writer.call('subscribe', account, name, on),
      subscriptions: async (account) => mailboxes.subscriptions(db, account),
      head: async (id) => mailboxes.mailboxHead(db, id),
      uids: async (id) => messageRows.uids(db, id),
      page: async (id, after, limit) => messageRows.page(db, id, after, limit),
      marks: async (id, after, limit) => messageRows.marks(db, id, after, limit),
      rows: async (id, uids) => db.snapshot(() => messageRows.messageRows(db, id, uids)),
      ofBody: async (account, hash) => messageRows.messagesOfBody(db, account, hash),
      index: async (id, uid) => readIndex(db, Number(id), uid),
      indexes: async (id, uids) => readIndexes(db, id, uids),
      textFilters: async (id, uids) => textFilters.textFilters(db, id, uids),
      setTextFilters: (id, filters) => writer.call('setTextFilters', id, filters),
      withoutTextFilter: async (id, after, limit) => textFilters.withoutTextFilter(db, id, after, limit),
      clearTextFilters: async (id) => {
        for (let cleared = 0; ; ) {
          const some = await writer.call('clearTextFilters', id, CLEARED_AT_ONCE)
          cleared += some
          if (some < CLEARED_AT_ONCE) return cleared
        }
      },
      changes: async (id, since, limit) => db.snapshot(() => messages.changes(db, id, since, limit)),
      append: async (id, message) => {
        const [appended] = await appendAll(id, [message])
        if (appended === undefined) throw new StoreError('UNAVAILABLE', 'the writer answered nothing')
        return appended
      },
      appendAll,
      replace: async (from, uid, to, message) => {
        const replaced = await blobs.carry(message.staged, (brought) =>
          writer.call('replace', from, uid, to, written(message), brought),
        )
        mailboxChanged(from)(replaced)
        return to === from ? replaced : mailboxChanged(to)(replaced)
      },
      store: (id, uids, change) => writer.call('storeFlags', id, uids, change).then(mailboxChanged(id)),
      touch: (id) => writer.call('touch', id).then(mailboxChanged(id)),
      expunge: (id, uids) => writer.call('expunge', id, uids).then(mailboxChanged(id)),
      copy: (from, uids, to, saved, change) =>
        writer.call('copy', from, uids, to, saved, change).then(mailboxChanged(to)),
      move: (from, uids, to, saved, change) =>
        writer
          .call('move', from, uids, to, saved, change)
          .then(mailboxChanged(to))
          .then(mailboxChanged(from)),
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
      seal: (fence, name, segment, staged) =>
        blobs.carry([staged], (brought) => writer.call('sealChain', fence, name, segment, brought)),
      segments: async (name, after, limit) => chain.segments(db, name, after, limit),
    },
    accounts: documents('account'),
    peers: documents('peer'),
    purses: documents('purse'),
    reservations: documents('reservation'),
    ledger: documents('ledger'),
    listings: documents('listing'),
    holds: documents('hold'),
    filed: documents('filed'),
    annotations: documents('annotation'),
    secrets: documents('secret'),
    copy: storeCopy(folder, db, { writer, limits }),
    [Symbol.asyncDispose]: async () => {
      db.close()
      await writer.close()
    },
  }
}

/** Text filters: each is some KiB that the writer overwrites, and others wait for it. */
const CLEARED_AT_ONCE = 200

const watchIn =
  <T>(watchers: Set<T>) =>
  (listener: T) => {
    watchers.add(listener)
    return () => {
      watchers.delete(listener)
    }
  }

const refOf = ({ ref }: StagedBlob) => ref

const written = ({ staged, ...message }: NewMessage): WrittenMessage => ({
  ...message,
  staged: staged.map(refOf),
})

const COPIES = 'copies'

/** A copy of the database is made first, so that reading it takes as long as it takes. */
const storeCopy = (
  folder: string,
  db: Database,
  { writer, limits }: { writer: WriterThread; limits: WriterLimits },
): StoreCopy => ({
  records: async function* () {
    await mkdir(join(folder, COPIES), { recursive: true, mode: 0o700 })
    const path = join(folder, COPIES, `${randomUUID()}.db`)
    try {
      const pagesInLog = () => number(db.get('PRAGMA wal_checkpoint(NOOP)') ?? {}, 'log')
      await copyOf(join(folder, 'kep.db'), path, { pagesInLog, mostPages: limits.mostPagesOfCopying })
      using copy = new Database(path, 'copy', db.keys)
      yield* recordsOf(copy)
    } finally {
      for (const end of ['', '-wal', '-shm']) await rm(path + end, { force: true })
    }
  },
  isEmpty: async () => isEmpty(db),
  load: (records) => writer.call('loadRecords', records),
})
