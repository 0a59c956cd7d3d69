import { messageIdsIn } from '../../../mail/message-ids.ts'
import { turkishCasemap } from '../../../mail/turkish-fold.ts'
import type { Known } from '../known-values.ts'
import { type Lasting, octetsOfText, ownText, valuesOf } from '../search/lasting.ts'
import type { Session } from '../session.ts'
import { sentAt, subjectOf } from '../sort/keys.ts'
import { flattened, type ThreadMessage, type ThreadNode } from './node.ts'

export type ThreadAlgorithm = (
  messages: readonly ThreadMessage[],
  breathe: () => Promise<void>,
) => Promise<ThreadNode[]>

/** As {@link flattened}. Clients ask for the threads of all messages at each visit, and mostly nothing came meanwhile. */
export async function threadsOf(
  session: Session,
  name: string,
  algorithm: ThreadAlgorithm,
  uids: Uint32Array,
): Promise<Uint32Array> {
  const { box, parts, slice } = session
  const key = `${box.row.id} threads ${name}`
  const known = parts.knownValues.get(key)
  if (known instanceof KnownThreads && known.areOf(uids)) return known.steps
  const messages = (await valuesOf(session, box.row, THREADED, uids)).filter((one) => one !== undefined)
  const breathe = () => slice.breathe()
  const steps = await flattened(await algorithm(messages, breathe), breathe)
  // Where some are gone it is not known what it is the answer to.
  if (messages.length === uids.length) parts.knownValues.put(key, new KnownThreads(uids, steps))
  return steps
}

class KnownThreads implements Known {
  readonly steps: Uint32Array
  readonly #uids: Uint32Array

  constructor(uids: Uint32Array, steps: Uint32Array) {
    this.#uids = uids
    this.steps = steps
  }

  get octets(): number {
    return this.#uids.byteLength + this.steps.byteLength
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
