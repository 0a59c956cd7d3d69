import { composeReceipt } from '../../evidence/index.ts'
import { randomMessageId } from '../../mail/ids.ts'
import { encodeIndex } from '../../mail/mime-codec.ts'
import { MimeIndexer } from '../../mail/mime-index.ts'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import type { EventFacts } from '../../plugins/events.ts'
import { StoreError, scratchFor } from '../../storage/port.ts'
import { EVIDENCE, SENT } from '../accounts/standard-mailboxes.ts'
import { sentJoinKey } from '../sent-join-key.ts'
import type { EventPayload, MailboxPayload, Step, StepParts } from './steps.ts'
import { storeMessage } from './store-message.ts'

/** A change of the sender's mailboxes that belongs to the message. */
export const changeMailbox: Step = async (parts, row, submission) => {
  const payload: MailboxPayload = JSON.parse(row.payload)
  if (payload.op === 'file') await fileOriginal(parts, submission, payload.bodyDigest)
  else {
    const facts = await factsOf(parts, row.intake, row.recipient, row.slot)
    await putReceipt(parts, submission, facts)
  }
  return []
}

/** The row that a receipt answers to: `receipt` → `submission`, `transport-receipt` → `transport`. */
async function factsOf(
  parts: StepParts,
  intake: string,
  recipient: number,
  slot: string,
): Promise<EventFacts> {
  const source = slot === 'receipt' ? 'submission' : slot.replace(/-receipt$/, '')
  const row = await parts.store.work.get(intake, recipient, source)
  if (row === undefined)
    throw new StoreError('CORRUPT', `${intake} has no ${source} for recipient ${recipient}`)
  const { facts }: EventPayload = JSON.parse(row.payload)
  return facts
}

/** A signed REM-MD message with one evidence into the sender's Deliller; repeated, it is the same one. */
async function putReceipt(parts: StepParts, submission: SubmissionRecord, facts: EventFacts): Promise<void> {
  const { store, clock } = parts
  const mailbox = await mailboxOf(parts, submission, EVIDENCE)
  const evidence = await parts.issuer.issue(facts, submission)
  const draft = parts.issuer.draftOf(facts, submission)
  const octets = composeReceipt({
    settings: parts.envelope,
    signer: parts.envelopeSigner,
    timestamper: parts.stampEnvelopes === 'all' ? parts.timestamper : undefined,
    date: new Date(facts.at),
    facts: draft,
    outcome: evidence.meta.outcome,
    evidence: [{ root: draft.root, octets: evidence.octets }],
    messageId: randomMessageId('delil', parts.envelope.serviceAddress.split('@')[1] ?? ''),
    to: { name: submission.sender.name, address: submission.sender.address },
  })
  const { staged, index } = await storeMessage(store, octets, MAX_RECEIPT)
  const now = clock.now().getTime()
  await store.mailboxes.append(mailbox, {
    opId: `receipt/${facts.id}`,
    body: staged.ref,
    staged: [staged],
    index: encodeIndex(index),
    flags: [],
    date: now,
    saved: now,
    origin: 'pipeline',
  })
}

/** Evidence that names 1,000 recipients has 300 KB; base64 and the envelope double it. */
const MAX_RECEIPT = 16 * 1_048_576

/** The signed original into Giden Kutusu; a client's own copy and this one are one message. */
async function fileOriginal(
  parts: StepParts,
  submission: SubmissionRecord,
  bodyDigest: string,
): Promise<void> {
  const { store } = parts
  const intake = await store.intake(submission.id)
  if (intake?.body === undefined) throw new StoreError('CORRUPT', `intake ${submission.id} has no message`)
  const mailbox = await mailboxOf(parts, submission, SENT)
  const indexer = new MimeIndexer()
  for await (const piece of store.blobs.open(intake.body, undefined, scratchFor(intake.body.size)))
    indexer.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))
  const at = Date.parse(submission.decidedAt)
  await store.mailboxes.append(mailbox, {
    opId: `file/${submission.id}`,
    body: intake.body,
    staged: [],
    index: encodeIndex(indexer.end()),
    flags: ['\\Seen'],
    date: at,
    saved: at,
    origin: 'pipeline',
    joinKey: sentJoinKey(submission.userMessageId ?? '', bodyDigest),
  })
}

async function mailboxOf(parts: StepParts, submission: SubmissionRecord, name: string): Promise<string> {
  const mailbox = await parts.store.mailboxes.byName(submission.sender.address, name)
  if (mailbox === undefined) throw new Error(`the sender of ${submission.id} has no mailbox for it`)
  return mailbox.id
}
