import { command } from '../command.ts'
import { bad } from '../failure.ts'
import { find, uidsOfFound } from '../search/found.ts'
import { parseCharset, parseSearchProgram } from '../search/keys.ts'
import { formatThreads } from '../thread/node.ts'
import { orderedSubject } from '../thread/ordered-subject.ts'
import { byReferences } from '../thread/references.ts'
import { type ThreadAlgorithm, threadsOf } from '../thread/threads.ts'

const ALGORITHMS: ReadonlyMap<string, ThreadAlgorithm> = new Map([
  ['ORDEREDSUBJECT', orderedSubject],
  ['REFERENCES', byReferences],
])

/** [RFC 5256 §3] */
export const threadCommands = [false, true].map((byUid) =>
  command({
    name: byUid ? 'UID THREAD' : 'THREAD',
    state: 'selected',
    // By UID too: what is asked may name messages by number. [RFC 7162 §3.2.10.2]
    sync: 'no-expunge',
    parse: (cursor, enabled) => {
      cursor.space()
      const name = cursor.keyword()
      const algorithm = ALGORITHMS.get(name)
      if (algorithm === undefined) throw bad('There is no such algorithm')
      cursor.space()
      parseCharset(cursor, enabled)
      return { name, algorithm, program: parseSearchProgram(cursor, enabled) }
    },
    run: async (session, { name, algorithm, program: { key } }) => {
      const { box, out } = session
      const number = (uid: number): number => (byUid ? uid : box.sequenceOf(uid))
      const uids = uidsOfFound(await find(session, key))
      const steps = await threadsOf(session, name, algorithm, uids)
      out.raw(steps.length === 0 ? '* THREAD' : '* THREAD ')
      for (const piece of formatThreads(steps, number)) {
        out.raw(piece)
        await out.room()
        await session.slice.breathe()
      }
      out.raw('\r\n')
      return 'THREAD done'
    },
  }),
)
