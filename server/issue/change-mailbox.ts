import { typeKeyword } from '../../mail/house-keywords.ts'
import { asSubmission, typeOf } from '../../mail/message-record.ts'
import { encodeIndex } from '../../mail/mime-codec.ts'
import { MimeIndexer } from '../../mail/mime-index.ts'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import type { EventFacts } from '../../plugins/events.ts'
import { StoreError, scratchFor } from '../../storage/port.ts'
import { EVIDENCE, SENT } from '../accounts/standard-mailboxes.ts'
import { sentJoinKey } from '../sent-join-key.ts'
import { composeEvidenceMessage, factsOf } from './evidence-message.ts'
import { Filed } from './filed.ts'
import { markSent } from './mark-sent.ts'
import { warnOfQuota } from './quota-warning.ts'
import type { LyingReceipt, MailboxPayload, Step, StepParts } from './steps.ts'

/** A change of the sender's mailboxes that belongs to the message. */
export const changeMailbox: Step = async (parts, row, message) => {
  const submission = asSubmission(message)
  const payload: MailboxPayload = JSON.parse(row.payload)
  if (payload.op === 'file') {
    await fileOriginal(parts, submission, payload.bodyDigest)
    await markSent(parts, submission, 'all')
    await warnOfQuota(parts, submission.sender.address)
  } else {
    const facts = await factsOf(parts, row)
    const lies = await putReceipt(parts, submission, facts, payload.note)
    // Kept with the row: so evidence is found from the message that it is about.
    await parts.store.work.note(row, JSON.stringify({ ...payload, lies } satisfies MailboxPayload))
    if (row.recipient > 0) await markSent(parts, submission, [row.recipient])
  }
  return []
}

/** A signed REM-MD message with one evidence into the sender's Deliller; repeated, it is the same one. */
async function putReceipt(
  parts: StepParts,
  submission: SubmissionRecord,
  facts: EventFacts,
  note: string | undefined,
): Promise<LyingReceipt> {
  const { store, clock } = parts
  const mailbox = await mailboxOf(parts, submission, EVIDENCE)
  const { staged, index, outcome } = await composeEvidenceMessage(parts, submission, facts, {
    to: { name: submission.sender.name, address: submission.sender.address },
    note,
  })
  const now = clock.now().getTime()
  const { uid } = await store.mailboxes.append(mailbox, {
    opId: note === undefined ? `receipt/${facts.id}` : `notice/${facts.id}`,
    body: staged.ref,
    staged: [staged],
    index: encodeIndex(index),
    flags: [],
    date: now,
    saved: now,
    origin: 'pipeline',
  })
  const [lying] = await store.mailboxes.rows(mailbox, [uid])
  return { outcome, at: facts.at, ...(lying === undefined ? {} : { body: lying.body.hash }) }
}

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
  const { uid } = await store.mailboxes.append(mailbox, {
    opId: `file/${submission.id}`,
    body: intake.body,
    staged: [],
    index: encodeIndex(indexer.end()),
    flags: ['\\Seen', typeKeyword(typeOf(submission))],
    date: at,
    saved: at,
    origin: 'pipeline',
    joinKey: sentJoinKey(submission.userMessageId ?? '', bodyDigest),
  })
  // A client's own copy has a header of its own.
  const [lying] = await store.mailboxes.rows(mailbox, [uid])
  await new Filed(store).put(submission, lying?.body.hash ?? intake.body.hash)
}

export async function mailboxOf(
  parts: StepParts,
  submission: SubmissionRecord,
  name: string,
): Promise<string> {
  const mailbox = await parts.store.mailboxes.byName(submission.sender.address, name)
  if (mailbox === undefined) throw new Error(`the sender of ${submission.id} has no mailbox for it`)
  return mailbox.id
}
