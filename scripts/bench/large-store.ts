/** A mailbox of a hundred thousand messages and a million rows of work: what a session and a worker do first, with few and with many. */
import { join } from 'node:path'
import type { Store, StoreRecord } from '../../storage/port.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'

const MESSAGES = { few: 1_000, many: 100_000 }
const ROWS = { few: 10_000, many: 1_000_000 }
const BATCH = 1_000
const CLAIMED = 64
const PAGE = 100

export interface LargeStoreFigures {
  readonly messages: number
  readonly rowsOfWork: number
  /** ms, with many, and how much longer than with few. */
  readonly openMs: Growth
  readonly firstPageMs: Growth
  readonly uidsMs: Growth
  readonly claimMs: Growth
  readonly nextDueMs: Growth
  readonly backlogMs: Growth
  /** All flags of the mailbox changed by one STORE in batches of a thousand. */
  readonly storeAllMs: number
  /** Resident octets that opening and reading it all added, MiB. */
  readonly grewMiB: number
}

interface Growth {
  readonly few: number
  readonly many: number
}

export async function measureLargeStore(
  folder: string,
  note: (text: string) => void,
): Promise<LargeStoreFigures> {
  const few = await measure(join(folder, 'few'), MESSAGES.few, ROWS.few, note)
  const many = await measure(join(folder, 'many'), MESSAGES.many, ROWS.many, note)
  const growth = (of: (one: Measured) => number): Growth => ({ few: of(few), many: of(many) })
  return {
    messages: MESSAGES.many,
    rowsOfWork: ROWS.many,
    openMs: growth((one) => one.open),
    firstPageMs: growth((one) => one.firstPage),
    uidsMs: growth((one) => one.uids),
    claimMs: growth((one) => one.claim),
    nextDueMs: growth((one) => one.nextDue),
    backlogMs: growth((one) => one.backlog),
    storeAllMs: many.storeAll,
    grewMiB: many.grew,
  }
}

type Measured = Record<
  'open' | 'firstPage' | 'uids' | 'claim' | 'nextDue' | 'backlog' | 'storeAll' | 'grew',
  number
>

async function measure(
  folder: string,
  messages: number,
  rows: number,
  note: (text: string) => void,
): Promise<Measured> {
  note(`filling: ${messages} messages, ${rows} rows of work`)
  {
    await using store = await openSqliteStore(folder, 1)
    await fill(store, messages, rows)
  }
  const before = process.memoryUsage.rss()
  const opened = performance.now()
  await using store = await openSqliteStore(folder, 2, { checkAtStart: 'never' })
  const open = performance.now() - opened
  const { mailboxes, work } = store
  const firstPage = await time(() => mailboxes.page('1', messages - PAGE, PAGE))
  const uids = await time(() => mailboxes.uids('1'))
  const now = Date.now()
  const claim = await time(() => work.claim(['deliver'], { now, limit: CLAIMED, leaseMs: 1 }))
  const nextDue = await time(() => work.nextDue())
  const backlog = await time(() => work.backlog(now))
  const storeAll = await time(async () => {
    for (let at = 1; at <= messages; at += BATCH)
      await mailboxes.store(
        '1',
        Array.from({ length: BATCH }, (_, i) => at + i),
        { mode: 'add', flags: ['\\Seen'] },
      )
  })
  const grew = (process.memoryUsage.rss() - before) / 1_048_576
  return { open, firstPage, uids, claim, nextDue, backlog, storeAll, grew }
}

async function time(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await act()
  return performance.now() - began
}

async function fill(store: Store, messages: number, rows: number): Promise<void> {
  const row = { id: '1', account: 'a', name: 'INBOX', specialUse: undefined, uidValidity: 7, fixed: true }
  const head = { uidValidity: 7, uidNext: messages + 1, modseq: messages + 1, exists: messages }
  await store.copy.load([
    { kind: 'mailbox', row, head: { ...head, unseen: messages, deleted: 0, bytes: 5_000 * messages } },
  ])
  const bodies = '0123456789abcdef'.repeat(4)
  await inBatches(messages, (n) => ({
    kind: 'message',
    mailbox: '1',
    row: {
      uid: n,
      modseq: n + 1,
      flags: [],
      size: 5_000,
      date: n,
      saved: n,
      body: { hash: bodies, size: 5_000 },
      origin: 'pipeline',
      delivery: { intake: `i${n}`, recipient: 1, contentStart: 100, contentEnd: 4_000 },
    },
    opId: `deliver/${n}`,
    joinKey: undefined,
    index: Buffer.alloc(900, n),
  }))
  await inBatches(rows, (n) => ({
    kind: 'work',
    row: {
      intake: `i${n}`,
      recipient: 1,
      slot: 'put',
      kind: 'deliver',
      due: n,
      since: n,
      payload: '{"dispatch":{}}',
      queue: undefined,
      state: 'pending',
      attempts: 0,
      error: undefined,
    },
  }))

  async function inBatches(count: number, record: (n: number) => StoreRecord): Promise<void> {
    for (let from = 1; from <= count; from += BATCH)
      await store.copy.load(
        Array.from({ length: Math.min(BATCH, count - from + 1) }, (_, i) => record(from + i)),
      )
  }
}
