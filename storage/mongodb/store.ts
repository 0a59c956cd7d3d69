import type { StoreKeys } from '../encryption/store-key.ts'
import { type Appended, type Store, StoreError } from '../port.ts'
import { Appending } from './appending.ts'
import { BlobSweep } from './blob-sweep.ts'
import { Blobs } from './blobs.ts'
import { Boxes } from './boxes.ts'
import { Chain } from './chain.ts'
import { ChainHeads } from './chain-head.ts'
import { Completion } from './completion.ts'
import { Copy } from './copy.ts'
import { Database } from './database.ts'
import { documentsOf } from './documents.ts'
import { type Door, Entrance } from './entrance.ts'
import { Filling, type FillingOptions } from './filling.ts'
import { Hints } from './hints.ts'
import { Indexes } from './indexes.ts'
import { Intakes } from './intakes.ts'
import { keepOctets } from './keep-octets.ts'
import { Keepers } from './keepers.ts'
import { Keeping } from './keeping.ts'
import { Leases } from './leases.ts'
import { Leftovers } from './leftovers.ts'
import { Mailboxes } from './mailboxes.ts'
import { MailboxesRead } from './mailboxes-read.ts'
import { Messages } from './messages.ts'
import { Move } from './move.ts'
import { Reading } from './reading.ts'
import { Recovery } from './recovery.ts'
import { migrate } from './schema.ts'
import { spaceOf } from './space.ts'
import { TextFilters } from './text-filters.ts'
import { Work } from './work.ts'
import { checkPayload } from './work-rows.ts'

export interface MongoStoreOptions {
  /** `mongodb://…` of a replica set; its path names the database. */
  readonly uri: string
  readonly now: number
  /** Where they are given, octets and MIME indexes are sealed. */
  readonly keys?: StoreKeys
  /** What failed where nobody waits for an answer: the stream of hints, the completion of what is promised already. */
  readonly onFault?: (error: unknown) => void
  readonly pollMs?: number
}

/** Without a change stream others learn of a change so soon. */
const POLL_MS = 1_000

/**
 * The store that several processes share. Nothing is a transaction of more than one document: each call is one write that
 * promises, preceded by what it names and followed by what anybody can complete. On opening, what processes left half done
 * is completed; they may still be at it.
 */
export async function openMongoStore(options: MongoStoreOptions): Promise<Store> {
  const database = new Database(options.uri)
  return openBy(new Entrance(database), database, new Leases(database), options)
}

/**
 * An empty one, or one that was to be filled and is emptied. Until `finish` resolved nobody else can open it. Rejects with
 * NOT_EMPTY, IN_USE or BEING_FILLED.
 */
export async function openMongoStoreToFill(
  options: MongoStoreOptions & FillingOptions,
): Promise<{ store: Store; finish(): Promise<void> }> {
  const database = new Database(options.uri)
  const leases = new Leases(database)
  const filling = new Filling(database, leases, options)
  return { store: await openBy(filling, database, leases, options), finish: () => filling.finish() }
}

async function openBy(
  door: Door,
  database: Database,
  leases: Leases,
  options: MongoStoreOptions,
): Promise<Store> {
  const { now, keys, onFault = () => {} } = options
  const hints = new Hints(database, options.pollMs ?? POLL_MS, onFault)
  const keepers = new Keepers(database, keys)
  const keeping = new Keeping(database, keepers)

  const intakes: Intakes = new Intakes(database, {
    insert: (rows) => work.insert(rows),
    release: (keeper) => keepers.release(keeper),
  })
  const work = new Work(database, now, () => intakes.finishAll(), hints.work.tell)

  const names = new Mailboxes(database, keepers)
  const completion = new Completion(database, keepers, (id) => names.clear(id))
  const boxes = new Boxes(database, completion)
  const blobSweep = new BlobSweep(database, keepers)
  const leftovers = new Leftovers(database, keepers, completion)
  const blobs = new Blobs(database, keepers, keeping, keys, async (limit) => {
    await recovery.run()
    await leftovers.sweep()
    return blobSweep.sweep(limit)
  })
  const indexes = new Indexes(keys)
  const reading = new Reading(database, boxes, indexes)
  const textFilters = new TextFilters(database, reading, keys)
  const appending = new Appending(database, keeping)
  const move = new Move(database, boxes, reading, { keeping, appending })
  const messages = new Messages(boxes, reading, { appending, move, indexes })
  const recovery = new Recovery(database, names, completion, (id) => move.finish(id))

  const heads = new ChainHeads(database, leases)
  const chain = new Chain(database, heads, keeping)

  const tell =
    (...mailboxes: readonly string[]) =>
    <T>(value: T): T => {
      mailboxes.forEach(hints.mailboxes.tell)
      return value
    }

  const close = async () => {
    await hints.close()
    if (!database.isClosed) await Promise.allSettled([work.giveBack(), door.leave(), leases.giveBack()])
    await database.close()
  }

  try {
    await migrate(database, now)
    await door.enter()
    await intakes.finishAll()
    await recovery.run()
  } catch (error) {
    await close()
    throw error
  }

  return {
    blobs,
    work: {
      insert: (rows) => work.insert(rows),
      claim: (kinds, claim) => work.claim(kinds, claim),
      note: (row, payload) => work.note(row, payload),
      settle: (row, outcome) => work.settle(row, outcome),
      of: (id, after, limit) => work.of(id, after, limit),
      get: (id, recipient, slot) => work.get(id, recipient, slot),
      amend: (key, from, to) => work.amend(key, from, to),
      queued: (queue, after, limit) => work.queued(queue, after, limit),
      queues: () => work.queues(),
      backlog: (at) => work.backlog(at),
      nextDue: (queue) => work.nextDue(queue),
      watch: (listener) => hints.work.watch(listener),
    },
    chain: {
      lease: (name, owner, at, ms) => leases.take(name, owner, at, ms),
      append: (fence, name, entries) => chain.append(fence, name, entries),
      seal: (fence, name, segment, staged) => chain.seal(fence, name, segment, staged),
      segments: (name, after, limit) => chain.segments(name, after, limit),
      head: (name) => chain.head(name),
      find: (name, eventId) => chain.find(name, eventId),
      read: (name, from, limit) => chain.read(name, from, limit),
      ofIntake: (name, id, after, limit) => chain.ofIntake(name, id, after, limit),
      list: (name, filter, after, limit) => chain.list(name, filter, after, limit),
    },
    copy: new Copy(database, intakes, new MailboxesRead(database, boxes, reading, move), indexes),
    accept: async ({ staged, ...intake }) => {
      checkPayload(intake.first)
      await keepOctets(keeping, intake, staged)
      const duplicateOf = await intakes.accept(intake)
      // Promised: whoever looks next does it if we cannot.
      if (duplicateOf === undefined) await intakes.finish(intake.id).catch(onFault)
      return { duplicateOf }
    },
    intake: (id) => intakes.get(id),
    voidIntake: (id) => intakes.void(id),
    intakesNamed: (name) => intakes.named(name),
    finished: (before, after, limit) => intakes.finished(before, after, limit),
    purge: (id) => intakes.purge(id),
    space: () => spaceOf(database),
    mailboxes: {
      create: (account, name, options) => names.create(account, name, options),
      delete: async (id, uidNext) => {
        // With a condition it waits for no change: so one that its writer left behind is completed first.
        if (uidNext !== undefined) await boxes.free(id)
        return names.delete(id, uidNext).then(tell(id))
      },
      rename: (id, name) => names.rename(id, name),
      list: (account) => names.list(account),
      byName: (account, name) => names.byName(account, name),
      subscribe: (account, name, subscribed) => names.subscribe(account, name, subscribed),
      subscriptions: (account) => names.subscriptions(account),
      head: (id) => boxes.head(id),
      uids: (id) => reading.uids(id),
      page: (id, after, limit) => reading.page(id, after, limit),
      marks: (id, after, limit) => reading.page(id, after, limit),
      rows: (id, uids) => reading.rows(id, uids),
      ofBody: async (account, hash) => {
        const boxes = await names.list(account)
        return reading.ofBody(
          boxes.map(({ id }) => id),
          hash,
        )
      },
      index: (id, uid) => reading.index(id, uid),
      indexes: (id, uids) => reading.indexes(id, uids),
      textFilters: (id, uids) => textFilters.read(id, uids),
      setTextFilters: (id, filters) => textFilters.set(id, filters),
      withoutTextFilter: (id, after, limit) => textFilters.without(id, after, limit),
      clearTextFilters: (id) => textFilters.clear(id),
      changes: (id, since, limit) => reading.changes(id, since, limit),
      append: (id, message) => messages.append(id, [message]).then(onlyOne).then(tell(id)),
      appendAll: (id, all) => messages.append(id, all).then(tell(id)),
      replace: (from, uid, to, message) => messages.replace(from, uid, to, message).then(tell(to, from)),
      store: (id, uids, change) => messages.store(id, uids, change).then(tell(id)),
      touch: (id) => messages.touch(id).then(tell(id)),
      expunge: (id, uids) => messages.expunge(id, uids).then(tell(id)),
      copy: (from, uids, to, saved, change) => move.copy(from, uids, to, saved, change).then(tell(to)),
      move: (from, uids, to, saved, change) => move.move(from, uids, to, saved, change).then(tell(to, from)),
      watch: (listener) => hints.mailboxes.watch(listener),
    },
    accounts: documentsOf(database, 'account'),
    peers: documentsOf(database, 'peer'),
    purses: documentsOf(database, 'purse'),
    reservations: documentsOf(database, 'reservation'),
    ledger: documentsOf(database, 'ledger'),
    listings: documentsOf(database, 'listing'),
    holds: documentsOf(database, 'hold'),
    filed: documentsOf(database, 'filed'),
    annotations: documentsOf(database, 'annotation'),
    secrets: documentsOf(database, 'secret'),
    [Symbol.asyncDispose]: close,
  }
}

function onlyOne([appended]: readonly Appended[]): Appended {
  if (appended === undefined) throw new StoreError('CORRUPT', 'an append was answered with nothing')
  return appended
}
