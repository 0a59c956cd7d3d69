import { composeReceipt, type OutcomeName } from '../../evidence/index.ts'
import type { WrittenMailbox } from '../../mail/header-write.ts'
import { randomMessageId } from '../../mail/ids.ts'
import type { MessageRecord } from '../../mail/message-record.ts'
import type { MimeIndex } from '../../mail/mime-part.ts'
import { answeredBy } from '../../mail/thread-ids.ts'
import type { EventFacts } from '../../plugins/events.ts'
import { type StagedBlob, StoreError, type WorkKey } from '../../storage/port.ts'
import { CONTRADICTED, type EventPayload, type StepParts } from './steps.ts'
import { storeMessage } from './store-message.ts'

/** Evidence that names 1,000 recipients has 300 KB; base64 and the envelope double it. */
const MAX_EVIDENCE_MESSAGE = 16 * 1_048_576

/** A signed REM-MD message with one evidence, read back from the archive. */
export async function composeEvidenceMessage(
  parts: StepParts,
  message: MessageRecord,
  facts: EventFacts,
  { to, note }: { readonly to: WrittenMailbox; readonly note?: string | undefined },
): Promise<{ staged: StagedBlob; index: MimeIndex; outcome: OutcomeName }> {
  const evidence = await parts.issuer.issue(facts, message)
  const draft = parts.issuer.draftOf(facts, message)
  const octets = composeReceipt({
    settings: parts.envelope,
    signer: parts.envelopeSigner(),
    timestamper: parts.stampEnvelopes === 'all' ? parts.timestamper : undefined,
    date: new Date(facts.at),
    facts: draft,
    outcome: evidence.meta.outcome,
    evidence: [{ root: draft.root, octets: evidence.octets }],
    references: message.origin === 'submission' ? answeredBy(message.header) : [],
    messageId: randomMessageId('delil', parts.envelope.serviceAddress.split('@')[1] ?? ''),
    to,
    note,
    servedAtEndOf: facts.hook === 'delivered' ? facts.served?.day : undefined,
  })
  return {
    ...(await storeMessage(parts.store, octets, MAX_EVIDENCE_MESSAGE)),
    outcome: evidence.meta.outcome,
  }
}

/**
 * The event that a message of ours tells of, from the row of its slot: `receipt` → `submission`; `transport-receipt` and
 * `transport-answer` → `transport`. A notice that a peer says otherwise tells of the final outcome again.
 */
export async function factsOf(
  { store }: StepParts,
  { intake, recipient, slot }: WorkKey,
): Promise<EventFacts> {
  const source =
    slot === 'receipt'
      ? 'submission'
      : slot === CONTRADICTED
        ? 'transport'
        : slot.replace(/-(receipt|answer)$/, '')
  const row = await store.work.get(intake, recipient, source)
  if (row === undefined)
    throw new StoreError('CORRUPT', `${intake} has no ${source} for recipient ${recipient}`)
  const { facts }: EventPayload = JSON.parse(row.payload)
  return facts
}
