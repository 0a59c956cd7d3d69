import { asRelayed } from '../../mail/message-record.ts'
import { composeEvidenceMessage, factsOf } from '../issue/evidence-message.ts'
import { nextWork, type Step } from '../issue/steps.ts'
import type { SendPayload } from './payloads.ts'

/**
 * Evidence for the sending provider as a REM-MD message in its queue. Relay evidence is for the provider itself, what
 * became of the message for the sender. [EN 319 532-4 §5.5.1.3]
 */
export const answerPeer: Step = async (parts, row, message) => {
  const { store, clock, peers } = parts
  const record = asRelayed(message)
  const facts = await factsOf(parts, row)
  const service = peers.of(record.peer)?.serviceAddress ?? `kep@${record.peer}`
  const to = facts.hook === 'relay_in' ? { address: service } : record.sender
  const { staged } = await composeEvidenceMessage(parts, record, facts, { to })
  const send: SendPayload = {
    what: 'evidence',
    mail: await store.blobs.save(staged, `intake/${row.intake}`),
    eightBit: false,
    to: to.address,
    phase: 'queued',
  }
  const slot = row.slot.replace(/-answer$/, '-send')
  return [{ ...nextWork(row, slot, 'send', clock.now().getTime(), send), queue: record.peer }]
}
