import { type EventPayload, type MailboxPayload, nextWork, type Step } from './steps.ts'

/** The acceptance: evidence first; then the sender's receipt, the filed original and the dispatch. */
export const issueAcceptance: Step = async (parts, row, submission) => {
  const { facts, bodyDigest }: EventPayload = JSON.parse(row.payload)
  await parts.issuer.issue(facts, submission)
  const now = parts.clock.now().getTime()
  return [
    nextWork(row, 'receipt', 'mailboxOp', now, { op: 'receipt', eventId: facts.id } satisfies MailboxPayload),
    nextWork(row, 'filed', 'mailboxOp', now, {
      op: 'file',
      bodyDigest: bodyDigest ?? '',
    } satisfies MailboxPayload),
    nextWork(row, 'dispatch', 'envelope', now, {}),
  ]
}

/** Any other event: evidence, then a receipt for the sender. */
export const issueEvent: Step = async (parts, row, submission) => {
  const { facts }: EventPayload = JSON.parse(row.payload)
  await parts.issuer.issue(facts, submission)
  const receipt: MailboxPayload = { op: 'receipt', eventId: facts.id }
  return [nextWork(row, `${row.slot}-receipt`, 'mailboxOp', parts.clock.now().getTime(), receipt)]
}
