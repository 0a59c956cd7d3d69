import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import {
  type CertificateValidator,
  checkAll,
  type EvidenceProfile,
  evidenceRules,
  RulesBroken,
  readUserSignature,
} from '../../evidence/index.ts'
import type { Clock } from '../../mail/clock.ts'
import { FAILURES, type FailureCode } from '../../mail/errors.ts'
import { readHeader } from '../../mail/header-read.ts'
import { intakeName, randomHex, randomId, randomMessageId } from '../../mail/ids.ts'
import type { MessageRecord } from '../../mail/message-record.ts'
import { messageTypeOf } from '../../mail/message-type.ts'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import type { Transaction, Verdict } from '../../plugins/api.ts'
import type { EventFacts } from '../../plugins/events.ts'
import { type SignerTrust, type SubmittedMessage, valuesOf } from '../../plugins/message.ts'
import type { Pipeline } from '../../plugins/pipeline.ts'
import { type NewIntake, type NewWork, type StagedBlob, type Store, StoreError } from '../../storage/port.ts'
import type { MaterialArchive } from '../archive/material.ts'
import { readRecord } from '../message-records.ts'
import type { Held, Purses } from '../purse/purses.ts'
import type { ReceivedMessage } from '../received-message.ts'
import { stageBytes } from '../stage-bytes.ts'
import type { TokenBuckets } from '../token-buckets.ts'
import { makeRecord, type PersonId } from './submission-record.ts'

export interface SubmissionParts {
  readonly store: Store
  readonly clock: Clock
  readonly pipeline: Pipeline
  readonly validator: CertificateValidator
  readonly materials: MaterialArchive
  /** Each rejection evidence costs two signatures and two stamps, so an account gets so many an hour. */
  readonly rejections: TokenBuckets
  readonly profile: EvidenceProfile
  readonly domain: string
  readonly revocation: 'require' | 'if-present'
  readonly dedupWindowMs: number
  readonly personId: PersonId
  readonly purses: Purses
}

export type Answer =
  | { readonly accepted: true; readonly messageId: string; readonly duplicate: boolean }
  | {
      readonly accepted: false
      readonly code: FailureCode
      readonly told: string
      readonly evidenceId?: string
    }

/**
 * The decision about one complete message. The acceptance is drafted and passes its rules first; then one durable
 * write; only then the answer. That write is the instant after which nothing may be lost (I1).
 *
 * @param begunAt when DATA began: what a responder said before does not tell how the certificate stands now
 */
export async function decide(
  parts: SubmissionParts,
  transaction: Transaction,
  received: ReceivedMessage,
  begunAt: Date,
): Promise<Answer> {
  try {
    const message = await judge(parts, received, begunAt)
    const verdict = await parts.pipeline.ask('data_post', { transaction, message })
    if (verdict.kind === 'refuse') return await rejected(parts, transaction, message, verdict)
    return await accepted(parts, transaction, message, received)
  } finally {
    await received.staged.discard()
  }
}

/** Computes the signature and judges its certificates; what these mean is the plugins' business. */
async function judge(
  parts: SubmissionParts,
  received: ReceivedMessage,
  begunAt: Date,
): Promise<SubmittedMessage> {
  const { staged, index, wire } = received
  const { validator } = parts
  const signature = await readUserSignature(index, received.signedDigest, staged.open, validator.desk)
  const trust: SignerTrust[] = []
  if (signature.form !== 'none' && signature.form !== 'encrypted') {
    const { signers, certificates } = signature.report
    for (const signer of signers)
      if (signer.ok) {
        // Each may take milliseconds; others have their turn in between (I9).
        if (trust.length > 0) await turn()
        trust.push({
          certificate: signer.certificate,
          path: await validator.validate(signer.certificate, {
            intermediates: certificates,
            at: parts.clock.now(),
            revocation: parts.revocation,
            freshSince: begunAt,
          }),
        })
      }
  }
  // The header was counted against its limit while it passed, so what is read here is bounded.
  const header = await Array.fromAsync(
    staged.open({ start: 0, end: Math.min(index.root.bodyStart, MAX_HEADER) }),
  )
  return {
    size: staged.ref.size,
    sha256: staged.ref.hash,
    wire,
    index,
    header: readHeader(Buffer.concat(header)),
    signature,
    trust,
    open: staged.open,
  }
}

/** Twice the default limit on headers: enough to see why a message with more is refused. */
const MAX_HEADER = 2 * 1_048_576

async function accepted(
  parts: SubmissionParts,
  transaction: Transaction,
  message: SubmittedMessage,
  received: ReceivedMessage,
): Promise<Answer> {
  const { store, clock } = parts
  const at = clock.now()
  const material = await parts.materials.stage(message.trust, verdictReport(message, at))
  const record = makeRecord({
    id: randomHex(),
    messageId: randomMessageId('rem', parts.domain),
    decidedAt: at,
    transaction,
    message,
    personId: parts.personId,
    material: material.ref,
  })
  const facts: EventFacts = { hook: 'accepted', id: randomId('ev'), at: at.toISOString() }
  checkAll(parts.pipeline.draft({ ...facts, message: record }), evidenceRules(parts.profile))
  // Last of all, so that whatever is refused costs nothing.
  const held = await parts.purses.reserve(sendingOf(record))
  const notBefore = at.getTime() - parts.dedupWindowMs
  if (held === undefined) {
    const earlier = await paidBefore(store, record, notBefore)
    return earlier === undefined
      ? { accepted: false, code: 'NOT_AFFORDABLE', told: '' }
      : { accepted: true, messageId: earlier.messageId, duplicate: true }
  }
  const { duplicateOf } = await unlessVoid(parts, held, () =>
    persist(parts, held === 'free' ? record : { ...record, reserved: true }, facts, {
      body: received.staged,
      extra: [material],
      bodyDigest: received.bodyDigest,
      dedup: { key: dedupKey(record), notBefore },
    }),
  )
  if (duplicateOf !== undefined) await parts.purses.release(held)
  if (duplicateOf === undefined) return { accepted: true, messageId: record.messageId, duplicate: false }
  const first = await store.intake(duplicateOf)
  const octets = first && (await store.blobs.read(first.envelope))
  const earlier: SubmissionRecord | undefined = octets && JSON.parse(Buffer.from(octets).toString())
  return { accepted: true, messageId: earlier?.messageId ?? record.messageId, duplicate: true }
}

/** Whoever missed the 250 for the last message that could be paid hears it now. */
async function paidBefore(
  store: Store,
  record: SubmissionRecord,
  notBefore: number,
): Promise<MessageRecord | undefined> {
  if (record.userMessageId === undefined) return undefined
  const key = dedupKey(record)
  const named = await store.intakesNamed(record.userMessageId)
  for (const intake of named.slice(0, MAX_SAME_NAME)) {
    if (intake.body === undefined || intake.at < notBefore) continue
    const earlier = await readRecord(store, intake)
    if (earlier.origin === 'submission' && dedupKey(earlier) === key) return earlier
  }
  return undefined
}

/** Anybody may give many messages one name; more than these are not looked at for who cannot pay. */
const MAX_SAME_NAME = 10

const sendingOf = ({ id, messageId, sender, person, recipients, header, message }: SubmissionRecord) => ({
  account: sender.address,
  intake: id,
  messageId,
  type: messageTypeOf(header.messageType) ?? 'standart',
  size: message.size,
  recipients: recipients.length,
  by: `person/${person.handle}`,
})

/** Who took so long that the sweep gave the id up gives back what it holds; after any other failure the sweep decides. */
async function unlessVoid<T>({ purses }: SubmissionParts, held: Held, accept: () => Promise<T>): Promise<T> {
  try {
    return await accept()
  } catch (error) {
    if (error instanceof StoreError && error.code === 'VOIDED') await purses.release(held)
    throw error
  }
}

/** Rejection evidence is durable before the refusal is told; past the account's rate the refusal alone is told. */
async function rejected(
  parts: SubmissionParts,
  transaction: Transaction,
  message: SubmittedMessage,
  verdict: Extract<Verdict, { kind: 'refuse' }>,
): Promise<Answer> {
  const { code, told } = verdict
  const failure: (typeof FAILURES)[FailureCode] = FAILURES[code]
  const answer = { accepted: false, code, told } as const
  if (
    !verdict.evidence ||
    !('reason' in failure) ||
    !parts.rejections.take(transaction.session.account.address)
  )
    return answer
  const at = parts.clock.now()
  const record = makeRecord({
    id: randomHex(),
    messageId: randomMessageId('rem', parts.domain),
    decidedAt: at,
    transaction,
    message,
    personId: parts.personId,
    material: undefined,
  })
  const details = told === '' ? code : `${code} ${told}`
  const facts: EventFacts = {
    hook: 'refused',
    id: randomId('ev'),
    at: at.toISOString(),
    reason: failure.reason,
    details,
  }
  try {
    checkAll(parts.pipeline.draft({ ...facts, message: record }), evidenceRules(parts.profile))
  } catch (error) {
    if (error instanceof RulesBroken) return answer // nothing lawful can be said of it, so only the refusal is
    throw error
  }
  await persist(parts, record, facts, { body: undefined, extra: [], bodyDigest: undefined, dedup: undefined })
  return { ...answer, evidenceId: facts.id }
}

interface Persisted {
  body: StagedBlob | undefined
  extra: readonly StagedBlob[]
  bodyDigest: string | undefined
  dedup: NewIntake['dedup']
}

async function persist(
  { store, domain }: SubmissionParts,
  record: SubmissionRecord,
  facts: EventFacts,
  { body, extra, bodyDigest, dedup }: Persisted,
): Promise<{ duplicateOf: string | undefined }> {
  const envelope = await stageBytes(store, Buffer.from(JSON.stringify(record)))
  const at = Date.parse(record.decidedAt)
  const first: NewWork = {
    intake: record.id,
    recipient: 0,
    slot: 'submission',
    kind: facts.hook === 'accepted' ? 'accepted' : 'issue',
    due: at,
    payload: JSON.stringify({ facts, bodyDigest }),
  }
  return store.accept({
    id: record.id,
    at,
    ...(dedup === undefined ? {} : { dedup }),
    body: body?.ref,
    envelope: envelope.ref,
    names: [
      record.messageId,
      intakeName(domain, record.messageId),
      ...(record.userMessageId === undefined ? [] : [record.userMessageId]),
    ],
    staged: [envelope, ...extra, ...(body === undefined ? [] : [body])],
    first,
  })
}

/** The same account, Message-ID, octets and recipients are the same submission: a client that missed our 250. */
function dedupKey(record: SubmissionRecord): string {
  const recipients = record.recipients.map(({ address }) => address).sort()
  return createHash('sha256')
    .update(JSON.stringify([record.sender.address, record.userMessageId, record.message.sha256, recipients]))
    .digest('hex')
}

function verdictReport(message: SubmittedMessage, at: Date): object {
  const { signature } = message
  return {
    verifiedAt: at.toISOString(),
    form: signature.form,
    messageDigest: message.sha256,
    messageId: valuesOf(message.header, 'message-id')[0],
    signers:
      signature.form === 'none' || signature.form === 'encrypted'
        ? []
        : signature.report.signers.map((signer) => ({
            ok: signer.ok,
            failure: signer.failure,
            certificate: signer.certificate?.fingerprint,
            hash: signer.hash,
            algorithm: signer.algorithm,
            signingTime: signer.signingTime?.toISOString(),
            bes: signer.bes,
          })),
    paths: message.trust.map(({ certificate, path }) => ({
      certificate: certificate.fingerprint,
      ok: path.ok,
      ...(path.ok ? { revocation: path.revocation } : { failure: path.failure }),
    })),
  }
}
