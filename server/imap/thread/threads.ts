import { messageIdsIn } from '../../../mail/message-ids.ts'
import { turkishCasemap } from '../../../mail/turkish-fold.ts'
import type { Known } from '../known-values.ts'
import { type Lasting, octetsOfText, ownText, valuesOf } from '../search/lasting.ts'
import type { Session } from '../session.ts'
import { sentAt, subjectOf } from '../sort/keys.ts'
import type { ThreadMessage, ThreadNode } from './node.ts'

export type ThreadAlgorithm = (
  messages: readonly ThreadMessage[],
  breathe: () => Promise<void>,
) => Promise<ThreadNode[]>

/** Clients ask for the threads of all messages at each visit, and mostly nothing came meanwhile. */
export async function threadsOf(
  session: Session,
  name: string,
  algorithm: ThreadAlgorithm,
  uids: Uint32Array,
): Promise<readonly ThreadNode[]> {
  const { box, parts, slice } = session
  const key = `${box.row.id} threads ${name}`
  const known = parts.knownValues.get(key)
  if (known instanceof KnownThreads && known.areOf(uids)) return known.roots
  const messages = (await valuesOf(session, box.row, THREADED, uids)).filter((one) => one !== undefined)
  const roots = await algorithm(messages, () => slice.breathe())
  // Where some are gone it is not known what it is the answer to.
  if (messages.length === uids.length) parts.knownValues.put(key, new KnownThreads(uids, roots))
  return roots
}

class KnownThreads implements Known {
  readonly roots: readonly ThreadNode[]
  readonly #uids: Uint32Array

  constructor(uids: Uint32Array, roots: readonly ThreadNode[]) {
    this.#uids = uids
    this.roots = roots
  }

  /** A node, its list and its place among others. */
  get octets(): number {
    return this.#uids.length * 200
  }

  areOf(uids: Uint32Array): boolean {
    return uids.length === this.#uids.length && uids.every((uid, at) => uid === this.#uids[at])
  }
}

const THREADED: Lasting<ThreadMessage> = {
  name: 'thread',
  of: async (message) => {
    const envelope = await message.envelope()
    const { text, isAnswer } = subjectOf(envelope)
    const references = messageIdsIn(envelope.references).slice(-MAX_REFERENCES)
    const [id] = messageIdsIn(envelope.messageId)
    return {
      uid: message.row.uid,
      sentAt: sentAt(message, envelope),
      subject: ownText(turkishCasemap(text)),
      isAnswer,
      id: id === undefined ? undefined : ownText(id),
      references: (references.length > 0 ? references : messageIdsIn(envelope.inReplyTo).slice(0, 1)).map(
        ownText,
      ),
    }
  },
  octets: ({ id = '', subject, references }) =>
    [id, subject, ...references].reduce((sum, text) => sum + octetsOfText(text), 128),
}

/** Whoever writes many of them has the newest heard. */
const MAX_REFERENCES = 20
