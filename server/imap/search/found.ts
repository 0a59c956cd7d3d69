import { PAGE } from '../limits.ts'
import { positionsOf, rowsAt } from '../message-set.ts'
import { countOf, type Positions } from '../number-set.ts'
import { Progress } from '../progress.ts'
import type { Session } from '../session.ts'
import { foundAtAGlance, type SearchedMailbox } from './glance.ts'
import type { SearchKey } from './keys.ts'
import { isMatch, matcherOf } from './matcher.ts'
import { SearchedMessage } from './searched-message.ts'
import { SearchedPage } from './searched-page.ts'

interface Search {
  /** The selected one where it is not said. */
  readonly box?: SearchedMailbox
  readonly told?: Progress
  /** Takes the UIDs of those that were not looked into, since nobody has read them. */
  readonly heldBack?: Set<number> | undefined
}

export interface FoundMessage {
  readonly uid: number
  /** 0 where no key asks for modseqs. */
  readonly modseq: number
}

export function uidsOfFound(found: readonly FoundMessage[]): Uint32Array {
  const uids = new Uint32Array(found.length)
  for (let at = 0; at < found.length; at++) uids[at] = found[at]!.uid
  return uids
}

/** Messages of a mailbox that a key finds, in its order. */
export async function find(
  session: Session,
  key: SearchKey,
  { box = session.box, told, heldBack }: Search = {},
): Promise<FoundMessage[]> {
  const positions = candidates(session, key, box)
  const progress = told ?? new Progress(session, countOf(positions))
  const found: FoundMessage[] = []
  const glances = foundAtAGlance(session, key, box, positions)
  if (glances !== undefined) {
    for await (const page of glances) {
      for (const uid of page.found) found.push({ uid, modseq: 0 })
      await progress.advance(page.looked)
    }
    return found
  }
  const matches = matcherOf(session, key, box)
  for await (const rows of rowsAt(session, positions, PAGE, box)) {
    const page = new SearchedPage(session, rows, box.row)
    for (const row of rows) {
      const message = new SearchedMessage(session, row, page)
      const isFound = await isMatch(matches, message)
      if (message.isHeldBack) heldBack?.add(row.uid)
      if (isFound) found.push({ uid: row.uid, modseq: row.modseq })
      await session.slice.breathe()
      // One message may hold documents that take long.
      await progress.advance(1)
    }
  }
  return found
}

/** A set that every found message must be in saves reading the others. */
function candidates(session: Session, key: SearchKey, box: SearchedMailbox): Positions {
  if (key.kind === 'and')
    for (const inner of key.keys)
      if (inner.kind === 'messages') return positionsOf(session, inner.set, inner.byUid, 'nobody', box)
  return [[0, box.uids.length]]
}
