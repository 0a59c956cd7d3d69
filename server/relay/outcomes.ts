/**
 * What is decided of one recipient at a peer, each once by the key of a row: `relay` (the peer took the dispatch),
 * `transport` (its final outcome, by the peer's word or by ours), `reading` and `late-reading`. Whoever comes second
 * changes nothing; where the two cannot both be true, the row `contradicted` tells the sender.
 */
import type { OutcomeName } from '../../evidence/index.ts'
import type { EventFacts } from '../../plugins/events.ts'
import type { Store, WorkRow } from '../../storage/port.ts'
import { CONTRADICTED, type EventPayload, type MailboxPayload, nextWork } from '../issue/steps.ts'

/** A slot that a peer's evidence decided. */
export interface PeerOutcome {
  readonly provider: string
  readonly eventId: string
  readonly outcome: OutcomeName
}

/** What a slot holds: a word of the peer, or an event of ours. */
export type Decided = { readonly peer: PeerOutcome } | { readonly ours: EventFacts }

export function decidedIn(row: WorkRow | undefined): Decided | undefined {
  if (row === undefined) return undefined
  const payload: PeerOutcome | EventPayload = JSON.parse(row.payload)
  return 'facts' in payload ? { ours: payload.facts } : { peer: payload }
}

/** Everything decided of one recipient. */
export interface Outcomes {
  readonly relay: Decided | undefined
  readonly transport: Decided | undefined
  readonly reading: Decided | undefined
  /** Read after it had counted as unread. */
  readonly lateReading: Decided | undefined
}

export async function outcomesOf({ work }: Store, intake: string, recipient: number): Promise<Outcomes> {
  const [relay, transport, reading, lateReading] = await Promise.all(
    ['relay', 'transport', 'reading', 'late-reading'].map(async (slot) =>
      decidedIn(await work.get(intake, recipient, slot)),
    ),
  )
  return { relay, transport, reading, lateReading }
}

/** True where a final outcome says that nobody got it, and a peer says that somebody did. */
export function contradict({ relay, transport, reading }: Outcomes): boolean {
  if (transport === undefined) return false
  const outcome = 'peer' in transport ? transport.peer.outcome : transport.ours.hook
  switch (outcome) {
    case 'relay_failed':
    case 'relay-rejection':
      return isOfPeer(relay) || isOfPeer(reading)
    case 'peer_silent':
    case 'non-delivery':
      return isOfPeer(reading)
    default:
      return false
  }
}

const isOfPeer = (decided: Decided | undefined): boolean => decided !== undefined && 'peer' in decided

/**
 * The one notice a recipient; tells whether it was new. The sender is told where the final word was ours; where it is
 * the peer's own, or there is none yet, its messages in Deliller say all that there is to say.
 */
export async function noteContradiction(
  store: Store,
  intake: string,
  recipient: number,
  now: number,
): Promise<boolean> {
  const transport = decidedIn(await store.work.get(intake, recipient, 'transport'))
  const key = { intake, recipient }
  const notice =
    transport !== undefined && 'ours' in transport
      ? nextWork(key, CONTRADICTED, 'mailboxOp', now, receipt(transport.ours.id))
      : nextWork(key, CONTRADICTED, 'evidence', now, {})
  const [isNew] = await store.work.insert([notice])
  return isNew === true
}

const receipt = (eventId: string): MailboxPayload => ({
  op: 'receipt',
  eventId,
  note: 'Bu kesin sonuçtan sonra alıcının KEPHS’sinden farklı bir delil geldi; delil bu kutudadır ve saklanır, kesin sonucu değiştirmez.',
})
