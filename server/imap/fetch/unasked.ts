import type { MessageRow } from '../../../storage/port.ts'
import { refusalOf } from '../failure.ts'
import type { Session } from '../session.ts'
import { answerFetch } from './answer.ts'
import { type FetchItem, itemsOfUidFetch } from './items.ts'

/**
 * Sends of a message what the client asked for beforehand, and never marks it \Seen. Content that leaves was read, so that becomes
 * durable first; what cannot be sent is passed over, since no command is there to be refused. [RFC 5465 §5.2]
 */
export async function fetchUnasked(
  session: Session,
  row: MessageRow,
  items: readonly FetchItem[],
  trigger: 'NOTIFY' | 'UPDATE',
): Promise<void> {
  const wanted = session.enabled.uidOnly ? itemsOfUidFetch(items) : items
  if (wanted.length === 0) return
  // What nobody asked for just now tells the modseq to who asked for one once. [RFC 7162 §3.1]
  const modseq = session.enabled.condstore && !wanted.some(({ kind }) => kind === 'MODSEQ')
  const told: readonly FetchItem[] = modseq ? [...wanted, { kind: 'MODSEQ' }] : wanted
  try {
    await answerFetch(session, row, told, trigger)
  } catch (error) {
    if (refusalOf(error) === undefined) throw error
  }
}
