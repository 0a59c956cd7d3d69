import { DELETED } from './flags.ts'
import { recordMail } from './mail-record.ts'
import { countOf, type Positions } from './number-set.ts'
import { Progress } from './progress.ts'
import type { Session } from './session.ts'

/** Messages removed in one write: one commit serves them all, and the writer is free for others in between. */
const BATCH = 1_000

/** Removes messages that are \Deleted among those at these positions, once it is recorded who does it; answers how many. */
export async function expunge(session: Session, positions: Positions): Promise<number> {
  const { box } = session
  const { mailboxes } = session.parts.store
  const progress = new Progress(session, countOf(positions))
  let removed = 0
  for (const [from, to] of positions) {
    for (let at = from; at < to; at += BATCH) {
      const rows = await mailboxes.rows(box.row.id, [...box.uids.slice(at, Math.min(at + BATCH, to))])
      const marked = rows.filter(({ flags }) => flags.includes(DELETED))
      if (marked.length > 0) {
        await session.stillMay('delete')
        await recordMail(session, 'mail deleted', marked)
        const gone = await mailboxes.expunge(
          box.row.id,
          marked.map(({ uid }) => uid),
        )
        box.removed(gone)
        removed += gone.length
      }
      await progress.advance(rows.length)
      await session.slice.breathe()
    }
  }
  return removed
}
