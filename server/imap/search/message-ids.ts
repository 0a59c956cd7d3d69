import { decodeHeaderText } from '../../../mail/encoded-word.ts'
import { intakeName, withBrackets } from '../../../mail/ids.ts'
import type { MimePart } from '../../../mail/mime-part.ts'
import { turkishCasemap } from '../../../mail/turkish-fold.ts'
import { Filed } from '../../issue/filed.ts'
import { touchesContent } from '../retrieval-gate.ts'
import type { Session } from '../session.ts'
import type { SearchedMessage } from './searched-message.ts'

/** What can be an id, with its brackets or without. */
const WHOLE_ID = /^<?[^<>\s]{1,250}>?$/

/**
 * Whether a message is known by this id, or by a part of one: its own, those of messages in it (a dispatch holds what the user
 * wrote), and the one that its provider gave it, also where no field of it says so. Of that one the whole is needed: it is
 * looked up once and not in each message.
 */
export function messageIdMatcher(
  session: Session,
  text: string,
): (message: SearchedMessage) => Promise<boolean> {
  const folded = turkishCasemap(text)
  let named: Promise<Named> | undefined
  return async (message) => {
    for (const id of await idsIn(message)) {
      if (turkishCasemap(decodeHeaderText(id)).includes(folded)) return true
      await session.slice.breathe()
    }
    if (!WHOLE_ID.test(text)) return false
    named ??= namedBy(session, withBrackets(text))
    const { intakes, bodies } = await named
    const { delivery, body } = message.row
    return delivery === undefined ? bodies.has(body.hash) : intakes.has(delivery.intake)
  }
}

/** From the index; of what nobody has read yet nothing is looked at but headers of the original. */
async function idsIn(message: SearchedMessage): Promise<string[]> {
  const index = await message.index()
  if (index === undefined) return []
  const ids: string[] = []
  const pending: MimePart[] = [index.root]
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    pending.push(...part.children)
    const id = part.envelope?.messageId
    if (id === undefined) continue
    const isInside = touchesContent(message.row, { start: part.headerStart, end: part.bodyStart })
    if (!isInside || (await message.mayLookInside())) ids.push(id)
  }
  return ids
}

interface Named {
  readonly intakes: ReadonlySet<string>
  /** As they lie with their senders. */
  readonly bodies: ReadonlySet<string>
}

/** Under the name that only we give, and under that which anybody may have chosen: some of the latter may be left out. */
async function namedBy({ parts: { store, domain } }: Session, id: string): Promise<Named> {
  const rows = await Promise.all([intakeName(domain, id), id].map((name) => store.intakesNamed(name)))
  const intakes = new Set(rows.flat().map((row) => row.id))
  const filed = new Filed(store)
  const bodies = new Set<string>()
  for (const intake of intakes) {
    const body = await filed.bodyOf(intake)
    if (body !== undefined) bodies.add(body)
  }
  return { intakes, bodies }
}
