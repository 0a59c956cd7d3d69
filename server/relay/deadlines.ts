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

/** The peer did not take the dispatch in time. */
export const sendExpired: Step = async (parts, row, _message) => {
  const { provider }: DeadlinePayload = JSON.parse(row.payload)
  const send = await parts.store.work.get(row.intake, 0, `send/${provider}`)
  if (send === undefined || send.state === 'done') return []
  const payload: SendPayload = JSON.parse(send.payload)
  const now = parts.clock.now().getTime()
  if (payload.phase === 'data' && now < row.since + LEASE_MS)
    // let finish what is on its way
    throw new NotYet(now + LOOK_AGAIN_MS, 'the dispatch is being sent')
  const doubt = payload.uncertain === undefined ? '' : `; it may hold the message since ${payload.uncertain}`
  const last = send.error === undefined ? '' : `: ${send.error}`
  const details = `not handed over in time${last}${doubt}`
  const reason = payload.because ?? 'R_REMMD_Unreachable'
  return fail(parts, row, provider, readPositions(payload.positions ?? ''), reason, details)
}

/** The peer took the dispatch and did not say whether it accepts it. */
export const relayExpired: Step = async (parts, row, _message) => {
  const { provider, positions }: DeadlinePayload = JSON.parse(row.payload)
  return fail(
    parts,
    row,
    provider,
    readPositions(positions),
    'R_REMMD_Malfunction',
    'no relay evidence in time',
  )
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
): Promise<NewWork[]> {
  const silent: number[] = []
  for (const position of positions) {
    const { relay, transport } = await outcomesOf(parts.store, row.intake, position)
    if (relay === undefined && transport === undefined) silent.push(position)
  }
  const at = parts.clock.now().toISOString()
  await decideTransport(parts, row.intake, provider, relayFailures(silent, at, reason, details))
  await compare(parts, row.intake, provider, positions)
  return []
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

/** Ours if nobody was first. A peer's evidence may come in the same moment, so each side looks after it wrote. */
export async function decideTransport(
  parts: FinalParts,
  intake: string,
  provider: string,
  all: readonly SenderFinal[],
): Promise<void> {
  const now = parts.clock.now().getTime()
  const fresh = await parts.store.work.insert(
    all.map((facts) => {
      const payload: EventPayload = { facts }
      return nextWork({ intake, recipient: facts.recipient }, 'transport', 'issue', now, payload)
    }),
  )
  for (const [index, { hook }] of all.entries())
    if (fresh[index] === true) parts.events.relayRecipients(provider, hook)
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
