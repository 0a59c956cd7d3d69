import { createHash } from 'node:crypto'
import { randomId } from '../../mail/ids.ts'
import { asRelayed } from '../../mail/message-record.ts'
import { readPositions, writePositions } from '../../mail/positions.ts'
import type { RelayedRecord } from '../../mail/relayed-record.ts'
import type { EventFacts, RelayVerdict } from '../../plugins/events.ts'
import type { NewWork } from '../../storage/port.ts'
import {
  type DispatchPayload,
  type EventPayload,
  nextWork,
  type Step,
  type StepParts,
} from '../issue/steps.ts'
import type { RelayInPayload } from './payloads.ts'

/**
 * A peer's dispatch was taken: what relay evidence says of each recipient is decided here, once. An unknown recipient is
 * a rejection, a closed account is accepted and then not delivered to. [EN 319 532-4 §5.5.1.3]
 */
export const checkedDispatch: Step = async (parts, row, message) => {
  const record = asRelayed(message)
  const payload: RelayInPayload | SplitPayload = JSON.parse(row.payload)
  if ('split' in payload) return payload.split
  const { positions, ...dispatch } = payload
  const at = parts.clock.now()
  const verdicts = await verdictsOn(parts, record, readPositions(positions))
  const issue = (slot: string, recipient: number, facts: EventFacts, taken: boolean): NewWork =>
    nextWork(
      row,
      slot,
      'issue',
      at.getTime(),
      { facts, ...(taken ? { dispatch } : {}) } satisfies EventPayload & { dispatch?: DispatchPayload },
      recipient,
    )
  const factsOf = (verdict: RelayVerdict, recipient: number, about: string): EventFacts => ({
    hook: 'relay_in',
    id: randomId('ev'),
    at: at.toISOString(),
    recipient,
    positions: about,
    verdict,
  })
  if (parts.relay().granularity === 'recipient')
    return [...verdicts].map(([position, verdict]) =>
      issue('relay', position, factsOf(verdict, position, `${position}`), verdict === 'accepted'),
    )
  // One evidence for all that were accepted and one for each reason: decided as one row, so that no crash divides it anew.
  const suffix = row.slot.slice('relay-in'.length)
  const split = [...grouped(verdicts)].map(([verdict, about]) =>
    issue(
      verdict === 'accepted' ? `relay${suffix}` : `relay-rejected-${keyOf(verdict)}${suffix}`,
      0,
      factsOf(verdict, 0, writePositions(about)),
      verdict === 'accepted',
    ),
  )
  return [nextWork(row, `relay-split${suffix}`, 'accepted', at.getTime(), { split } satisfies SplitPayload)]
}

interface SplitPayload {
  readonly split: readonly NewWork[]
}

async function verdictsOn(
  { directory, envelope }: StepParts,
  { rejected, recipients }: RelayedRecord,
  positions: readonly number[],
): Promise<Map<number, RelayVerdict>> {
  const verdicts = new Map<number, RelayVerdict>()
  for (const position of positions) {
    const address = recipients[position - 1]?.address ?? ''
    const known =
      rejected !== undefined || (await directory.receiving(address, envelope.serviceAddress)) !== undefined
    verdicts.set(
      position,
      rejected ?? (known ? 'accepted' : { reason: 'UnknownRecipient', details: 'no such account' }),
    )
  }
  return verdicts
}

function grouped(verdicts: ReadonlyMap<number, RelayVerdict>): Map<RelayVerdict, number[]> {
  const groups = new Map<string, { verdict: RelayVerdict; positions: number[] }>()
  for (const [position, verdict] of verdicts) {
    const group = groups.get(JSON.stringify(verdict)) ?? { verdict, positions: [] }
    group.positions.push(position)
    groups.set(JSON.stringify(verdict), group)
  }
  return new Map([...groups.values()].map(({ verdict, positions }) => [verdict, positions]))
}

const keyOf = (verdict: RelayVerdict): string =>
  createHash('sha256').update(JSON.stringify(verdict)).digest('hex').slice(0, 8)
