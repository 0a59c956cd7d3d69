import type { PeerEvidence } from '../../../evidence/index.ts'
import { intakeName, withBrackets } from '../../../mail/ids.ts'
import { parseKepAddress } from '../../../mail/kep-address.ts'
import { readForeignPositions } from '../../../mail/positions.ts'
import type { SubmissionRecord } from '../../../mail/submission-record.ts'
import type { Store } from '../../../storage/port.ts'
import { readRecord } from '../../message-records.ts'
import { plainId, timeIn } from './dispatch-facts.ts'
import type { InboundParts } from './parts.ts'

/** A delil of a peer, and the message of ours that it is about. */
export interface Matched {
  readonly intake: string
  /** EvidenceIdentifier, fit for a key. */
  readonly id: string
  readonly outcome: PeerOutcome
  readonly at: string
  readonly positions: readonly number[]
}

export type Mismatch =
  /** Of a kind that a recipient's provider does not issue to us. */
  | 'OUTCOME'
  | 'FIELDS'
  | 'UNKNOWN_MESSAGE'
  | 'DIGEST'
  | 'RECIPIENTS'
  /** About somebody who is not this peer's. */
  | 'POSITIONS'
  /** More deliller about one message than there is anything to say. */
  | 'TOO_MANY'

const PEER_OUTCOMES = [
  'relay-acceptance',
  'relay-rejection',
  'delivery',
  'non-delivery',
  'retrieval',
  'retrieval-expiration',
] as const
type PeerOutcome = (typeof PEER_OUTCOMES)[number]

const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'

/** Evidence counts only where id, digest and list of recipients are those of a message that we sent to this peer. */
export async function matchEvidence(
  store: Store,
  { fields, outcome }: PeerEvidence,
  provider: string,
  { domain, profile }: Pick<InboundParts, 'domain' | 'profile'>,
): Promise<Matched | Mismatch> {
  const known = PEER_OUTCOMES.find((name) => name === outcome)
  if (known === undefined) return 'OUTCOME'
  const at = timeIn(fields.eventTime)
  if (
    fields.message === undefined ||
    at === undefined ||
    fields.id === '' ||
    plainId(fields.id) !== fields.id
  )
    return 'FIELDS'
  const { message } = fields
  const record = await submissionNamed(store, domain, withBrackets(message.remmdMessageId))
  if (record === undefined) return 'UNKNOWN_MESSAGE'
  const digest = Buffer.from(record.message.sha256, 'hex').toString('base64')
  if (message.digestMethod !== SHA256 || message.digestValue !== digest) return 'DIGEST'
  const named = fields.recipients.map(({ addresses }) => (addresses[0] ?? '').toLowerCase())
  const { recipients } = record
  if (
    named.length !== recipients.length ||
    !recipients.every(({ address }, index) => address === named[index])
  )
    return 'RECIPIENTS'
  const theirs = recipients.flatMap(({ address }, index) =>
    parseKepAddress(address)?.provider === provider ? [index + 1] : [],
  )
  const positions = positionsIn(fields, recipients.length, profile.extensionNamespace) ?? theirs
  if (positions === 'unreadable' || positions.length === 0) return 'POSITIONS'
  if (!positions.every((position) => theirs.includes(position))) return 'POSITIONS'
  return { intake: record.id, id: fields.id, outcome: known, at, positions }
}

async function submissionNamed(
  store: Store,
  domain: string,
  messageId: string,
): Promise<SubmissionRecord | undefined> {
  for (const intake of await store.intakesNamed(intakeName(domain, messageId))) {
    const record = await readRecord(store, intake)
    if (record.origin === 'submission' && record.messageId === messageId) return record
  }
  return undefined
}

/** One recipient in the standard's field; several in an extension of ours, which other providers leave out. */
function positionsIn(
  { refersTo, extensions }: PeerEvidence['fields'],
  count: number,
  namespace: string,
): readonly number[] | 'unreadable' | undefined {
  if (refersTo !== undefined) return [refersTo]
  const extension = extensions.find((one) => one.namespace === namespace && one.name === 'Relay')
  const text = extension?.fields.find(({ name }) => name === 'Positions')?.value
  return text === undefined ? undefined : (readForeignPositions(text, count) ?? 'unreadable')
}
