import type { CopyResult, MailboxRow, MessageRow } from '../../storage/port.ts'
import type { Cursor } from './cursor.ts'
import { admitKeywords } from './mailbox-keywords.ts'
import { positionsOf, rowsAt } from './message-set.ts'
import { formatNumbers, type NumberSet } from './number-set.ts'
import { refuseForeignOrigin } from './origins.ts'
import { rightFor } from './rights.ts'
import type { Session } from './session.ts'

/** COPY and MOVE name the same things. */
export interface TransferArguments {
  readonly set: NumberSet
  readonly to: string
}

export function parseTransfer(cursor: Cursor): TransferArguments {
  cursor.space()
  const set = cursor.numberSet()
  cursor.space()
  return { set, to: cursor.astring() }
}

type Row = Pick<MessageRow, 'uid' | 'delivery' | 'body' | 'size' | 'flags'>

export interface Transfer {
  readonly target: MailboxRow
  /** Messages that are still there, ascending. */
  readonly rows: readonly Row[]
}

/** Looks at every message before the first is copied: all or none. [RFC 9051 §6.4.7] */
export async function prepareTransfer(
  session: Session,
  args: TransferArguments,
  byUid: boolean,
): Promise<Transfer> {
  session.requireWritable()
  const target = await session.target(session.name(args.to))
  session.require(rightFor(target.name))
  const taken: Row[] = []
  for await (const rows of rowsAt(session, positionsOf(session, args.set, byUid))) {
    refuseForeignOrigin(session.box.row, target, rows)
    for (const { uid, delivery, body, size, flags } of rows) taken.push({ uid, delivery, body, size, flags })
  }
  await admitKeywords(
    session,
    target,
    taken.map(({ flags }) => flags),
  )
  return { target, rows: taken }
}

export const octetsOf = (rows: readonly Pick<Row, 'size'>[]): number =>
  rows.reduce((sum, { size }) => sum + size, 0)

/** Messages that go in one write; others write in between. */
export const BATCH = 500

export interface Transferred extends CopyResult {
  /** Of the write at which it ended; the others are done. */
  readonly failure?: unknown
}

/** In as many writes as it takes: one of a hundred thousand messages would let nobody else write for seconds. */
export async function inBatches(
  session: Session,
  { target, rows }: Transfer,
  write: (uids: readonly number[], batch: readonly Row[]) => Promise<CopyResult>,
): Promise<Transferred> {
  const pairs: (readonly [from: number, to: number])[] = []
  const { uidValidity } = target
  for (let at = 0; at < rows.length; at += BATCH) {
    const batch = rows.slice(at, at + BATCH)
    const uids = batch.map(({ uid }) => uid)
    try {
      await session.stillMay(rightFor(target.name))
      for (const pair of (await write(uids, batch)).pairs) pairs.push(pair)
    } catch (failure) {
      return { uidValidity, pairs, failure }
    }
    await session.slice.breathe()
  }
  return { uidValidity, pairs }
}

/** [RFC 9051 §7.1] undefined where nothing was copied. */
export const copyUid = ({ uidValidity, pairs }: CopyResult): string | undefined =>
  pairs.length === 0
    ? undefined
    : `COPYUID ${uidValidity} ${formatNumbers(pairs.map(([from]) => from))} ${formatNumbers(pairs.map(([, to]) => to))}`
