import type { MailboxRow, MessageMarks, MessageRow } from '../../storage/port.ts'
import { PAGE } from './limits.ts'
import {
  type NumberSet,
  type Positions,
  positionsOfList,
  positionsOfSequence,
  positionsOfUids,
} from './number-set.ts'
import type { Session } from './session.ts'
import type { UidList } from './uid-list.ts'

/** A mailbox and those of its messages that are meant: the selected one, or one that is only looked at. */
export interface ListedMailbox {
  readonly row: MailboxRow
  readonly uids: UidList
}

/**
 * The messages that a set names in a mailbox; a saved one names those of the selected mailbox.
 *
 * @param untold what a sequence number is that no message has
 */
export function positionsOf(
  session: Session,
  set: NumberSet,
  byUid: boolean,
  untold: 'refused' | 'nobody' = 'refused',
  { uids }: ListedMailbox = session.box,
): Positions {
  if (set.saved) return positionsOfList(session.savedSearch, uids)
  return byUid ? positionsOfUids(set, uids) : positionsOfSequence(set, uids, untold)
}

/** UIDs at positions, ascending. */
export function uidsAt(session: Session, positions: Positions): number[] {
  const uids: number[] = []
  for (const [from, to] of positions) for (const uid of session.box.uids.slice(from, to)) uids.push(uid)
  return uids
}

/** Rows of messages in pages. Messages that were expunged meanwhile are missing. */
export function rowsAt(
  session: Session,
  positions: Positions,
  pageSize = PAGE,
  box: ListedMailbox = session.box,
): AsyncGenerator<MessageRow[]> {
  const { mailboxes } = session.parts.store
  const page = (mailbox: string, after: number, limit: number) => mailboxes.page(mailbox, after, limit)
  return inPages(session, box, positions, pageSize, page)
}

/** As {@link rowsAt}, of what changes alone. */
export function marksAt(
  session: Session,
  positions: Positions,
  box: ListedMailbox = session.box,
): AsyncGenerator<MessageMarks[]> {
  const { mailboxes } = session.parts.store
  const page = (mailbox: string, after: number, limit: number) => mailboxes.marks(mailbox, after, limit)
  return inPages(session, box, positions, PAGE, page)
}

/** Where the session knows a run of messages it is read as a walk, which costs one query instead of one a message. */
async function* inPages<T extends MessageMarks>(
  { parts, slice }: Session,
  box: ListedMailbox,
  positions: Positions,
  pageSize: number,
  page: (mailbox: string, after: number, limit: number) => Promise<(T | MessageRow)[]>,
): AsyncGenerator<(T | MessageRow)[]> {
  const { mailboxes } = parts.store
  const batch: number[] = []
  for (const [from, to] of positions) {
    let at = from
    // A run shorter than this is cheaper together with others.
    if (to - from >= 8) {
      if (batch.length > 0) yield await mailboxes.rows(box.row.id, batch.splice(0))
      for (; at < to; at += pageSize) {
        const end = Math.min(at + pageSize, to)
        const last = box.uids.at(end - 1)
        const rows = await page(box.row.id, box.uids.at(at) - 1, end - at)
        yield (rows.at(-1)?.uid ?? 0) <= last ? rows : rows.filter((row) => row.uid <= last)
        await slice.breathe()
      }
      continue
    }
    for (; at < to; at++) {
      batch.push(box.uids.at(at))
      if (batch.length < pageSize) continue
      yield await mailboxes.rows(box.row.id, batch.splice(0))
      await slice.breathe()
    }
  }
  if (batch.length > 0) yield await mailboxes.rows(box.row.id, batch)
}
