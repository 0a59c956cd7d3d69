import { createHash } from 'node:crypto'
import type { MessageRecord } from '../../mail/message-record.ts'
import { readPositions, writePositions } from '../../mail/positions.ts'
import type { LeasedWork, NewWork, WorkKey, WorkOutcome } from '../../storage/port.ts'
import { nextWork, type StepParts } from '../issue/steps.ts'
import { decideTransport, relayFailures } from './deadlines.ts'
import type { DeadlinePayload, SendPayload } from './payloads.ts'
import type { RefusedRecipient, SendResult } from './send-result.ts'

export interface SettleParts extends Pick<StepParts, 'store' | 'clock' | 'events' | 'relay'> {
  /** While it says no, no time is up (I11). */
  readonly clockIsCertain: () => boolean
}

/**
 * What follows from one attempt to hand a message to a peer. Evidence work is inserted before the row is settled, so a
 * crash in between repeats it and loses nothing.
 *
 * @param retryAt when the lane tries again, should it have to
 */
export async function settleSend(
  parts: SettleParts,
  row: LeasedWork,
  payload: SendPayload,
  record: MessageRecord,
  result: SendResult,
  retryAt: number,
): Promise<WorkOutcome> {
  return payload.what === 'evidence'
    ? settleEvidence(parts, row, payload, result, retryAt)
    : settleDispatch(parts, row, payload, record, result, retryAt)
}

/** Evidence that a peer does not take is no outcome of anything: a person looks at it. */
async function settleEvidence(
  parts: SettleParts,
  row: LeasedWork,
  payload: SendPayload,
  result: SendResult,
  retryAt: number,
): Promise<WorkOutcome> {
  if (result.kind === 'answered' && result.accepted.length > 0) return { done: true }
  const error = told(result)
  const refused = result.kind === 'failed' || (result.kind === 'answered' && result.refused.length > 0)
  const age = parts.clock.now().getTime() - row.since
  if (refused || (age > parts.relay().evidenceExpiry && parts.clockIsCertain())) return { held: true, error }
  return again(parts, row, payload, result, retryAt)
}

async function settleDispatch(
  parts: SettleParts,
  row: LeasedWork,
  payload: SendPayload,
  record: MessageRecord,
  result: SendResult,
  retryAt: number,
): Promise<WorkOutcome> {
  const at = parts.clock.now().toISOString()
  const provider = row.queue ?? ''
  const positions = readPositions(payload.positions ?? '')
  if (result.kind === 'failed') {
    const failures = relayFailures(positions, at, result.reason, result.details)
    await decideTransport(parts, row.intake, provider, failures)
    return { done: true }
  }
  if (result.kind !== 'answered') return again(parts, row, payload, result, retryAt)

  const positionsOf = (address: string) =>
    positions.filter((n) => record.recipients[n - 1]?.address === address)
  for (const { address, reply } of result.refused)
    await decideTransport(
      parts,
      row.intake,
      provider,
      relayFailures(positionsOf(address), at, reasonOf(reply), reply),
    )
  const accepted = result.accepted.flatMap(positionsOf)
  if (accepted.length > 0) parts.events.relayRecipients(provider, 'handed-over', accepted.length)
  const waits = accepted.length === 0 ? [] : [waitForAnswer(parts, row, provider, accepted)]
  if (result.deferred.length === 0) return { done: true, spawn: waits }
  await parts.store.work.insert(waits)
  const left = writePositions(result.deferred.flatMap(({ address }) => positionsOf(address)))
  return again(parts, row, { ...payload, positions: left }, result, retryAt)
}

/**
 * One deadline for all that were taken in this dialogue, called after them: where a crash makes the dialogue happen again
 * with others, both deadlines stand, and the later finds everything decided.
 */
function waitForAnswer(
  { clock, relay }: SettleParts,
  row: LeasedWork,
  provider: string,
  accepted: readonly number[],
): NewWork {
  const positions = writePositions(accepted)
  const deadline: DeadlinePayload = { provider, positions }
  const due = clock.now().getTime() + relay().relayAnswer
  const name = createHash('sha256').update(positions).digest('hex').slice(0, 16)
  return nextWork(row, `relay-expiry/${provider}/${name}`, 'timer', due, deadline)
}

/** Back into the queue, with what is known by now. */
async function again(
  { store, clock }: SettleParts,
  row: LeasedWork,
  payload: SendPayload,
  result: SendResult,
  retryAt: number,
): Promise<WorkOutcome> {
  const { uncertain, because: _, ...rest } = payload
  const doubtful = result.kind === 'uncertain' || uncertain !== undefined
  const next: SendPayload = {
    ...rest,
    phase: 'queued',
    tries: (rest.tries ?? 0) + (result.kind === 'unreachable' ? 0 : 1),
    ...(result.kind === 'unreachable' ? { because: result.reason } : {}),
    ...(doubtful ? { uncertain: uncertain ?? clock.now().toISOString() } : {}),
  }
  await store.work.note(row, JSON.stringify(next))
  // What peers do is never the row's own failure: only deadlines end it.
  return { retryAt, error: told(result), blameless: true }
}

/** A dispatch of which everything is decided is not sent any more; evidence is always wanted. */
export async function stillWanted(
  { store }: SettleParts,
  row: WorkKey,
  payload: SendPayload,
): Promise<boolean> {
  if (payload.what === 'evidence') return true
  for (const position of readPositions(payload.positions ?? '')) {
    const decided = await Promise.all([
      store.work.get(row.intake, position, 'relay'),
      store.work.get(row.intake, position, 'transport'),
    ])
    if (decided.every((outcome) => outcome === undefined)) return true
  }
  return false
}

/** The operator gives up: final for every recipient that is still waited for. False where there is no such row. */
export async function failSend(parts: SettleParts, key: WorkKey): Promise<boolean> {
  const row = await parts.store.work.get(key.intake, key.recipient, key.slot)
  if (row === undefined || row.kind !== 'send' || row.state === 'done') return false
  const payload: SendPayload = JSON.parse(row.payload)
  if (payload.what === 'evidence') return false
  const at = parts.clock.now().toISOString()
  const details = 'given up by the operator of the sending provider'
  const positions = readPositions(payload.positions ?? '')
  const failures = relayFailures(positions, at, 'R_REMMD_Unreachable', details)
  await decideTransport(parts, row.intake, row.queue ?? '', failures)
  // Nobody wants it now: the lane that meets it settles it without a connection.
  await parts.store.work.amend(key, 'held', { due: parts.clock.now().getTime() })
  return true
}

function told(result: SendResult): string {
  if (result.kind !== 'answered') return result.details
  const [first] = [...result.deferred, ...result.refused]
  return first?.reply ?? result.reply
}

/** Only where the peer says so plainly is a recipient unknown. [RFC 3463 §3.2] */
const reasonOf = (reply: RefusedRecipient['reply']) =>
  /^5\d\d 5\.1\.(1|10)\b/.test(reply) ? 'UnknownRecipient' : 'R_REMMD_Malfunction'
