import type { EvidenceReason } from '../../mail/errors.ts'
import { randomId } from '../../mail/ids.ts'
import { readPositions } from '../../mail/positions.ts'
import type { EventFacts } from '../../plugins/events.ts'
import type { LeasedWork, NewWork } from '../../storage/port.ts'
import { type EventPayload, NotYet, nextWork, type Step, type StepParts } from '../issue/steps.ts'
import { LEASE_MS } from './outbound/smtp-times.ts'
import { contradict, noteContradiction, outcomesOf } from './outcomes.ts'
import type { DeadlinePayload, SendPayload } from './payloads.ts'

const LOOK_AGAIN_MS = 15_000

/**
 * The peer did not take the dispatch in time. The row is taken out of the queue first: what is on its way is let finish,
 * and what was given up is not sent after all.
 */
export const sendExpired: Step = async (parts, row, _message) => {
  const { provider }: DeadlinePayload = JSON.parse(row.payload)
  const { work } = parts.store
  const key = { intake: row.intake, recipient: 0, slot: `send/${provider}` }
  const now = parts.clock.now().getTime()
  const before = await work.get(key.intake, key.recipient, key.slot)
  const taken = await work.amend(key, 'pending', { held: 'not handed over in time' })
  const send = await work.get(key.intake, key.recipient, key.slot)
  if (send === undefined || send.state === 'done') return []
  // Longer than its lease no attempt takes, and after a crash nobody makes it.
  if (!taken && send.state === 'pending' && now < row.since + LEASE_MS)
    throw new NotYet(now + LOOK_AGAIN_MS, 'the dispatch is being sent')
  await fail(parts, row, provider, ...whyNotSent(send.payload, before?.error))
  await work.amend(key, 'held', { due: now }) // the lane that meets it finds that nobody wants it
  return []
}

function whyNotSent(payload: string, error: string | undefined): [number[], EvidenceReason, string] {
  const {
    positions = '',
    because = 'R_REMMD_Unreachable',
    phase,
    uncertain,
  }: SendPayload = JSON.parse(payload)
  const doubt =
    uncertain !== undefined
      ? `; it may hold the message since ${uncertain}`
      : phase === 'data'
        ? '; it may hold the message'
        : ''
  const last = error === undefined ? '' : `: ${error}`
  return [readPositions(positions), because, `not handed over in time${last}${doubt}`]
}

/** The peer took the dispatch and did not say whether it accepts it. */
export const relayExpired: Step = async (parts, row, _message) => {
  const { provider, positions }: DeadlinePayload = JSON.parse(row.payload)
  const details = 'no relay evidence in time'
  await fail(parts, row, provider, readPositions(positions), 'R_REMMD_Malfunction', details)
  return []
}

/** The peer accepted it and told nothing of its delivery. */
export const deliveryExpired: Step = async (parts, row, _message) => {
  const { provider }: DeadlinePayload = JSON.parse(row.payload)
  const at = parts.clock.now().toISOString()
  const facts: SenderFinal = {
    hook: 'peer_silent',
    id: randomId('ev'),
    at,
    recipient: row.recipient,
    details: 'no delivery evidence in time',
  }
  await decideTransport(parts, row.intake, provider, [facts])
  return []
}

/** Final for each position of which the peer has said nothing; that it took one counts, however the attempt ended. */
async function fail(
  parts: StepParts,
  row: LeasedWork,
  provider: string,
  positions: readonly number[],
  reason: EvidenceReason,
  details: string,
): Promise<void> {
  const silent: number[] = []
  for (const position of positions) {
    const { relay, transport } = await outcomesOf(parts.store, row.intake, position)
    if (relay === undefined && transport === undefined) silent.push(position)
  }
  const at = parts.clock.now().toISOString()
  await decideTransport(parts, row.intake, provider, relayFailures(silent, at, reason, details))
  await compare(parts, row.intake, provider, positions)
}

export const relayFailures = (
  positions: readonly number[],
  at: string,
  reason: EvidenceReason,
  details: string,
): SenderFinal[] =>
  positions.map((recipient) => ({ hook: 'relay_failed', id: randomId('ev'), at, recipient, reason, details }))

/** Final outcomes of a recipient at a peer that the sender's provider states. */
type SenderFinal = Extract<EventFacts, { hook: 'relay_failed' | 'peer_silent' }>

/**
 * Ours if nobody was first, and if the peer has not said that it was read, or not read in time: then it was delivered, also
 * where that evidence never came. A peer's word may come in the same moment, so each side looks after it wrote.
 */
export async function decideTransport(
  parts: FinalParts,
  intake: string,
  provider: string,
  all: readonly SenderFinal[],
): Promise<void> {
  const now = parts.clock.now().getTime()
  const rows: NewWork[] = []
  for (const facts of all) {
    const key = { intake, recipient: facts.recipient }
    const { reading } = await outcomesOf(parts.store, intake, facts.recipient)
    const ours: EventPayload = { facts }
    rows.push(
      reading !== undefined && 'peer' in reading
        ? nextWork(key, 'transport', 'evidence', now, reading.peer)
        : nextWork(key, 'transport', 'issue', now, ours),
    )
  }
  const fresh = await parts.store.work.insert(rows)
  for (const [index, { hook }] of all.entries())
    if (fresh[index] === true && rows[index]?.kind === 'issue') parts.events.relayRecipients(provider, hook)
  await compare(
    parts,
    intake,
    provider,
    all.map(({ recipient }) => recipient),
  )
}

type FinalParts = Pick<StepParts, 'store' | 'clock' | 'events'>

/** Whoever decided, now or before a crash: what contradicts the decision is noted. */
async function compare(
  { store, clock, events }: FinalParts,
  intake: string,
  provider: string,
  positions: readonly number[],
): Promise<void> {
  for (const position of positions) {
    if (!contradict(await outcomesOf(store, intake, position))) continue
    if (await noteContradiction(store, intake, position, clock.now().getTime()))
      events.contradicted(provider, `${intake}/${position}`)
  }
}
