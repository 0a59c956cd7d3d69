import { charged, chargeRecipient } from '../purse/charge.ts'
import { answerPeer } from '../relay/answer.ts'
import { takePeerEvidence } from '../relay/peer-evidence.ts'
import { checkedDispatch } from '../relay/relay-in.ts'
import { changeMailbox } from './change-mailbox.ts'
import { meetDeadline } from './deadlines.ts'
import { deliver } from './deliver.ts'
import { fanOut } from './fan-out.ts'
import { issueAcceptance, issueEvent } from './issue-evidence.ts'
import { makeDispatch } from './make-dispatch.ts'
import type { Steps } from './steps.ts'

/** The walk of a message after its acceptance, kind by kind; rows of the kind `send` are the relay's own. */
export const steps: Steps = {
  accepted: (parts, row, message) =>
    (message.origin === 'relay' ? checkedDispatch : issueAcceptance)(parts, row, message),
  issue: charged(issueEvent),
  envelope: (parts, row, message) =>
    (message.origin === 'relay' ? answerPeer : makeDispatch)(parts, row, message),
  fanout: fanOut,
  deliver,
  evidence: charged(takePeerEvidence),
  mailboxOp: changeMailbox,
  charge: chargeRecipient,
  timer: meetDeadline,
}
