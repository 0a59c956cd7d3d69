import type { Positions } from './number-set.ts'
import type { Session } from './session.ts'

/** Messages removed in one write: one commit serves them all, and the writer is free for others in between. */
const BATCH = 1_000

/** Removes messages that are \Deleted among those at these positions. */
export async function expunge(session: Session, positions: Positions): Promise<void> {
  const { box } = session
  for (const [from, to] of positions) {
    for (let at = from; at < to; at += BATCH) {
      const uids = [...box.uids.slice(at, Math.min(at + BATCH, to))]
      await session.parts.store.mailboxes.expunge(box.row.id, uids)
      await session.slice.breathe()
    }
  }
}
