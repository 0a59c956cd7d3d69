import {
  AUTHENTICATION_METHODS,
  type EntityDetails,
  type EvidenceDraft,
  type Extension,
  eventCodeOf,
  type OutcomeName,
  outcomeNamed,
  reasonUri,
} from '../evidence/index.ts'
import type { EvidenceReason } from '../mail/errors.ts'
import type { MessageRecord } from '../mail/message-record.ts'
import type { SubmissionRecord } from '../mail/submission-record.ts'
import type { Services } from './api.ts'
import type { EvidenceEvent, ServedFacts } from './events.ts'

/** What every delil about a message says alike; each type's plugin adds what is its own. [TS 102 640-2 §5] */
export function baseDraft(services: Services, event: EvidenceEvent, outcome: OutcomeName): EvidenceDraft {
  const { message } = event
  const { profile, provider } = services
  const submitted = message.origin === 'relay' ? message.submittedAt : message.decidedAt
  return {
    root: outcomeNamed(outcome).root,
    version: profile.version,
    id: event.id,
    eventCode: eventCodeOf(profile, outcome),
    reasons: [],
    policyIds: profile.policyIds,
    issuer: { names: [provider.name], language: 'tr', addresses: [provider.serviceAddress] },
    eventTime: event.at,
    // A peer's clock may be ahead of ours; evidence does not say that a message was submitted after it came.
    ...(submitted === undefined || submitted > event.at ? {} : { submissionTime: submitted }),
    replyTo: message.sender.address,
    sender: named(message.sender),
    recipients: message.recipients.map(
      ({ address, name }): EntityDetails =>
        name === undefined || name === ''
          ? { addresses: [address] }
          : { addresses: [address], displayName: name },
    ),
    message: {
      isNotification: false,
      subject: message.subject,
      ...(message.userMessageId === undefined ? {} : { uaMessageId: message.userMessageId }),
      remmdMessageId: message.messageId,
      ...digestOf(message),
    },
    extensions: [],
  }
}

const named = ({ name, address }: MessageRecord['sender']): EntityDetails =>
  name === '' ? { addresses: [address] } : { names: [name], language: 'tr', addresses: [address] }

/** Ours is SHA-256 over the octets as received; a peer's is copied, whatever it used. [EN 319 532-4 §C.4.5.1] */
const digestOf = (message: MessageRecord) =>
  message.origin === 'relay'
    ? { digestMethod: message.digest.algorithm, digestValue: message.digest.value }
    : {
        digestMethod: 'http://www.w3.org/2001/04/xmlenc#sha256',
        digestValue: Buffer.from(message.message.sha256, 'hex').toString('base64'),
      }

/** Which provider relay evidence is about, and which recipients. [EN 319 532-4 §5.5.1.3] */
export const relayExtension = (
  { profile }: Services,
  peer: string,
  positions: string,
  fields: Extension['fields'] = [],
): Extension => ({
  namespace: profile.extensionNamespace,
  name: 'Relay',
  critical: false,
  fields: [{ name: 'Provider', value: peer }, { name: 'Positions', value: positions }, ...fields],
})

/** When an e-Tebligat counts as served: at the end of a day after the delivery that the evidence is of. */
export const servedExtension = ({ profile }: Services, served: ServedFacts): Extension => ({
  namespace: profile.extensionNamespace,
  name: 'ETebligat',
  critical: false,
  fields: [
    { name: 'ServedAt', value: served.at },
    { name: 'ServedAtEndOf', value: served.day },
    { name: 'Days', value: String(served.days) },
    { name: 'Zone', value: served.zone },
  ],
})

/** How the sender proved to be the account; the person who acted is named beside it. */
export const senderAuthentication = ({ login, person }: SubmissionRecord) => ({
  time: login.at,
  method: AUTHENTICATION_METHODS.Basic.uri,
  additional: `${login.method}; ${login.detail}; ${person.shown}`,
})

export const reason = (name: EvidenceReason, details: string) => ({ code: reasonUri(name), details })

/** Login and signer may be two persons: evidence names both, and the archived material by its digest. */
export function submissionExtension({ profile }: Services, submission: SubmissionRecord): Extension {
  const { signature } = submission
  const fields = [
    { name: 'LoginPerson', value: submission.person.shown },
    { name: 'SubjectDigest', value: submission.subjectDigest },
    { name: 'MessageSize', value: String(submission.message.size) },
  ]
  if (signature !== undefined)
    fields.push(
      { name: 'Signer', value: signature.signer },
      { name: 'SignerPerson', value: signature.person?.shown ?? '' },
      { name: 'SignerCertificateIssuer', value: signature.issuer },
      { name: 'SignerCertificateSerial', value: signature.serial },
      { name: 'SignatureVerifiedAt', value: signature.verifiedAt },
      { name: 'Revocation', value: signature.revocation },
      { name: 'ArchivedMaterialDigest', value: signature.material },
    )
  return {
    namespace: profile.extensionNamespace,
    name: 'Submission',
    critical: false,
    fields: fields.filter(({ value }) => value !== ''),
  }
}
