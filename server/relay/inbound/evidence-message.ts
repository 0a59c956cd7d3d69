import { createHash } from 'node:crypto'
import type { PeerEnvelope } from '../../../evidence/index.ts'
import { MailError } from '../../../mail/errors.ts'
import { encodeIndex } from '../../../mail/mime-codec.ts'
import { writePositions } from '../../../mail/positions.ts'
import type { NewWork } from '../../../storage/port.ts'
import { stageBytes } from '../../stage-bytes.ts'
import type { PeerEvidencePayload } from '../payloads.ts'
import { type Matched, matchEvidence } from './match-evidence.ts'
import type { Arrival, InboundParts } from './parts.ts'

/** Four are usual: relay, delivery, expiry, late reading. A peer that repeats itself under new names fills no disk. */
const MAX_PER_RECIPIENT = 16

interface Taken extends Matched {
  readonly octets: Uint8Array
  /** 0 where it is about several. */
  readonly recipient: number
  readonly slot: string
}

/**
 * Takes deliller of a peer about messages of ours: all of a message or none. Each is one row, named after its octets,
 * so that one which comes again changes nothing. Evidence never causes evidence: what is wrong is refused on the wire.
 */
export async function takeEvidence(
  parts: InboundParts,
  arrival: Arrival,
  envelope: PeerEnvelope,
): Promise<string> {
  const { store } = parts
  const { provider } = arrival.peer
  const [wrong] = envelope.failures
  if (wrong !== undefined) {
    parts.events.peerEvidenceRefused(provider, wrong.code)
    throw new MailError('EVIDENCE_NOT_TRUSTED', wrong.code)
  }
  if (envelope.temporary !== undefined) throw new MailError('REVOCATION_UNKNOWN')
  const taken: Taken[] = []
  for (const evidence of envelope.evidence) {
    const matched = await matchEvidence(store, evidence, provider, parts)
    if (typeof matched === 'string') {
      parts.events.peerEvidenceRefused(provider, matched)
      throw new MailError('EVIDENCE_NOT_OURS', matched)
    }
    const hash = createHash('sha256').update(evidence.octets).digest('hex')
    const [only = 0, ...others] = matched.positions
    taken.push({
      ...matched,
      octets: evidence.octets,
      recipient: others.length === 0 ? only : 0,
      slot: `in/${hash.slice(0, 32)}`,
    })
  }
  const known = await Promise.all(
    taken.map(({ intake, recipient, slot }) => store.work.get(intake, recipient, slot)),
  )
  const fresh = taken.filter((_, index) => known[index] === undefined)
  for (const one of fresh)
    if (await isFull(store, one, fresh.filter(({ recipient }) => recipient === one.recipient).length)) {
      parts.events.peerEvidenceRefused(provider, 'TOO_MANY')
      throw new MailError('EVIDENCE_NOT_OURS', 'TOO_MANY')
    }
  const isNew = fresh.length === 0 ? [] : await store.work.insert(await rowsOf(parts, arrival, fresh))
  for (const one of taken) {
    const repeated = isNew[fresh.indexOf(one)] !== true
    parts.events.peerEvidenceTaken(provider, one.intake, one.outcome, repeated)
  }
  return `2.6.0 ${taken.length} delil alindi / received`
}

/** Whether with so many more there are more deliller about this recipient than there is anything to say. */
async function isFull(
  { work }: InboundParts['store'],
  { intake, recipient }: Taken,
  more: number,
): Promise<boolean> {
  const page = await work.of(intake, { recipient, slot: 'in/' }, MAX_PER_RECIPIENT)
  const known = page.filter((row) => row.recipient === recipient && row.slot.startsWith('in/'))
  return known.length + more > MAX_PER_RECIPIENT
}

/** The octets first, then the rows that name them. */
async function rowsOf(
  { store, clock }: InboundParts,
  { peer, received }: Arrival,
  fresh: readonly Taken[],
): Promise<NewWork[]> {
  const stagedIndex = await stageBytes(store, encodeIndex(received.index))
  const now = clock.now()
  const rows: NewWork[] = []
  for (const { intake, recipient, slot, id, outcome, at, positions, octets } of fresh) {
    const keeper = `intake/${intake}` as const
    const payload: PeerEvidencePayload = {
      provider: peer.provider,
      eventId: `${peer.provider}/${id}`,
      outcome,
      at,
      receivedAt: now.toISOString(),
      positions: writePositions(positions),
      evidence: await store.blobs.save(await stageBytes(store, octets), keeper),
      mail: await store.blobs.save(received.staged, keeper),
      mailIndex: await store.blobs.save(stagedIndex, keeper),
    }
    rows.push({
      intake,
      recipient,
      slot,
      kind: 'evidence',
      due: now.getTime(),
      payload: JSON.stringify(payload),
    })
  }
  return rows
}
