import { randomId } from '../../mail/ids.ts'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import type { EventFacts } from '../../plugins/events.ts'
import type { LeasedWork, NewWork } from '../../storage/port.ts'
import { INBOX } from '../accounts/standard-mailboxes.ts'
import { type DispatchPayload, type EventPayload, nextWork, type Step, type StepParts } from './steps.ts'

/** One row a recipient; what is not local has no way out of this provider yet and was refused at RCPT. */
export const fanOut: Step = async (parts, row, submission) => {
  const now = parts.clock.now().getTime()
  const payload: DispatchPayload = JSON.parse(row.payload)
  return submission.recipients.map((_, index) => nextWork(row, 'deliver', 'deliver', now, payload, index + 1))
}

/**
 * First the decision, then the act, each a row: identifier and time of the event are durable before the mailbox changes,
 * and what was decided is not decided again after a crash, whatever became of the account meanwhile (I4).
 */
export const deliver: Step = async (parts, row, submission) => {
  const payload: DispatchPayload | PutPayload = JSON.parse(row.payload)
  return 'facts' in payload ? put(parts, row, submission, payload) : decide(parts, row, submission, payload)
}

interface PutPayload extends DispatchPayload {
  readonly facts: EventFacts
}

const decide = async (
  parts: StepParts,
  row: LeasedWork,
  submission: SubmissionRecord,
  payload: DispatchPayload,
): Promise<NewWork[]> => {
  const at = parts.clock.now()
  const account = await parts.directory.get(recipientOf(row, submission).address)
  const base = { id: randomId('ev'), at: at.toISOString(), recipient: row.recipient }
  if (account?.state === 'active') {
    const decided: PutPayload = { ...payload, facts: { ...base, hook: 'delivered' } }
    return [nextWork(row, 'put', 'deliver', at.getTime(), decided)]
  }
  const facts: EventFacts = {
    ...base,
    hook: 'nondelivered',
    reason: account === undefined ? 'UnknownRecipient' : 'PolicyViolation',
    details: account === undefined ? 'no such account' : `the account is ${account.state}`,
  }
  return [nextWork(row, 'transport', 'issue', at.getTime(), { facts } satisfies EventPayload)]
}

/** Into the mailbox; its outcome is set once by the key of the row that follows. */
const put = async (
  { store, deemedReadMs }: StepParts,
  row: LeasedWork,
  submission: SubmissionRecord,
  payload: PutPayload,
): Promise<NewWork[]> => {
  const mailbox = await store.mailboxes.byName(recipientOf(row, submission).address, INBOX)
  if (mailbox === undefined) throw new Error(`the account of recipient ${row.recipient} has no INBOX`)
  const at = Date.parse(payload.facts.at)
  await store.mailboxes.append(mailbox.id, {
    opId: `deliver/${row.intake}/${row.recipient}`,
    body: payload.dispatch,
    staged: [],
    index: await store.blobs.read(payload.index),
    flags: [],
    date: at,
    saved: at,
    origin: 'pipeline',
    delivery: {
      intake: row.intake,
      recipient: row.recipient,
      contentStart: payload.contentStart,
      contentEnd: payload.contentEnd,
    },
  })
  return [
    nextWork(row, 'transport', 'issue', at, { facts: payload.facts } satisfies EventPayload),
    nextWork(row, 'expiry', 'timer', at + deemedReadMs, {}),
  ]
}

function recipientOf(row: LeasedWork, submission: SubmissionRecord): { address: string } {
  const recipient = submission.recipients[row.recipient - 1]
  if (recipient === undefined) throw new Error(`submission ${row.intake} has no recipient ${row.recipient}`)
  return recipient
}

/** Nobody read it in time. If somebody did, the row `reading` exists and this one changes nothing. */
export const expireReading: Step = async (parts, row) => {
  const now = parts.clock.now()
  const facts: EventFacts = {
    id: randomId('ev'),
    hook: 'retrieval_expired',
    at: now.toISOString(),
    recipient: row.recipient,
  }
  return [nextWork(row, 'reading', 'issue', now.getTime(), { facts } satisfies EventPayload)]
}
