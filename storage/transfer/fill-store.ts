import { type BlobRef, type Keeper, type Store, StoreError, type StoreRecord } from '../port.ts'
import { type KeptMessage, KeptMessages } from './kept-messages.ts'
import type { Source, TransferProgress } from './source.ts'

/** Records in one write. */
const BATCH = 200
/** With their octets: messages bring their indexes, chains their entries. */
const BATCH_OCTETS = 4 * 1_048_576

export interface FillOptions {
  /**
   * Set where the state is one of before: each mailbox gets a new UIDVALIDITY, greater than any that was given out, so that no
   * client takes a message for another. [RFC 9051 §2.3.1.1] In ms.
   */
  readonly wentBackAt?: number
  readonly progress?: TransferProgress
}

/** What was filled in. */
export interface Filled {
  readonly records: number
  readonly octets: number
  /** Messages whose body the source had no more: they were deleted while it was read. */
  readonly withoutBody: number
}

/** Keeps all octets while it is not known yet who does. */
const UNTIL_FILLED = 'hold/until-filled'
/** Keepers put down at a time: a store commits them together. */
const KEPT_AT_ONCE = 64

/**
 * Everything of a source into an empty store (NOT_EMPTY) that nobody else opens until all is there, see fill-target.ts; every
 * blob is hashed on its way (CORRUPT). Of a source in use, who keeps a body may have changed since the message was told of:
 * mailboxes keep what their messages name, and intakes what they have, whatever the source says of its keepers.
 */
export async function fillStore(
  to: Store,
  from: Source,
  { wentBackAt, progress }: FillOptions = {},
): Promise<Filled> {
  if (!(await to.copy.isEmpty()))
    throw new StoreError('NOT_EMPTY', 'the store that is to be filled holds something already')
  await using kept = await KeptMessages.open()
  const raise = wentBackAt === undefined ? (record: StoreRecord) => record : raisingUidValidity(wentBackAt)
  const done = { records: 0, octets: 0 }
  let batch: StoreRecord[] = []
  let octets = 0
  const flush = async () => {
    await to.copy.load(batch)
    done.records += batch.length
    progress?.(done)
    batch = []
    octets = 0
  }
  for await (const record of from.records()) {
    const raised = raise(record)
    if (raised.kind === 'blob') {
      await flush()
      await copyBlob(to, from, raised.ref, raised.keepers)
      done.records++
      done.octets += raised.ref.size
      continue
    }
    if (raised.kind === 'message') await kept.note({ ...raised.row.body, mailbox: raised.mailbox })
    batch.push(raised)
    octets += octetsIn(raised)
    if (batch.length >= BATCH || octets >= BATCH_OCTETS) await flush()
  }
  await flush()
  let withoutBody = 0
  for await (const some of kept.all(KEPT_AT_ONCE)) {
    const found = await Promise.all(some.map((message) => keepFor(to, message)))
    withoutBody += found.filter((isThere) => !isThere).length
  }
  await to.blobs.release(UNTIL_FILLED)
  return { ...done, withoutBody }
}

async function copyBlob(to: Store, from: Source, ref: BlobRef, keepers: readonly Keeper[]): Promise<void> {
  const writer = to.blobs.create(ref.size)
  try {
    for await (const piece of from.open(ref)) await writer.write(piece)
    const staged = await writer.finish()
    if (staged.ref.hash !== ref.hash || staged.ref.size !== ref.size)
      throw new StoreError('CORRUPT', `the blob ${ref.hash} holds other octets than were stored`)
    await to.blobs.save(staged, UNTIL_FILLED)
    for (const keeper of keepers) if (await isTold(to, keeper)) await to.blobs.keep(ref, keeper)
  } catch (error) {
    await writer.abort()
    throw error
  }
}

/** Mailboxes follow by their messages. */
async function isTold(to: Store, keeper: Keeper): Promise<boolean> {
  if (keeper.startsWith('mailbox/')) return false
  if (!keeper.startsWith('intake/')) return true
  return (await to.intake(keeper.slice('intake/'.length)))?.purged === false
}

async function keepFor(to: Store, { hash, size, mailbox }: KeptMessage): Promise<boolean> {
  try {
    await to.blobs.keep({ hash, size }, `mailbox/${mailbox}`)
    return true
  } catch (error) {
    if (error instanceof StoreError && error.code === 'NO_SUCH_BLOB') return false
    throw error
  }
}

/** Counters come before mailboxes, so the greatest number that was given out is known by then. */
function raisingUidValidity(now: number): (record: StoreRecord) => StoreRecord {
  let last = Math.floor(now / 1000)
  return (record) => {
    if (record.kind === 'counter' && record.name === 'uidValidity') {
      last = Math.max(last, record.value)
      // Mailboxes that are made later get numbers beyond those that are given out here: their count is not known yet.
      return { ...record, value: last + MOST_MAILBOXES }
    }
    if (record.kind !== 'mailbox') return record
    last = Math.max(last, record.row.uidValidity) + 1
    const uidValidity = last
    return { ...record, row: { ...record.row, uidValidity }, head: { ...record.head, uidValidity } }
  }
}

/** More than a provider has; UIDVALIDITY has 32 bits, so there is room for two hundred restorations beside the seconds. */
const MOST_MAILBOXES = 10_000_000

const octetsIn = (record: StoreRecord): number => {
  if (record.kind === 'message') return record.index.length
  if (record.kind === 'entry') return record.entry.bytes.length
  return record.kind === 'work' ? record.row.payload.length : 0
}
