import type { EvidenceFields, PeerEnvelope } from '../../../evidence/index.ts'
import { mailboxesOf, readAddressList } from '../../../mail/address-list.ts'
import { decodeHeaderText } from '../../../mail/encoded-word.ts'
import { isMessageId } from '../../../mail/header-write.ts'
import { withBrackets } from '../../../mail/ids.ts'
import { parseKepAddress } from '../../../mail/kep-address.ts'
import type { RelayedRecord } from '../../../mail/relayed-record.ts'
import { valuesOf } from '../../../plugins/message.ts'
import type { Arrival } from './parts.ts'

/** What a dispatch is about: from its evidence where that holds, else only claimed, to name what is rejected. */
export type DispatchFacts = Pick<
  RelayedRecord,
  | 'messageId'
  | 'userMessageId'
  | 'submittedAt'
  | 'sender'
  | 'recipients'
  | 'subject'
  | 'digest'
  | 'submissionEvidence'
>

const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'
/** Ids are keys of the store. */
const MAX_ID = 250
const MAX_NAME = 250
/** Longer subjects are cut where they are only claimed. */
const MAX_SUBJECT = 1000

/** undefined where not even a claim says which message it is. */
export function factsOf(arrival: Arrival, envelope: PeerEnvelope, domain: string): DispatchFacts | undefined {
  const acceptance = envelope.evidence.find(({ outcome }) => outcome === 'submission-acceptance')
  const fields = acceptance?.fields ?? envelope.claimed
  const messageId = idIn(fields, arrival)
  if (messageId === undefined) return undefined
  const digest = { algorithm: SHA256, value: digestOf(arrival, envelope) }
  if (fields?.message === undefined) return { ...headerFacts(arrival, domain), messageId, digest }
  const { message } = fields
  return {
    messageId,
    userMessageId: message.uaMessageId === undefined ? undefined : plainId(message.uaMessageId),
    submittedAt: timeIn(fields.submissionTime),
    sender: {
      address: (fields.sender.addresses[0] ?? '').toLowerCase(),
      name: plainText(fields.sender.names?.[0] ?? fields.sender.displayName ?? '', MAX_NAME),
    },
    recipients: fields.recipients.map(({ addresses, displayName }) =>
      recipient(addresses[0] ?? '', displayName, domain),
    ),
    subject: acceptance === undefined ? plainText(message.subject, MAX_SUBJECT) : message.subject,
    // A delil that holds names its message by this digest, also where the original beside it is another one.
    digest:
      acceptance === undefined || !isUsableDigest(message.digestMethod, message.digestValue)
        ? digest
        : { algorithm: message.digestMethod, value: message.digestValue },
    submissionEvidence: plainId(fields.id),
  }
}

/** One that our own evidence may repeat; a weak one is replaced by ours. */
const isUsableDigest = (algorithm: string, value: string): boolean =>
  DIGEST_LENGTHS.get(algorithm) === Buffer.from(value, 'base64').length

const DIGEST_LENGTHS: ReadonlyMap<string, number> = new Map([
  [SHA256, 32],
  ['http://www.w3.org/2001/04/xmldsig-more#sha384', 48],
  ['http://www.w3.org/2001/04/xmlenc#sha512', 64],
])

function idIn(fields: EvidenceFields | undefined, { header }: Arrival): string | undefined {
  const claims = [fields?.message?.remmdMessageId ?? '', valuesOf(header, 'message-id')[0] ?? '']
  return claims
    .filter((claim) => claim !== '')
    .map(withBrackets)
    .find((id) => id.length <= MAX_ID && isMessageId(id))
}

/** Where no delil can be read: the dispatch repeats the original's parties in its header. [EN 319 532-3 §6.2] */
function headerFacts({ header }: Arrival, domain: string) {
  const listed = (key: string) => mailboxesOf(readAddressList(valuesOf(header, key)[0] ?? ''))
  const written = ({ local, domain: of }: { local: string; domain: string }) => `${local}@${of}`
  const [sender] = [...listed('reply-to'), ...listed('from')]
  return {
    userMessageId: undefined,
    submittedAt: undefined,
    sender: {
      address: sender === undefined ? '' : written(sender).toLowerCase(),
      name: plainText(decodeHeaderText(sender?.name ?? ''), MAX_NAME),
    },
    recipients: [...listed('to'), ...listed('cc')].map((mailbox) =>
      recipient(written(mailbox), decodeHeaderText(mailbox.name ?? ''), domain),
    ),
    subject: plainText(decodeHeaderText(valuesOf(header, 'subject')[0] ?? ''), MAX_SUBJECT),
    submissionEvidence: undefined,
  }
}

function recipient(address: string, name: string | undefined, domain: string) {
  const kep = parseKepAddress(address.trim())
  return {
    address: kep?.address ?? plainText(address, MAX_ID).toLowerCase(),
    name: name === undefined || name === '' ? undefined : plainText(name, MAX_NAME),
    local: kep?.provider === domain,
  }
}

const digestOf = ({ received }: Arrival, { original }: PeerEnvelope): string =>
  original?.digests.get('sha256') ?? Buffer.from(received.staged.ref.hash, 'hex').toString('base64')

/** xs:dateTime may come without a zone; UTC then. */
export function timeIn(text: string | undefined): string | undefined {
  const read = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?)(Z|[+-]\d\d:\d\d)?$/.exec(text ?? '')
  const at = read === null ? Number.NaN : Date.parse(`${read[1]}${read[2] ?? 'Z'}`)
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}

export const plainId = (text: string): string => text.replace(/[^\x21-\x7e]/g, '?').slice(0, MAX_ID)

const plainText = (text: string, length: number): string =>
  text
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .slice(0, length)
    .toWellFormed()
    .trim()
