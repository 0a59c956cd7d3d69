/**
 * A second store, without transactions over more than one document: every call is a sequence of single-document
 * writes, others run between any two of them, and the process may end there. What the port promises must hold all
 * the same; so the port is shown to be free of SQLite's habits.
 */
import {
  type DocumentRow,
  type DocumentStore,
  type IntakeRow,
  type NewIntake,
  type StagedBlob,
  type Store,
  StoreError,
} from '../../storage/port.ts'
import { MemoryBlobs } from './memory-store/blobs.ts'
import { Boxes } from './memory-store/boxes.ts'
import { MemoryChain } from './memory-store/chain.ts'
import { memoryCopy } from './memory-store/copy.ts'
import type { Disk, IntakeDocument } from './memory-store/disk.ts'
import { type Crasher, Documents, neverCrashes, Process } from './memory-store/documents.ts'
import { MemoryMessages } from './memory-store/messages.ts'
import { MemoryTrees } from './memory-store/trees.ts'
import { checkPayload, MemoryWork } from './memory-store/work.ts'

/** Opens, and completes whatever another process left half done; that process may still be at it. */
export async function openMemoryStore(
  disk: Disk,
  options: { crasher?: Crasher; seed?: number } = {},
): Promise<Store> {
  const process = new Process(options.crasher ?? neverCrashes, options.seed ?? 1)
  const intakes = new Documents<IntakeDocument>(disk.intakes, process, [(intake) => intake.dedup])
  const fanOut = async () => {
    for (const { id, first } of await intakes.select((intake) => intake.first !== undefined)) {
      if (first !== undefined) await work.insert([first])
      await intakes.change(id, (intake) => ({ ...intake, first: undefined }))
    }
  }
  const work = new MemoryWork(new Documents(disk.work, process), fanOut)
  const blobs = new MemoryBlobs(disk, process)
  const boxes = new Boxes(disk, process)
  const messages = new MemoryMessages(boxes, blobs)
  const trees = new MemoryTrees(disk, process, boxes, (mailbox) => messages.tell(mailbox))

  await fanOut()
  for (const box of await boxes.documents.select(() => true)) {
    if (box.gone) await trees.sweep(box)
    if (box.pend !== undefined) await boxes.complete(box.id, box.pend)
    if (box.leaving !== undefined) await messages.finishMove(box.id, box.leaving)
  }

  return {
    blobs,
    work,
    mailboxes: bound(messages, trees),
    chain: new MemoryChain(disk, process, blobs),
    copy: memoryCopy(disk, blobs),
    accept: async ({ staged, ...intake }) => {
      checkPayload(intake.first)
      await keepStaged(blobs, intake, staged)
      const duplicateOf = await insertIntake(intakes, intake)
      if (duplicateOf === undefined) await fanOut()
      return { duplicateOf }
    },
    intake: async (id) => {
      const there = await intakes.get(id)
      return there?.voided === true ? undefined : rowOf(there)
    },
    voidIntake: async (id) => {
      const given = {
        id,
        purged: false,
        at: 0,
        body: undefined,
        envelope: { hash: '', size: 0 },
        names: [],
        dedup: undefined,
      }
      if (await intakes.insert(id, { ...given, first: undefined, voided: true })) return true
      return (await intakes.get(id))?.voided === true
    },
    intakesNamed: async (name) => {
      const named = await intakes.select((intake) => intake.names.includes(name))
      return named
        .sort((a, b) => b.at - a.at)
        .slice(0, 100)
        .map((intake) => rowOf(intake))
    },
    finished: async (before, after = { at: -1, id: '' }, limit) => {
      const waiting = new Set(
        [...disk.work.values()].filter((row) => row.state !== 'done').map((row) => row.intake),
      )
      const found = await intakes.select(
        (one) =>
          one.voided !== true &&
          !one.purged &&
          one.first === undefined &&
          one.at < before &&
          (one.at > after.at || (one.at === after.at && one.id > after.id)) &&
          !waiting.has(one.id),
      )
      return found
        .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
        .slice(0, limit)
        .map((intake) => rowOf(intake))
    },
    purge: async (id) => {
      if ([...disk.work.values()].some((row) => row.intake === id && row.state !== 'done')) return false
      const purged = await intakes.change(id, (one) =>
        one.voided === true || one.first !== undefined ? undefined : { ...one, purged: true },
      )
      if (purged !== undefined) await blobs.release(`intake/${id}`)
      return purged !== undefined
    },
    space: async () => {
      await process.turn()
      return { free: 2 ** 40, total: 2 ** 40 }
    },
    accounts: documentStore(new Documents(disk.accounts, process)),
    peers: documentStore(new Documents(disk.peers, process)),
    purses: documentStore(new Documents(disk.purses, process)),
    reservations: documentStore(new Documents(disk.reservations, process)),
    ledger: documentStore(new Documents(disk.ledger, process)),
    listings: documentStore(new Documents(disk.listings, process)),
    holds: documentStore(new Documents(disk.holds, process)),
    filed: documentStore(new Documents(disk.filed, process)),
    annotations: documentStore(new Documents(disk.annotations, process)),
    secrets: documentStore(new Documents(disk.secrets, process)),
    [Symbol.asyncDispose]: async () => process.close(),
  }
}

async function keepStaged(
  blobs: MemoryBlobs,
  { id, body, envelope }: Omit<NewIntake, 'staged'>,
  staged: readonly StagedBlob[],
): Promise<void> {
  for (const blob of staged) {
    if (blob.ref.hash === body?.hash) await blobs.save(blob, `intake/${id}`)
    if (blob.ref.hash !== body?.hash || blob.ref.hash === envelope.hash) await blobs.save(blob, 'archive')
  }
  if (body !== undefined) await blobs.keep(body, `intake/${id}`)
  await blobs.keep(envelope, 'archive')
}

const documentStore = (documents: Documents<DocumentRow>): DocumentStore => ({
  get: (key) => documents.get(key),
  put: async (key, document, expected) => {
    const put = await documents.upsert(key, (row) =>
      (row?.version ?? 0) === expected ? { key, version: expected + 1, document } : undefined,
    )
    return put !== undefined
  },
  remove: (key, expected) => documents.deleteIf(key, (row) => row.version === expected),
  list: async (after, limit) => {
    const rows = await documents.select(({ key }) => inOctets(key, after) > 0)
    return rows.sort((a, b) => inOctets(a.key, b.key)).slice(0, limit)
  },
})

const inOctets = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** Accepted, with everything that follows, by one write. Answers with the intake that holds the dedup key. */
async function insertIntake(
  intakes: Documents<IntakeDocument>,
  { id, at, body, envelope, names, dedup, first }: Omit<NewIntake, 'staged'>,
): Promise<string | undefined> {
  const document = { id, at, body, envelope, names, dedup: dedup?.key, first, purged: false }
  for (;;) {
    if (await intakes.insert(id, document)) return undefined
    const there = await intakes.get(id)
    if (there?.voided === true) throw new StoreError('VOIDED', `intake ${id} was given up`)
    if (there !== undefined) return undefined // repeated with the same id
    const [holder] = await intakes.select(
      (intake) => intake.dedup !== undefined && intake.dedup === dedup?.key,
    )
    if (holder !== undefined && holder.at >= (dedup?.notBefore ?? 0)) return holder.id
    if (holder !== undefined)
      await intakes.change(holder.id, (intake) =>
        intake.dedup === dedup?.key ? { ...intake, dedup: undefined } : undefined,
      )
  }
}

function rowOf(intake: IntakeDocument): IntakeRow
function rowOf(intake: IntakeDocument | undefined): IntakeRow | undefined
function rowOf(intake: IntakeDocument | undefined): IntakeRow | undefined {
  if (intake === undefined) return undefined
  const { id, at, body, envelope, purged } = intake
  return { id, at, body, envelope, purged }
}

/** Names and messages are two classes and one port. */
const bound = (messages: MemoryMessages, trees: MemoryTrees): Store['mailboxes'] => ({
  create: (account, name, options) => trees.create(account, name, options),
  delete: (id, uidNext) => trees.delete(id, uidNext),
  rename: (id, name) => trees.rename(id, name),
  list: (account) => trees.list(account),
  byName: (account, name) => trees.byName(account, name),
  subscribe: (account, name, subscribed) => trees.subscribe(account, name, subscribed),
  subscriptions: (account) => trees.subscriptions(account),
  head: (id) => trees.head(id),
  uids: (id) => messages.uids(id),
  page: (id, after, limit) => messages.page(id, after, limit),
  marks: (id, after, limit) => messages.page(id, after, limit),
  rows: (id, uids) => messages.rows(id, uids),
  ofBody: async (account, hash) => {
    const boxes = await trees.list(account)
    return messages.ofBody(
      boxes.map(({ id }) => id),
      hash,
    )
  },
  index: (id, uid) => messages.index(id, uid),
  indexes: (id, uids) => messages.indexes(id, uids),
  textFilters: (id, uids) => messages.textFilters(id, uids),
  setTextFilters: (id, filters) => messages.setTextFilters(id, filters),
  withoutTextFilter: (id, after, limit) => messages.withoutTextFilter(id, after, limit),
  clearTextFilters: (id) => messages.clearTextFilters(id),
  changes: (id, since, limit) => messages.changes(id, since, limit),
  append: (id, message) => messages.append(id, message),
  appendAll: (id, all) => messages.appendAll(id, all),
  replace: (from, uid, to, message) => messages.replace(from, uid, to, message),
  store: (id, uids, change) => messages.store(id, uids, change),
  touch: (id) => messages.touch(id),
  expunge: (id, uids) => messages.expunge(id, uids),
  copy: (...args) => messages.copy(...args),
  move: (...args) => messages.move(...args),
  watch: (listener) => messages.watch(listener),
})
