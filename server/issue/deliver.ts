import { randomId } from '../../mail/ids.ts'
import type { EventFacts } from '../../plugins/events.ts'
import { INBOX } from '../accounts/standard-mailboxes.ts'
import { type DispatchPayload, type EventPayload, nextWork, type Step } from './steps.ts'

/** One row a recipient; what is not local has no way out of this provider yet and was refused at RCPT. */
export const fanOut: Step = async (parts, row, submission) => {
  const now = parts.clock.now().getTime()
  const payload: DispatchPayload = JSON.parse(row.payload)
  return submission.recipients.map((_, index) => nextWork(row, 'deliver', 'deliver', now, payload, index + 1))
}

/** Into the mailbox of a local recipient; its outcome is set once by the key of the row that follows. */
export const deliver: Step = async (parts, row, submission) => {
  const { store, clock, directory } = parts
  const payload: DispatchPayload = JSON.parse(row.payload)
  const recipient = submission.recipients[row.recipient - 1]
  if (recipient === undefined) throw new Error(`submission ${row.intake} has no recipient ${row.recipient}`)
  const account = await directory.get(recipient.address)
  const outcome = (facts: EventFacts) =>
    nextWork(row, 'transport', 'issue', clock.now().getTime(), { facts } satisfies EventPayload)
  const base = { id: randomId('ev'), recipient: row.recipient }
  const refused = (details: string): EventFacts => ({
    ...base,
    hook: 'nondelivered',
    at: clock.now().toISOString(),
    reason: account === undefined ? 'UnknownRecipient' : 'PolicyViolation',
    details,
  })
  if (account === undefined) return [outcome(refused('no such account'))]
  if (account.state !== 'active') return [outcome(refused(`the account is ${account.state}`))]
  const mailbox = await store.mailboxes.byName(account.address, INBOX)
  if (mailbox === undefined) throw new Error(`the account of recipient ${row.recipient} has no INBOX`)
  const at = clock.now()
  await store.mailboxes.append(mailbox.id, {
    opId: `deliver/${row.intake}/${row.recipient}`,
    body: payload.dispatch,
    staged: [],
    index: await store.blobs.read(payload.index),
    flags: [],
    date: at.getTime(),
    saved: at.getTime(),
    origin: 'pipeline',
    delivery: {
      intake: row.intake,
      recipient: row.recipient,
      contentStart: payload.contentStart,
      contentEnd: payload.contentEnd,
    },
  })
  return [
    outcome({ ...base, hook: 'delivered', at: at.toISOString() }),
    nextWork(row, 'expiry', 'timer', at.getTime() + parts.deemedReadMs, {}),
  ]
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
