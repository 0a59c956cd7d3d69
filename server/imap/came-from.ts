import { cameFromKeyword, isCameFrom } from '../../mail/house-keywords.ts'
import type { CopyResult, MailboxRow, MessageRow } from '../../storage/port.ts'
import { isIn, TRASH } from '../accounts/standard-mailboxes.ts'
import { mailboxId } from './object-id.ts'
import type { Session } from './session.ts'

/** Messages changed in one write, as by STORE. */
const BATCH = 400

type Marked = Pick<MessageRow, 'uid' | 'flags'>

/** A message that was thrown away from there. */
export const cameFrom = ({ flags }: Pick<MessageRow, 'flags'>, box: MailboxRow): boolean =>
  flags.some((flag) => flag.toLowerCase() === keywordOf(box).toLowerCase())

const keywordOf = (box: MailboxRow): string => cameFromKeyword(mailboxId(box))
const isThrownAway = (from: MailboxRow, to: MailboxRow): boolean =>
  isIn(to.name, TRASH) && !isIn(from.name, TRASH)

/**
 * Before messages are moved to the trash: each says where it lies now, and takes that along. A crash between the two leaves
 * it where it is, and what it says is true.
 *
 * @returns what takes it back, where they are not moved after all
 */
export async function markThrownAway(
  session: Session,
  from: MailboxRow,
  to: MailboxRow,
  rows: readonly Marked[],
): Promise<() => Promise<void>> {
  if (!isThrownAway(from, to)) return async () => {}
  const uids = rows.map(({ uid }) => uid)
  await clear(session, from, rows)
  await change(session, from, 'add', [keywordOf(from)], uids)
  return () => change(session, from, 'remove', [keywordOf(from)], uids)
}

/**
 * After messages were moved or copied: in the trash they say where they came from, and elsewhere nothing of it any more.
 *
 * @param rows as they were
 */
export async function settlePlaces(
  session: Session,
  from: MailboxRow,
  to: MailboxRow,
  { rows, pairs, moved }: { rows: readonly Marked[]; pairs: CopyResult['pairs']; moved: boolean },
): Promise<void> {
  if (isIn(to.name, TRASH) && (moved || isIn(from.name, TRASH))) return
  const target = new Map(pairs)
  const there = rows.flatMap(({ uid, flags }) => {
    const now = target.get(uid)
    return now === undefined ? [] : [{ uid: now, flags }]
  })
  await clear(session, to, there)
  if (!isThrownAway(from, to)) return
  const uids = there.map(({ uid }) => uid)
  await change(session, to, 'add', [keywordOf(from)], uids)
}

async function clear(session: Session, box: MailboxRow, rows: readonly Marked[]): Promise<void> {
  const marked = rows.filter(({ flags }) => flags.some(isCameFrom))
  const keywords = [...new Set(marked.flatMap(({ flags }) => flags.filter(isCameFrom)))]
  const uids = marked.map(({ uid }) => uid)
  await change(session, box, 'remove', keywords, uids)
}

async function change(
  session: Session,
  box: MailboxRow,
  mode: 'add' | 'remove',
  flags: readonly string[],
  uids: readonly number[],
): Promise<void> {
  for (let at = 0; flags.length > 0 && at < uids.length; at += BATCH) {
    const done = await session.parts.store.mailboxes.store(box.id, uids.slice(at, at + BATCH), {
      mode,
      flags,
    })
    // What leaves this mailbox in the same command is told as gone, not as changed.
    if (box.id === session.selected?.row.id) session.selected.told(done.changed)
    await session.slice.breathe()
  }
}
