import { checkAll, evidenceRules, type PeerEnvelope, RulesBroken } from '../../../evidence/index.ts'
import { type EvidenceReason, FAILURES, type FailureCode, MailError } from '../../../mail/errors.ts'
import { readHeader } from '../../../mail/header-read.ts'
import { randomHex, randomId } from '../../../mail/ids.ts'
import { parseKepAddress } from '../../../mail/kep-address.ts'
import { MESSAGE_TYPE_FIELD, messageTypeOf } from '../../../mail/message-type.ts'
import type { RelayedRecord } from '../../../mail/relayed-record.ts'
import { valuesOf } from '../../../plugins/message.ts'
import { keepDispatch } from './copies.ts'
import { type DispatchFacts, factsOf } from './dispatch-facts.ts'
import { mailAuthentication } from './mail-authentication.ts'
import type { Arrival, InboundParts } from './parts.ts'

/** Why a dispatch is rejected as a whole; `code` is for logs and metrics. */
interface Rejection {
  readonly code: string
  readonly reason: EvidenceReason
  readonly details: string
}

const MAX_TOLD = 200
/** Every evidence about the dispatch lists them all, so what follows from it grows with their square. */
const MAX_LISTED = 1000

/**
 * Takes a dispatch of a known peer, or rejects it as a whole: either way the peer hears 250 and gets evidence. Only
 * what cannot be named is refused on the wire, and what we cannot judge now is asked for again.
 */
export async function takeDispatch(
  parts: InboundParts,
  arrival: Arrival,
  envelope: PeerEnvelope,
): Promise<string> {
  const { peer, received } = arrival
  const [wrong] = envelope.failures
  if (wrong === undefined && envelope.temporary !== undefined) throw new MailError('REVOCATION_UNKNOWN')
  const facts = factsOf(arrival, envelope, parts.domain)
  const rejection = wrong ?? partiesRejection(arrival, facts) ?? (await pluginsRejection(parts, arrival))
  const positions = facts === undefined ? [] : positionsOf(arrival, facts)
  // Evidence that names no message, or nobody in it, would be evidence of nothing.
  if (facts === undefined || positions.length === 0)
    throw new MailError('DISPATCH_UNNAMED', rejection?.code ?? '')
  if (facts.recipients.length > MAX_LISTED) throw new MailError('TOO_MANY_RECIPIENTS', `${MAX_LISTED}`)
  const record: RelayedRecord = {
    origin: 'relay',
    id: randomHex(),
    ...facts,
    decidedAt: parts.clock.now().toISOString(),
    size: received.staged.ref.size,
    peer: peer.provider,
    rejected: rejection && { reason: rejection.reason, details: rejection.details },
    transport: {
      ip: arrival.ip,
      tls: arrival.tls,
      clientName: arrival.clientName,
      mailFrom: arrival.mailFrom,
      identity: arrival.identity,
      authentication: await mailAuthentication(arrival, parts.domain, parts.resolver),
    },
    userSignature: envelope.userSignature,
    ...(await declaredType(arrival, envelope)),
  }
  checkEvidence(parts, record, positions)
  const content = envelope.original ?? {
    contentStart: received.index.root.bodyStart,
    contentEnd: received.index.root.bodyEnd,
  }
  const kept = await keepDispatch(parts, received, record, positions, content)
  if (kept.repeated) parts.events.dispatchRepeated(peer.provider, kept.intake)
  else if (kept.rejected === undefined)
    parts.events.dispatchTaken(peer.provider, kept.intake, record.size, positions.length)
  else {
    const code = rejection?.code ?? 'SAME_ID'
    parts.events.dispatchRejected(peer.provider, kept.intake, kept.rejected.reason, code)
  }
  return `2.6.0 ${record.messageId} alindi / received${kept.repeated ? ' (tekrar / repeated)' : ''}`
}

/** As much of the original's header as we allow our own users. */
const MAX_HEADER = 1_048_576

/**
 * What the original says it is for, by its own header, which the envelope's signature and the delil's digest cover. A
 * legal effect may follow from it: who says two things says nothing.
 */
async function declaredType(
  { received }: Arrival,
  { original }: PeerEnvelope,
): Promise<Pick<RelayedRecord, 'messageType'>> {
  if (original === undefined) return {}
  const { headerStart: start, contentStart } = original
  const range = { start, end: Math.min(contentStart, start + MAX_HEADER) }
  const header = readHeader(Buffer.concat(await Array.fromAsync(received.staged.open(range))))
  const values = valuesOf(header, MESSAGE_TYPE_FIELD.toLowerCase())
  const messageType = values.length === 1 ? messageTypeOf(values[0]) : undefined
  return messageType === undefined ? {} : { messageType }
}

/** What we answer with 250 we answer for: whatever we could not write evidence about is refused instead. */
function checkEvidence(
  { pipeline, profile }: InboundParts,
  record: RelayedRecord,
  positions: readonly number[],
): void {
  const [recipient = 0] = positions
  const facts = { hook: 'relay_in', id: randomId('ev'), at: record.decidedAt, recipient } as const
  const verdict = record.rejected ?? 'accepted'
  try {
    const draft = pipeline.draft({ ...facts, positions: `${recipient}`, verdict, message: record })
    checkAll(draft, evidenceRules(profile))
  } catch (error) {
    if (error instanceof RulesBroken) throw new MailError('DISPATCH_UNNAMED', record.rejected?.details ?? '')
    throw error
  }
}

/** Evidence and envelope name the same people, and the sender is one of this peer's. */
function partiesRejection(
  { peer, recipients }: Arrival,
  facts: DispatchFacts | undefined,
): Rejection | undefined {
  if (facts === undefined) return reject('NO_MESSAGE_ID', 'InvalidMessageFormat')
  if (parseKepAddress(facts.sender.address)?.provider !== peer.provider)
    return reject('SENDER_NOT_OF_PEER', 'PolicyViolation')
  const listed = new Set(facts.recipients.map(({ address }) => address))
  const strangers = recipients.filter(({ address }) => !listed.has(address))
  if (strangers.length > 0)
    return reject('RECIPIENTS_DIFFER', 'InvalidMessageFormat', `${strangers.length} not in the evidence`)
  return undefined
}

const reject = (code: string, reason: EvidenceReason, more = ''): Rejection => ({
  code,
  reason,
  details: more === '' ? code : `${code}: ${more}`,
})

async function pluginsRejection(
  { pipeline }: InboundParts,
  { peer, received }: Arrival,
): Promise<Rejection | undefined> {
  const { staged, index } = received
  const verdict = await pipeline.ask('relay_post', {
    peer: peer.provider,
    size: staged.ref.size,
    index,
    open: staged.open,
  })
  if (verdict.kind !== 'refuse') return undefined
  const failure: (typeof FAILURES)[FailureCode] = FAILURES[verdict.code]
  if (failure.reply < 500) throw new MailError(verdict.code, verdict.told)
  const told = verdict.told.slice(0, MAX_TOLD) // stands in a row of work and in evidence
  return reject(verdict.code, 'reason' in failure ? failure.reason : 'PolicyViolation', told)
}

/** Those of the envelope's recipients; where none of them is in the list, all of ours, since the whole is rejected. */
function positionsOf({ recipients }: Arrival, facts: DispatchFacts): number[] {
  const wanted = new Set(recipients.map(({ address }) => address))
  const seen = new Set<string>()
  const ours = facts.recipients.flatMap(({ local, address }, index) => {
    if (!local || seen.has(address)) return []
    seen.add(address) // who is listed twice is one recipient, at the first position
    return [{ address, position: index + 1 }]
  })
  const named = ours.filter(({ address }) => wanted.has(address))
  return (named.length > 0 ? named : ours).map(({ position }) => position)
}
