import type { Changes, MessageRow } from '../../storage/port.ts'
import { PAGE, UIDS_OF_A_LINE } from './limits.ts'
import { formatNumbers, type NumberSet, type Positions, positionsOfUids, within } from './number-set.ts'
import type { Session } from './session.ts'
import { UidList } from './uid-list.ts'

/** Rows at these positions that changed after `since`, by the store's list of changes and not by looking at all. */
export async function* changedSince(
  session: Session,
  positions: Positions,
  since: number,
  pageSize = PAGE,
): AsyncGenerator<MessageRow[]> {
  const { uids } = session.box
  for await (const { changed } of changesSince(session, since, pageSize))
    yield changed.filter(({ uid }) => within(positions, uids.indexOf(uid)))
}

/** Tells which UIDs of the set were expunged after `since`. [RFC 7162 §3.2.10.1] */
export async function tellVanishedEarlier(
  session: Session,
  set: NumberSet | undefined,
  since: number,
): Promise<void> {
  const gone: number[] = []
  for await (const { vanished } of changesSince(session, since, PAGE))
    for (const uid of vanished) gone.push(uid)
  const sorted = new UidList(Uint32Array.from(new Set(gone)).sort())
  const told =
    set === undefined ? [[0, sorted.length] as const] : positionsOfUids(set, sorted, session.box.uids.last)
  for (const [from, to] of told)
    for (let at = from; at < to; at += UIDS_OF_A_LINE) {
      session.out.untagged(
        `VANISHED (EARLIER) ${formatNumbers(sorted.slice(at, Math.min(to, at + UIDS_OF_A_LINE)))}`,
      )
      await session.out.room()
      await session.slice.breathe()
    }
}

async function* changesSince(session: Session, since: number, pageSize: number): AsyncGenerator<Changes> {
  const { mailboxes } = session.parts.store
  const mailbox = session.box.row.id
  let from = since
  for (;;) {
    const changes = await mailboxes.changes(mailbox, from, pageSize)
    yield changes
    if (changes.modseq <= from) return
    from = changes.modseq
    await session.slice.breathe()
  }
}
