import { command } from '../command.ts'
import { find } from '../search/found.ts'
import { parsedOrRefused, parseSearchProgram } from '../search/keys.ts'
import { answerFound, parseResultOptions, programOf } from '../search/result-options.ts'

/** [RFC 9051 §6.4.4]; ESEARCH and SEARCHRES are part of it. */
export const searchCommands = [false, true].map((byUid) =>
  command({
    name: byUid ? 'UID SEARCH' : 'SEARCH',
    state: 'selected',
    // By UID too: what is asked may name messages by number. [RFC 7162 §3.2.10.2]
    sync: 'no-expunge',
    parse: (cursor, enabled) => {
      cursor.space()
      const options = parseResultOptions(cursor)
      return { options, program: parsedOrRefused(cursor, () => parseSearchProgram(cursor, enabled)) }
    },
    run: async (session, { options, program }) => {
      const { key, modseq } = programOf(session, options, program)
      if (modseq) session.enableCondstore()
      await answerFound(session, options, { word: 'SEARCH', byUid, modseq }, { key }, (heldBack) =>
        find(session, key, { heldBack }),
      )
      return 'SEARCH done'
    },
  }),
)
