import { randomId } from '../../mail/ids.ts'
import type { EventFacts } from '../../plugins/events.ts'
import { deliveryExpired, relayExpired, sendExpired } from '../relay/deadlines.ts'
import { RECHECK, recheckSigners } from './recheck.ts'
import { type EventPayload, nextWork, type Step } from './steps.ts'

/** Nobody read it in time. If somebody did, the row `reading` exists and this one changes nothing. */
const readingExpired: Step = async (parts, row) => {
  const now = parts.clock.now()
  const facts: EventFacts = {
    id: randomId('ev'),
    hook: 'retrieval_expired',
    at: now.toISOString(),
    recipient: row.recipient,
  }
  return [nextWork(row, 'reading', 'issue', now.getTime(), { facts } satisfies EventPayload)]
}

/** A hint only tells; the row is there to be shown. */
const nothing: Step = async () => []

/** Deadlines by the first word of their slot. */
const byName = new Map<string, Step>([
  ['expiry', readingExpired],
  ['send-expiry', sendExpired],
  ['relay-expiry', relayExpired],
  ['delivery-expiry', deliveryExpired],
  ['hint', nothing],
  [RECHECK, recheckSigners],
])

export const meetDeadline: Step = async (parts, row, message) => {
  const step = byName.get(row.slot.split('/')[0] ?? '')
  if (step === undefined) throw new Error(`no deadline is called ${row.slot}`)
  return step(parts, row, message)
}
