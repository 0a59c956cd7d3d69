import { createHash } from 'node:crypto'
import type { Certificate } from '../../evidence/index.ts'
import type { Person } from '../../mail/account.ts'
import { mailboxesOf, readAddressList } from '../../mail/address-list.ts'
import { decodeHeaderText } from '../../mail/encoded-word.ts'
import type { HeaderField } from '../../mail/header-read.ts'
import { signerAmong } from '../../mail/signer-identity.ts'
import type { RecordedRecipient, RecordedSignature, SubmissionRecord } from '../../mail/submission-record.ts'
import type { Transaction } from '../../plugins/api.ts'
import { type SubmittedMessage, typeField, valuesOf } from '../../plugins/message.ts'
import type { BlobRef } from '../../storage/port.ts'

/** How a person is named in evidence: the operator's choice between clarity and data protection. */
export type PersonId = 'name' | 'number'

export interface RecordRequest {
  readonly id: string
  readonly messageId: string
  readonly decidedAt: Date
  readonly transaction: Transaction
  readonly message: SubmittedMessage
  readonly personId: PersonId
  /** The list of the archived material. */
  readonly material: BlobRef | undefined
}

/** Writes down, once, everything that evidence about this submission will be drafted from. */
export function makeRecord(request: RecordRequest): SubmissionRecord {
  const { transaction, message, decidedAt } = request
  const { session } = transaction
  const value = (key: string): string => valuesOf(message.header, key)[0] ?? ''
  const subject = value('subject')
  return {
    origin: 'submission',
    id: request.id,
    messageId: request.messageId,
    userMessageId: value('message-id') === '' ? undefined : printable(value('message-id')),
    decidedAt: decidedAt.toISOString(),
    sender: { address: session.account.address, name: session.account.holder },
    person: { handle: session.person.handle, shown: shownPerson(session.person, request.personId) },
    login: {
      at: new Date(session.login.at).toISOString(),
      method: session.login.method,
      detail: `SMTP ${session.login.ip}`,
    },
    recipients: recipientsOf(transaction, message.header),
    subject: decodeHeaderText(subject),
    subjectDigest: createHash('sha256').update(subject, 'latin1').digest('hex'),
    header: {
      from: value('from'),
      to: value('to'),
      cc: value('cc'),
      subject,
      references: value('references'),
      inReplyTo: value('in-reply-to'),
      messageType: typeField(message.header),
    },
    message: { size: message.size, sha256: message.sha256, eightBit: message.wire.eightBit },
    signature: signatureOf(request),
  }
}

/** In the order of To, then Cc; who is in the envelope only stands behind them (and was refused by a rule). */
function recipientsOf(transaction: Transaction, header: readonly HeaderField[]): RecordedRecipient[] {
  const envelope = new Map(
    transaction.recipients.map((recipient) => [recipient.kep.address, recipient.local]),
  )
  const listed = ['to', 'cc'].flatMap((key) => mailboxesOf(readAddressList(valuesOf(header, key)[0] ?? '')))
  const recipients = new Map<string, RecordedRecipient>()
  for (const { local, domain, name } of listed) {
    const address = `${local}@${domain}`.toLowerCase()
    const isLocal = envelope.get(address)
    if (isLocal === undefined || recipients.has(address)) continue
    recipients.set(address, {
      address,
      name: name === undefined ? undefined : decodeHeaderText(name),
      local: isLocal,
    })
  }
  for (const [address, local] of envelope)
    if (!recipients.has(address)) recipients.set(address, { address, name: undefined, local })
  return [...recipients.values()]
}

const personOf = ({ session }: Transaction, { subject }: Certificate) =>
  signerAmong(session.account.persons, subject.serialNumber)

/** Of several signers the first who is a person of the account counts. */
function signatureOf({
  message,
  transaction,
  decidedAt,
  material,
  personId,
}: RecordRequest): RecordedSignature | undefined {
  const { signature, trust } = message
  if (signature.form === 'none' || signature.form === 'encrypted' || material === undefined) return undefined
  const counting =
    trust.find(({ certificate }) => personOf(transaction, certificate) !== undefined) ?? trust[0]
  const signer = signature.report.signers.find((one) => one.ok && one.certificate === counting?.certificate)
  if (signer?.ok !== true || counting === undefined) return undefined
  const { certificate } = signer
  const person = personOf(transaction, certificate)
  return {
    // The subject holds the identity number: people are shown the name alone.
    signer: certificate.subject.commonName ?? certificate.fingerprint,
    issuer: certificate.issuer.text,
    serial: certificate.serial,
    person: person && { handle: person.handle, shown: shownPerson(person, personId) },
    signingTime: signer.signingTime?.toISOString(),
    verifiedAt: decidedAt.toISOString(),
    bes: signer.bes,
    hash: signer.hash,
    revocation: counting.path.ok ? counting.path.revocation : 'not-checked',
    material: material.hash,
    materialSize: material.size,
  }
}

export const shownPerson = (person: Person, personId: PersonId): string =>
  personId === 'number' ? `${person.name} (${person.identityNumber})` : person.name

/** Ids of refused messages may hold anything. */
const printable = (text: string): string => text.replace(/[^\x21-\x7e]/g, '?').slice(0, 250)
