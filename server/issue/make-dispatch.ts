import { composeDispatch } from '../../evidence/index.ts'
import { mailboxesOf, readAddressList } from '../../mail/address-list.ts'
import { decodeHeaderText } from '../../mail/encoded-word.ts'
import type { WrittenMailbox } from '../../mail/header-write.ts'
import { asSubmission } from '../../mail/message-record.ts'
import { MESSAGE_TYPE_FIELD } from '../../mail/message-type.ts'
import { encodeIndex } from '../../mail/mime-codec.ts'
import type { MimeIndex } from '../../mail/mime-part.ts'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import { answeredBy } from '../../mail/thread-ids.ts'
import { StoreError, scratchFor } from '../../storage/port.ts'
import { stageBytes } from '../stage-bytes.ts'
import { type DispatchPayload, type EventPayload, nextWork, type Step } from './steps.ts'
import { storeMessage } from './store-message.ts'

/** Evidence, introduction and headers around the original; more than this around it is no message of ours. */
const MAX_OVERHEAD = 64 * 1_048_576

/** One REM dispatch for all recipients: the original octet for octet, with the evidence of its acceptance. */
export const makeDispatch: Step = async (parts, row, message) => {
  const submission = asSubmission(message)
  const { store, clock } = parts
  const intake = await store.intake(row.intake)
  const accepted = await store.work.get(row.intake, 0, 'submission')
  if (intake?.body === undefined || accepted === undefined)
    throw new StoreError('CORRUPT', `intake ${row.intake} has no message`)
  const { body } = intake
  const { facts }: EventPayload = JSON.parse(accepted.payload)
  const evidence = await parts.issuer.issue(facts, submission) // read back from the archive
  const draft = parts.issuer.draftOf(facts, submission)
  const octets = composeDispatch({
    settings: parts.envelope,
    signer: parts.envelopeSigner(),
    timestamper: parts.stampEnvelopes === 'none' ? undefined : parts.timestamper,
    date: clock.now(),
    facts: draft,
    outcome: evidence.meta.outcome,
    evidence: [{ root: draft.root, octets: evidence.octets }],
    sender: { name: submission.sender.name, address: submission.sender.address },
    to: written(submission.header.to),
    cc: written(submission.header.cc),
    references: [...answeredBy(submission.header), submission.userMessageId ?? ''],
    copied:
      submission.header.messageType === undefined
        ? []
        : [{ name: MESSAGE_TYPE_FIELD, value: submission.header.messageType }],
    userSignature: verdictOn(submission),
    original: {
      size: body.size,
      eightBit: submission.message.eightBit,
      digest: { hash: 'sha256', value: Buffer.from(submission.message.sha256, 'hex') },
      open: () => store.blobs.open(body, undefined, scratchFor(body.size)),
    },
  })
  const { staged, index } = await storeMessage(store, octets, body.size + MAX_OVERHEAD)
  const payload: DispatchPayload = {
    dispatch: await store.blobs.save(staged, `intake/${row.intake}`),
    index: await store.blobs.save(await stageBytes(store, encodeIndex(index)), `intake/${row.intake}`),
    ...contentOf(index),
  }
  // A row of its own holds the dispatch before anyone gets it: the first one made is the one that everyone gets.
  return [nextWork(row, 'fanout', 'fanout', clock.now().getTime(), payload)]
}

/** Where the original's content lies: the nested message of the envelope's message/rfc822 part, without its header. */
function contentOf({ root }: MimeIndex): { contentStart: number; contentEnd: number } {
  const original = root.children[0]?.children.find(
    (part) => part.type === 'message' && part.subtype === 'rfc822',
  )
  const message = original?.children[0]
  if (message === undefined) throw new Error('the dispatch that was just made holds no original')
  return { contentStart: message.bodyStart, contentEnd: message.bodyEnd }
}

const written = (field: string): WrittenMailbox[] =>
  mailboxesOf(readAddressList(field)).map(({ name, local, domain }) => ({
    ...(name === undefined ? {} : { name: decodeHeaderText(name) }),
    address: `${local}@${domain}`,
  }))

const verdictOn = ({ signature, decidedAt }: SubmissionRecord) => ({
  valid: signature !== undefined,
  signer: signature?.signer ?? '',
  issuer: signature?.issuer ?? '',
  checkedAt: new Date(signature?.verifiedAt ?? decidedAt),
})
