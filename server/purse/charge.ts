import { asSubmission, type MessageRecord } from '../../mail/message-record.ts'
import type { LeasedWork, NewWork } from '../../storage/port.ts'
import { nextWork, type Step } from '../issue/steps.ts'
import { decidedIn } from '../relay/outcomes.ts'

/** Written and read by this program only. */
interface ChargePayload {
  readonly delivered: boolean
}

/**
 * The transport outcome of a recipient is one row, whoever decided it: where that row is done, what was set aside for the
 * recipient is settled. Messages for which nothing was set aside have no such work.
 */
export const charged =
  (step: Step): Step =>
  async (parts, row, message) => {
    const next = await step(parts, row, message)
    return isPaid(message) && row.slot === 'transport'
      ? [...next, chargeOf(row, parts.clock.now().getTime())]
      : next
  }

const isPaid = (message: MessageRecord): boolean =>
  message.origin === 'submission' && message.reserved === true

function chargeOf(row: LeasedWork, now: number): NewWork {
  const decided = decidedIn(row)
  const outcome = decided && ('peer' in decided ? decided.peer.outcome : decided.ours.hook)
  const payload: ChargePayload = { delivered: outcome !== undefined && REACHED.has(outcome) }
  return nextWork(row, 'charge', 'charge', now, payload)
}

/** A peer that tells of a reading, or of its time that ran out, says that it delivered. */
const REACHED: ReadonlySet<string> = new Set(['delivered', 'delivery', 'retrieval', 'retrieval-expiration'])

/** Settles what was set aside for one recipient; repeated, it changes nothing. */
export const chargeRecipient: Step = async ({ purses }, row, message) => {
  const { sender, recipients } = asSubmission(message)
  const { delivered }: ChargePayload = JSON.parse(row.payload)
  const to = recipients[row.recipient - 1]?.address ?? ''
  await purses.settle(sender.address, row.intake, row.recipient, { delivered, to })
  return []
}
