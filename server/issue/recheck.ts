import type { MessageRecord } from '../../mail/message-record.ts'
import type { NewWork } from '../../storage/port.ts'
import { NotYet, nextWork, type Step, type StepParts } from './steps.ts'

/** Responders and lists are asked again so often, until one tells what was known after the grace period; lists come daily. */
const ASKED_AGAIN_MS = 6 * 3_600_000

/** The slot of the deadline at which the signers of a submission are judged again. */
export const RECHECK = 'recheck'

/** What follows an acceptance whose signers were judged. */
export const recheckLater = (
  row: Parameters<typeof nextWork>[0],
  message: MessageRecord,
  { recheckGrace }: Pick<StepParts, 'recheckGrace'>,
): NewWork[] =>
  message.origin === 'relay' || message.signature === undefined
    ? []
    : [nextWork(row, RECHECK, 'timer', Date.parse(message.decidedAt) + recheckGrace(), {})]

export const recheckSigners: Step = async ({ rechecks, clock, recheckGrace }, _row, message) => {
  if (message.origin === 'relay') return []
  const now = clock.now().getTime()
  // A reload may have made the grace period longer: what is known now is enough for a deadline that has come.
  const graceEnd = Math.min(now, Date.parse(message.decidedAt) + recheckGrace())
  if ((await rechecks.make(message, new Date(graceEnd))) === undefined)
    throw new NotYet(now + ASKED_AGAIN_MS, 'nobody tells the status since the grace period')
  return []
}
