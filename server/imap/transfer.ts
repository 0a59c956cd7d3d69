import type { CopyResult, MailboxRow } from '../../storage/port.ts'
import type { Cursor } from './cursor.ts'
import { positionsOf, rowsAt } from './message-set.ts'
import { formatNumbers, type NumberSet } from './number-set.ts'
import { refuseForeignOrigin } from './origins.ts'
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

export interface Transfer {
  readonly target: MailboxRow
  /** Messages that are still there, ascending. */
  readonly uids: readonly number[]
}

/** Looks at every message before the first is copied: all or none. [RFC 9051 §6.4.7] */
export async function prepareTransfer(
  session: Session,
  args: TransferArguments,
  byUid: boolean,
): Promise<Transfer> {
  session.requireWritable()
  const target = await session.target(session.name(args.to))
  const uids: number[] = []
  for await (const rows of rowsAt(session, positionsOf(session, args.set, byUid))) {
    refuseForeignOrigin(session.box.row, target, rows)
    for (const row of rows) uids.push(row.uid)
  }
  return { target, uids }
}

/** [RFC 9051 §7.1] undefined where nothing was copied. */
export const copyUid = ({ uidValidity, pairs }: CopyResult): string | undefined =>
  pairs.length === 0
    ? undefined
    : `COPYUID ${uidValidity} ${formatNumbers(pairs.map(([from]) => from))} ${formatNumbers(pairs.map(([, to]) => to))}`
