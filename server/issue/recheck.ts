import type { MessageRecord } from '../../mail/message-record.ts'
import type { NewWork } from '../../storage/port.ts'
import { NotYet, nextWork, type Step, type StepParts } from './steps.ts'

/** Responders and lists are asked again so often; lists come daily. */
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

export const recheckSigners: Step = async ({ rechecks, clock }, _row, message) => {
  if (message.origin === 'relay') return []
  if ((await rechecks.make(message)) === undefined)
    throw new NotYet(clock.now().getTime() + ASKED_AGAIN_MS, 'nobody tells the status since the acceptance')
  return []
}
