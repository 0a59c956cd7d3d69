import type { KepAccount } from '../../mail/account.ts'
import { dayText } from '../../mail/calendar.ts'
import { typeKeyword } from '../../mail/house-keywords.ts'
import { randomId } from '../../mail/ids.ts'
import { type MessageRecord, typeOf } from '../../mail/message-record.ts'
import { type ServingRule, servedBy } from '../../mail/served-at.ts'
import type { EventFacts, ServedFacts } from '../../plugins/events.ts'
import type { LeasedWork, NewWork } from '../../storage/port.ts'
import { INBOX } from '../accounts/standard-mailboxes.ts'
import { noticesOf } from '../notify/notice.ts'
import { warnOfQuota } from './quota-warning.ts'
import { type DispatchPayload, type EventPayload, nextWork, type Step, type StepParts } from './steps.ts'

/**
 * First the decision, then the act, each a row: identifier and time of the event are durable before the mailbox changes,
 * and what was decided is not decided again after a crash, whatever became of the account meanwhile (I4).
 */
export const deliver: Step = async (parts, row, message) => {
  const payload: DispatchPayload | PutPayload = JSON.parse(row.payload)
  return 'facts' in payload ? put(parts, row, message, payload) : decide(parts, row, message, payload)
}

interface PutPayload extends DispatchPayload {
  readonly facts: EventFacts
}

const decide = async (
  parts: StepParts,
  row: LeasedWork,
  message: MessageRecord,
  payload: DispatchPayload,
): Promise<NewWork[]> => {
  const at = parts.clock.now()
  const account = await accountOf(parts, row, message)
  const base = { id: randomId('ev'), at: at.toISOString(), recipient: row.recipient }
  if (account?.state === 'active') {
    const served = typeOf(message) === 'eTebligat' ? { served: servedFacts(at, parts.serving()) } : {}
    const decided: PutPayload = { ...payload, facts: { ...base, hook: 'delivered', ...served } }
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
  parts: StepParts,
  row: LeasedWork,
  message: MessageRecord,
  payload: PutPayload,
): Promise<NewWork[]> => {
  const { store, deemedReadMs, noticeChannels } = parts
  const account = await accountOf(parts, row, message)
  const mailbox = account && (await store.mailboxes.byName(account.address, INBOX))
  if (account === undefined || mailbox === undefined)
    throw new Error(`the account of recipient ${row.recipient} has no INBOX`)
  const at = Date.parse(payload.facts.at)
  await store.mailboxes.append(mailbox.id, {
    opId: `deliver/${row.intake}/${row.recipient}`,
    body: payload.dispatch,
    staged: [],
    index: await store.blobs.read(payload.index),
    flags: [typeKeyword(typeOf(message))],
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
  await warnOfQuota(parts, account.address)
  return [
    nextWork(row, 'transport', 'issue', at, { facts: payload.facts } satisfies EventPayload),
    nextWork(row, 'expiry', 'timer', at + deemedReadMs, {}),
    ...noticesOf(account, noticeChannels, row, at),
  ]
}

function servedFacts(delivered: Date, rule: ServingRule): ServedFacts {
  const { at, day } = servedBy(delivered, rule)
  return { at: at.toISOString(), day: dayText(day), days: rule.days, zone: rule.zone }
}

/** Peers may write to the operator too; our own accounts to accounts. */
function accountOf(
  { directory, envelope }: StepParts,
  row: LeasedWork,
  message: MessageRecord,
): Promise<KepAccount | undefined> {
  const { address } = recipientOf(row, message)
  return message.origin === 'relay'
    ? directory.receiving(address, envelope.serviceAddress)
    : directory.get(address)
}

function recipientOf(row: LeasedWork, message: MessageRecord): { address: string } {
  const recipient = message.recipients[row.recipient - 1]
  if (recipient === undefined) throw new Error(`message ${row.intake} has no recipient ${row.recipient}`)
  return recipient
}
