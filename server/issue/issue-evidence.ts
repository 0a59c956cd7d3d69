import { readPositions } from '../../mail/positions.ts'
import type { LeasedWork, NewWork } from '../../storage/port.ts'
import { recheckLater } from './recheck.ts'
import { type DispatchPayload, type EventPayload, type MailboxPayload, nextWork, type Step } from './steps.ts'

/** The acceptance: evidence first; then the sender's receipt, the filed original and the dispatch. */
export const issueAcceptance: Step = async (parts, row, message) => {
  const { facts, bodyDigest }: EventPayload = JSON.parse(row.payload)
  await parts.issuer.issue(facts, message)
  const now = parts.clock.now().getTime()
  return [
    nextWork(row, 'receipt', 'mailboxOp', now, { op: 'receipt', eventId: facts.id } satisfies MailboxPayload),
    nextWork(row, 'filed', 'mailboxOp', now, {
      op: 'file',
      bodyDigest: bodyDigest ?? '',
    } satisfies MailboxPayload),
    nextWork(row, 'dispatch', 'envelope', now, {}),
    ...recheckLater(row, message, parts),
  ]
}

/**
 * Any other event: evidence, then word of it to the sender: a receipt where the sender is ours, else an answer to the
 * sending provider. What a peer sent is delivered after the evidence that we took it.
 */
export const issueEvent: Step = async (parts, row, message) => {
  const { facts, dispatch }: EventPayload = JSON.parse(row.payload)
  await parts.issuer.issue(facts, message)
  const now = parts.clock.now().getTime()
  const receipt: MailboxPayload = { op: 'receipt', eventId: facts.id }
  const told =
    message.origin === 'relay'
      ? nextWork(row, `${row.slot}-answer`, 'envelope', now, {})
      : nextWork(row, `${row.slot}-receipt`, 'mailboxOp', now, receipt)
  const taken = facts.hook === 'relay_in' && facts.verdict === 'accepted'
  return taken && dispatch !== undefined ? [told, ...deliveries(row, now, facts.positions, dispatch)] : [told]
}

const deliveries = (row: LeasedWork, now: number, positions: string, dispatch: DispatchPayload): NewWork[] =>
  readPositions(positions).map((position) => nextWork(row, 'deliver', 'deliver', now, dispatch, position))
