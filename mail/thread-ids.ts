import { messageIdsIn } from './message-ids.ts'

/** Of long threads; what receipts repeat is bounded, and more says nothing of the thread. */
const NEWEST = 9

interface ThreadFields {
  readonly references?: string | undefined
  readonly inReplyTo?: string | undefined
}

/** The messages that one answers: the first of all, which names the thread, and the newest. [RFC 5322 §3.6.4] */
export function answeredBy({ references, inReplyTo }: ThreadFields): string[] {
  const known = messageIdsIn(references)
  if (known.length === 0) return messageIdsIn(inReplyTo).slice(0, 1)
  return [...known.slice(0, 1), ...known.slice(1).slice(-NEWEST)]
}
