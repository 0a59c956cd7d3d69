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
import type { SubmissionRecord } from '../mail/submission-record.ts'
import type { Services } from './api.ts'
import type { EvidenceEvent } from './events.ts'

/** What every delil about a submission says alike; each type's plugin adds what is its own. [TS 102 640-2 §5] */
export function baseDraft(services: Services, event: EvidenceEvent, outcome: OutcomeName): EvidenceDraft {
  const { submission } = event
  const { profile, provider } = services
  return {
    root: outcomeNamed(outcome).root,
    version: profile.version,
    id: event.id,
    eventCode: eventCodeOf(profile, outcome),
    reasons: [],
    policyIds: profile.policyIds,
    issuer: { names: [provider.name], language: 'tr', addresses: [provider.serviceAddress] },
    eventTime: event.at,
    submissionTime: submission.decidedAt,
    replyTo: submission.sender.address,
    sender: { names: [submission.sender.name], language: 'tr', addresses: [submission.sender.address] },
    recipients: submission.recipients.map(
      ({ address, name }): EntityDetails =>
        name === undefined || name === ''
          ? { addresses: [address] }
          : { addresses: [address], displayName: name },
    ),
    message: {
      isNotification: false,
      subject: submission.subject,
      ...(submission.userMessageId === undefined ? {} : { uaMessageId: submission.userMessageId }),
      remmdMessageId: submission.messageId,
      digestMethod: 'http://www.w3.org/2001/04/xmlenc#sha256',
      digestValue: Buffer.from(submission.message.sha256, 'hex').toString('base64'),
    },
    extensions: [],
  }
}

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
