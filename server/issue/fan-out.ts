import { parseKepAddress } from '../../mail/kep-address.ts'
import { asSubmission } from '../../mail/message-record.ts'
import { writePositions } from '../../mail/positions.ts'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import type { NewWork } from '../../storage/port.ts'
import type { DeadlinePayload, SendPayload } from '../relay/payloads.ts'
import { type DispatchPayload, nextWork, type Step } from './steps.ts'

/** The dispatch exists: one row a local recipient, and for the recipients of each peer one row in its queue. */
export const fanOut: Step = async (parts, row, message) => {
  const submission = asSubmission(message)
  const now = parts.clock.now().getTime()
  const payload: DispatchPayload = JSON.parse(row.payload)
  const local = submission.recipients.flatMap((recipient, index): NewWork[] =>
    recipient.local ? [nextWork(row, 'deliver', 'deliver', now, payload, index + 1)] : [],
  )
  const foreign = [...byProvider(submission)].flatMap(([provider, positions]): NewWork[] => {
    const send: SendPayload = {
      what: 'dispatch',
      mail: payload.dispatch,
      eightBit: submission.message.eightBit,
      positions,
      phase: 'queued',
    }
    const deadline: DeadlinePayload = { provider, positions }
    return [
      { ...nextWork(row, `send/${provider}`, 'send', now, send), queue: provider },
      nextWork(row, `send-expiry/${provider}`, 'timer', now + parts.relay().expiry, deadline),
    ]
  })
  return [...local, ...foreign]
}

function byProvider({ recipients }: SubmissionRecord): Map<string, string> {
  const positions = new Map<string, number[]>()
  for (const [index, { address, local }] of recipients.entries()) {
    const provider = parseKepAddress(address)?.provider
    if (local || provider === undefined) continue
    positions.set(provider, [...(positions.get(provider) ?? []), index + 1])
  }
  return new Map([...positions].map(([provider, list]) => [provider, writePositions(list)]))
}
