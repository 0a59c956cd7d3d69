import { readPositions } from '../../../mail/positions.ts'
import type { EventFacts } from '../../../plugins/events.ts'
import type { WorkRow } from '../../../storage/port.ts'
import { CONTRADICTED, type EventPayload } from '../../issue/steps.ts'
import { decidedIn } from '../../relay/outcomes.ts'
import type { EvidenceLine } from './evidence-list.ts'

export interface TracedOutcomes {
  readonly relay: string | undefined
  readonly transport: string | undefined
  readonly reading: string | undefined
  readonly contradicted: boolean
}

/** What is decided of each recipient, by the rows that decide it; else by the archive, which outlives them. */
export function outcomesIn(
  work: readonly WorkRow[],
  evidence: readonly EvidenceLine[],
): (position: number) => TracedOutcomes {
  const rows = new Map(work.map((row) => [`${row.recipient} ${row.slot}`, row]))
  const archived = new Set(
    evidence
      .filter(({ provider }) => provider === undefined)
      .map(({ recipient = 0, outcome }) => `${recipient} ${outcome}`),
  )
  const relays = relaysOfAll(work)
  return (position) => {
    const word = (slot: string, names: readonly string[]) =>
      wordIn(rows.get(`${position} ${slot}`)) ?? names.find((name) => archived.has(`${position} ${name}`))
    const relay = word('relay', RELAY) ?? relays.get(position)
    return {
      relay,
      transport: word('transport', TRANSPORT) ?? (relay === 'relay-rejection' ? relay : undefined),
      reading: word('reading', READING),
      contradicted: rows.has(`${position} ${CONTRADICTED}`),
    }
  }
}

/** Relay evidence of ours that is about several recipients of a dispatch. */
function relaysOfAll(work: readonly WorkRow[]): Map<number, string> {
  const relays = new Map<number, string>()
  for (const row of work) {
    if (row.recipient > 0 || row.kind !== 'issue') continue
    const { facts }: EventPayload = JSON.parse(row.payload)
    if (facts.hook !== 'relay_in') continue
    for (const position of readPositions(facts.positions)) relays.set(position, outcomeOf(facts))
  }
  return relays
}

const RELAY = ['relay-acceptance', 'relay-rejection'] as const
const TRANSPORT = ['delivery', 'non-delivery', 'relay-failure'] as const
const READING = ['retrieval', 'retrieval-expiration'] as const

function wordIn(row: WorkRow | undefined): string | undefined {
  const decided = decidedIn(row)
  if (decided === undefined) return undefined
  return 'peer' in decided ? decided.peer.outcome : outcomeOf(decided.ours)
}

function outcomeOf(facts: EventFacts): string {
  switch (facts.hook) {
    case 'accepted':
      return 'submission-acceptance'
    case 'refused':
      return 'submission-rejection'
    case 'delivered':
      return 'delivery'
    case 'nondelivered':
    case 'peer_silent':
      return 'non-delivery'
    case 'retrieved':
      return 'retrieval'
    case 'retrieval_expired':
      return 'retrieval-expiration'
    case 'relay_in':
      return facts.verdict === 'accepted' ? 'relay-acceptance' : 'relay-rejection'
    case 'relay_failed':
      return 'relay-failure'
  }
}
