import type { MessageRow } from '../../storage/port.ts'
import { SEEN } from './flags.ts'
import type { Session } from './session.ts'

/** Half-open range of octets of a message. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Whether these octets hold any of the original beyond its headers. */
export const touchesContent = (row: Pick<MessageRow, 'delivery'>, span: Span): boolean =>
  row.delivery !== undefined &&
  Math.max(span.start, row.delivery.contentStart) < Math.min(span.end, row.delivery.contentEnd)

/**
 * Under the rule `content` the reading becomes durable before the first octet of content leaves; where that fails,
 * nothing leaves. `trigger` is the command as evidence shows it.
 */
export async function readByContent(session: Session, row: MessageRow, trigger: string): Promise<void> {
  const { retrievals } = session.parts
  if (retrievals.rule !== 'content' || row.delivery === undefined) return
  await requireReader(session)
  await retrievals.read(session.reader, row.delivery, trigger)
}

/** Under the rule `seen` it is the flag that says that somebody read. */
export async function readBySeen(session: Session, row: MessageRow, trigger: string): Promise<void> {
  const { retrievals } = session.parts
  if (retrievals.rule !== 'seen' || row.delivery === undefined || row.flags.includes(SEEN)) return
  await requireReader(session)
  await retrievals.read(session.reader, row.delivery, trigger)
}

/** A command may go on for hours: nothing is read in the name of a person who may no more. */
async function requireReader(session: Session): Promise<void> {
  await session.refresh()
  session.require('read')
}
