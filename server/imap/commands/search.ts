import { command } from '../command.ts'
import { positionsOf, rowsAt } from '../message-set.ts'
import { countOf, type Positions } from '../number-set.ts'
import { Progress } from '../progress.ts'
import { parseSearchProgram, type SearchKey } from '../search/keys.ts'
import { matcherOf } from '../search/matcher.ts'
import { type FoundMessage, parseResultOptions, tellFound, toSave } from '../search/result-options.ts'
import { SearchedMessage } from '../search/searched-message.ts'
import type { Session } from '../session.ts'

/** [RFC 9051 §6.4.4]; ESEARCH and SEARCHRES are part of it. */
export const searchCommands = [false, true].map((byUid) =>
  command({
    name: byUid ? 'UID SEARCH' : 'SEARCH',
    state: 'selected',
    sync: byUid ? 'all' : 'no-expunge',
    parse: (cursor, enabled) => {
      cursor.space()
      const options = parseResultOptions(cursor)
      return { options, program: parseSearchProgram(cursor, enabled) }
    },
    run: async (session, { options, program: { key, modseq } }) => {
      if (modseq) session.enabled.condstore = true
      const saves = options?.names.has('SAVE') === true
      let found: FoundMessage[]
      try {
        found = await search(session, key)
      } catch (error) {
        // A search that was to be saved and failed leaves nothing behind. [RFC 9051 §6.4.4.1]
        if (saves) session.savedSearch = new Uint32Array(0)
        throw error
      }
      tellFound(session, options, found, { byUid, modseq })
      if (saves) session.savedSearch = toSave(options, found)
      return 'SEARCH done'
    },
  }),
)

async function search(session: Session, key: SearchKey): Promise<FoundMessage[]> {
  const matches = matcherOf(session, key)
  const found: FoundMessage[] = []
  const positions = candidates(session, key)
  const progress = new Progress(session, countOf(positions))
  for await (const rows of rowsAt(session, positions)) {
    for (const row of rows) {
      if (await matches(new SearchedMessage(session, row))) found.push({ uid: row.uid, modseq: row.modseq })
      await session.slice.breathe()
    }
    await progress.advance(rows.length)
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
