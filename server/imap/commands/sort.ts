import { command } from '../command.ts'
import { foundIn } from '../search/found.ts'
import { parseCharset, parseSearchProgram } from '../search/keys.ts'
import { answerFound, type FoundMessage, parseResultOptions } from '../search/result-options.ts'
import { parseSortKeys } from '../sort/keys.ts'
import { Sorter } from '../sort/sorted.ts'

/** [RFC 5256 §3] with the results of [RFC 5267 §3]. */
export const sortCommands = [false, true].map((byUid) =>
  command({
    name: byUid ? 'UID SORT' : 'SORT',
    state: 'selected',
    sync: byUid ? 'all' : 'no-expunge',
    parse: (cursor, enabled) => {
      cursor.space()
      const options = parseResultOptions(cursor)
      const keys = parseSortKeys(cursor)
      cursor.space()
      parseCharset(cursor, enabled)
      return { options, keys, program: parseSearchProgram(cursor, enabled) }
    },
    run: async (session, { options, keys, program: { key, modseq } }) => {
      if (modseq) session.enableCondstore()
      await answerFound(
        session,
        options,
        { word: 'SORT', byUid, modseq },
        { key, sort: keys },
        async (heldBack) => {
          const sorter = new Sorter<FoundMessage>(keys)
          for await (const message of foundIn(session, key, { heldBack })) {
            const { uid, modseq: changed } = message.row
            await sorter.take(message, { uid, modseq: changed })
          }
          return await sorter.sorted(() => session.slice.breathe())
        },
      )
      return 'SORT done'
    },
  }),
)
