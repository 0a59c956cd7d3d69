import { messageIdsIn } from '../../../mail/message-ids.ts'
import { turkishCasemap } from '../../../mail/turkish-fold.ts'
import { command } from '../command.ts'
import { bad } from '../failure.ts'
import { foundIn } from '../search/found.ts'
import { parseCharset, parseSearchProgram } from '../search/keys.ts'
import type { SearchedMessage } from '../search/searched-message.ts'
import { sentAt, subjectOf } from '../sort/keys.ts'
import { formatThread, type ThreadMessage, type ThreadNode } from '../thread/node.ts'
import { orderedSubject } from '../thread/ordered-subject.ts'
import { byReferences } from '../thread/references.ts'

type Algorithm = (messages: readonly ThreadMessage[], breathe: () => Promise<void>) => Promise<ThreadNode[]>

const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map([
  ['ORDEREDSUBJECT', orderedSubject],
  ['REFERENCES', byReferences],
])

/** [RFC 5256 §3] */
export const threadCommands = [false, true].map((byUid) =>
  command({
    name: byUid ? 'UID THREAD' : 'THREAD',
    state: 'selected',
    sync: byUid ? 'all' : 'no-expunge',
    parse: (cursor, enabled) => {
      cursor.space()
      const algorithm = ALGORITHMS.get(cursor.keyword())
      if (algorithm === undefined) throw bad('There is no such algorithm')
      cursor.space()
      parseCharset(cursor, enabled)
      return { algorithm, program: parseSearchProgram(cursor, enabled) }
    },
    run: async (session, { algorithm, program: { key } }) => {
      const messages: ThreadMessage[] = []
      for await (const message of foundIn(session, key)) messages.push(await threaded(message))
      const { box, out } = session
      const number = (uid: number): number => (byUid ? uid : box.sequenceOf(uid))
      const roots = await algorithm(messages, () => session.slice.breathe())
      out.raw(roots.length === 0 ? '* THREAD' : '* THREAD ')
      for (const root of roots) {
        out.raw(formatThread(root, number))
        await out.room()
        await session.slice.breathe()
      }
      out.raw('\r\n')
      return 'THREAD done'
    },
  }),
)

async function threaded(message: SearchedMessage): Promise<ThreadMessage> {
  const envelope = await message.envelope()
  const { text, isAnswer } = subjectOf(envelope)
  const references = messageIdsIn(envelope.references).slice(-MAX_REFERENCES)
  return {
    uid: message.row.uid,
    sentAt: sentAt(message, envelope),
    subject: turkishCasemap(text),
    isAnswer,
    id: messageIdsIn(envelope.messageId)[0],
    references: references.length > 0 ? references : messageIdsIn(envelope.inReplyTo).slice(0, 1),
  }
}

/** Whoever writes many of them has the newest heard. */
const MAX_REFERENCES = 20
