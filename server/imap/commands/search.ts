import { command } from '../command.ts'
import { positionsOf, rowsAt } from '../message-set.ts'
import type { Positions } from '../number-set.ts'
import { parseSearchProgram, type SearchKey } from '../search/keys.ts'
import { matcherOf } from '../search/matcher.ts'
import { type Found, parseResultOptions, tellFound, toSave } from '../search/result-options.ts'
import { SearchedMessage } from '../search/searched-message.ts'
import type { Session } from '../session.ts'

/** [RFC 9051 §6.4.4]; ESEARCH and SEARCHRES are part of it. */
export const searchCommands = [false, true].map((byUid) =>
  command({
    name: byUid ? 'UID SEARCH' : 'SEARCH',
    state: 'selected',
    sync: byUid ? 'all' : 'no-expunge',
    parse: (cursor) => {
      cursor.space()
      const options = parseResultOptions(cursor)
      return { options, program: parseSearchProgram(cursor) }
    },
    run: async (session, { options, program }) => {
      let uids: number[]
      try {
        uids = await search(session, program.key)
      } catch (error) {
        // A search that was to be saved and failed leaves nothing behind. [RFC 9051 §6.4.4.1]
        if (options?.has('SAVE')) session.savedSearch = new Uint32Array(0)
        throw error
      }
      const numbers = byUid ? uids : uids.map((uid) => session.box.sequenceOf(uid))
      const found: Found = { uids, numbers }
      tellFound(session, options, found, byUid)
      if (options?.has('SAVE')) session.savedSearch = toSave(options, uids)
      return 'SEARCH done'
    },
  }),
)

async function search(session: Session, key: SearchKey): Promise<number[]> {
  const matches = matcherOf(session, key)
  const found: number[] = []
  for await (const rows of rowsAt(session, candidates(session, key)))
    for (const row of rows) {
      if (await matches(new SearchedMessage(session, row))) found.push(row.uid)
      await session.slice.breathe()
    }
  return found
}

/** A set that every found message must be in saves reading the others. */
function candidates(session: Session, key: SearchKey): Positions {
  if (key.kind === 'and')
    for (const inner of key.keys)
      if (inner.kind === 'messages') return positionsOf(session, inner.set, inner.byUid)
  return [[0, session.box.uids.length]]
}
