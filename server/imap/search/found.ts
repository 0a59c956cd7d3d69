import { positionsOf, rowsAt } from '../message-set.ts'
import { countOf, type Positions } from '../number-set.ts'
import { Progress } from '../progress.ts'
import type { Session } from '../session.ts'
import type { SearchKey } from './keys.ts'
import { matcherOf } from './matcher.ts'
import { SearchedMessage } from './searched-message.ts'

/** Messages of the selected mailbox that a key finds, in its order, each with what was read of it so far. */
export async function* foundIn(session: Session, key: SearchKey): AsyncGenerator<SearchedMessage> {
  const matches = matcherOf(session, key)
  const positions = candidates(session, key)
  const progress = new Progress(session, countOf(positions))
  for await (const rows of rowsAt(session, positions)) {
    for (const row of rows) {
      const message = new SearchedMessage(session, row)
      if (await matches(message)) yield message
      await session.slice.breathe()
    }
    await progress.advance(rows.length)
  }
}

/** A set that every found message must be in saves reading the others. */
function candidates(session: Session, key: SearchKey): Positions {
  if (key.kind === 'and')
    for (const inner of key.keys)
      if (inner.kind === 'messages') return positionsOf(session, inner.set, inner.byUid, 'nobody')
  return [[0, session.box.uids.length]]
}
