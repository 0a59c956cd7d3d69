import { command } from '../command.ts'
import { find } from '../search/found.ts'
import { parseCharset, parsedOrRefused, parseSearchProgram } from '../search/keys.ts'
import { answerFound, parseResultOptions, programOf } from '../search/result-options.ts'
import { parseSortKeys } from '../sort/keys.ts'
import { sorted } from '../sort/sorted.ts'

/** [RFC 5256 §3] with the results of [RFC 5267 §3]. */
export const sortCommands = [false, true].map((byUid) =>
  command({
    name: byUid ? 'UID SORT' : 'SORT',
    state: 'selected',
    // By UID too: what is asked may name messages by number. [RFC 7162 §3.2.10.2]
    sync: 'no-expunge',
    parse: (cursor, enabled) => {
      cursor.space()
      const options = parseResultOptions(cursor)
      const keys = parseSortKeys(cursor)
      cursor.space()
      const program = parsedOrRefused(cursor, () => {
        parseCharset(cursor, enabled)
        return parseSearchProgram(cursor, enabled)
      })
      return { options, keys, program }
    },
    run: async (session, { options, keys, program }) => {
      const { key, modseq } = programOf(session, options, program)
      if (modseq) session.enableCondstore()
      await answerFound(
        session,
        options,
        { word: 'SORT', byUid, modseq },
        { key, sort: keys },
        async (heldBack) => sorted(session, keys, await find(session, key, { heldBack })),
      )
      return 'SORT done'
    },
  }),
)
