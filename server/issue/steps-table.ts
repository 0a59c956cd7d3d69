import { changeMailbox } from './change-mailbox.ts'
import { deliver, expireReading, fanOut } from './deliver.ts'
import { issueAcceptance, issueEvent } from './issue-evidence.ts'
import { makeDispatch } from './make-dispatch.ts'
import type { Steps } from './steps.ts'

/** The walk of a message after its acceptance, kind by kind; `send` belongs to the relay. */
export const steps: Steps = {
  accepted: issueAcceptance,
  issue: issueEvent,
  envelope: makeDispatch,
  fanout: fanOut,
  deliver,
  mailboxOp: changeMailbox,
  timer: expireReading,
}
