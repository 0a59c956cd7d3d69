import { outcomeNamed } from '../../evidence/index.ts'
import { asSubmission } from '../../mail/message-record.ts'
import { decodeIndex, encodeIndex } from '../../mail/mime-codec.ts'
import { readPositions } from '../../mail/positions.ts'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import { answeredBy } from '../../mail/thread-ids.ts'
import type { NewWork, WorkRow } from '../../storage/port.ts'
import { EVIDENCE } from '../accounts/standard-mailboxes.ts'
import { mailboxOf } from '../issue/change-mailbox.ts'
import { markSent } from '../issue/mark-sent.ts'
import { nextWork, type Step, type StepParts } from '../issue/steps.ts'
import { contradict, decidedIn, noteContradiction, outcomesOf, type PeerOutcome } from './outcomes.ts'
import type { DeadlinePayload, PeerEvidencePayload } from './payloads.ts'

/**
 * A verified delil of a peer about a message of ours: archived, decided upon, and put into the sender's Deliller as it
 * came. Evidence never causes evidence: at most a notice that it comes after the final outcome.
 */
export const takePeerEvidence: Step = async (parts, row, message) => {
  const submission = asSubmission(message)
  if (!row.slot.startsWith('in/')) {
    // A slot that was decided by a peer: the row is all there is.
    if (FINAL.has(row.slot)) await markSent(parts, submission, [row.recipient])
    return []
  }
  const payload: PeerEvidencePayload = JSON.parse(row.payload)
  const { store } = parts
  const positions = readPositions(payload.positions)
  const { eventId, outcome, provider } = payload
  const root = outcomeNamed(outcome).root
  await parts.issuer.keep(
    {
      eventId,
      octets: await store.blobs.read(payload.evidence),
      receivedAt: payload.receivedAt,
      meta: {
        root,
        outcome,
        provider,
        recipient: positions.length === 1 ? positions[0] : undefined,
        messageId: submission.messageId,
        eventTime: payload.at,
      },
    },
    submission,
  )
  const spawned: NewWork[] = []
  for (const position of positions) spawned.push(...(await decide(parts, row, payload, position)))
  const received = Date.parse(payload.receivedAt)
  await store.mailboxes.append(await mailboxOf(parts, submission, EVIDENCE), {
    opId: `peer/${payload.mail.hash}`,
    body: payload.mail,
    staged: [],
    index: inThreadOf(submission, await store.blobs.read(payload.mailIndex)),
    flags: [],
    date: received,
    saved: received,
    origin: 'pipeline',
  })
  return spawned
}

/**
 * A peer's message names the original in its own way, or not at all. Its octets stay as they came; in our index it stands in
 * the thread of the message that its evidence is about. [RFC 8474 §5.2]
 */
function inThreadOf({ header, userMessageId }: SubmissionRecord, octets: Uint8Array): Uint8Array {
  const index = decodeIndex(octets)
  const { envelope = {} } = index.root
  const own = answeredBy(envelope)
  const thread = [...answeredBy(header), userMessageId ?? '']
  envelope.references = [...thread, ...own.filter((id) => !thread.includes(id))].join(' ').trim()
  index.root.envelope = envelope
  return encodeIndex(index)
}

/** What the keywords of a sent message follow. */
const FINAL: ReadonlySet<string> = new Set(['transport', 'reading', 'late-reading'])

/** First word wins; what it means for the recipient follows from the slot that it decides. */
async function decide(
  parts: StepParts,
  row: WorkRow,
  { provider, eventId, outcome, receivedAt }: PeerEvidencePayload,
  recipient: number,
): Promise<NewWork[]> {
  const { store, clock, events, relay } = parts
  const now = clock.now().getTime()
  const word: PeerOutcome = { provider, eventId, outcome }
  const take = async (slot: string): Promise<boolean> => {
    const [isNew] = await store.work.insert([nextWork(row, slot, 'evidence', now, word, recipient)])
    if (isNew === true) {
      events.relayRecipients(provider, outcome)
      return true
    }
    const first = decidedIn(await store.work.get(row.intake, recipient, slot))
    if (first === undefined || !('peer' in first)) return false
    // This very row, before a crash; a name alone proves nothing, since its maker may give it to two deliller.
    return first.peer.eventId === eventId && first.peer.outcome === outcome
  }
  const took = await takeSlot(parts, row.intake, recipient, outcome, take)
  const outcomes = await outcomesOf(store, row.intake, recipient)
  const differs = took === undefined && !saysTheSame(outcomes, outcome)
  if (differs || contradict(outcomes)) {
    if (await noteContradiction(store, row.intake, recipient, now))
      events.contradicted(provider, `${row.intake}/${recipient}`)
  }
  if (took !== 'relay') return []
  const deadline: DeadlinePayload = { provider, positions: `${recipient}` }
  const due = Date.parse(receivedAt) + relay().deliveryAnswer
  return [nextWork(row, 'delivery-expiry', 'timer', due, deadline, recipient)]
}

/** The slot that this outcome decided; undefined where another had. */
async function takeSlot(
  { store }: StepParts,
  intake: string,
  recipient: number,
  outcome: PeerEvidencePayload['outcome'],
  take: (slot: string) => Promise<boolean>,
): Promise<string | undefined> {
  const tookOne = async (slot: string) => ((await take(slot)) ? slot : undefined)
  switch (outcome) {
    case 'relay-acceptance':
      return tookOne('relay')
    case 'relay-rejection':
      // A peer that took it cannot refuse it afterwards: its delivery evidence, or its silence, is what counts.
      return (await outcomesOf(store, intake, recipient)).relay === undefined
        ? tookOne('transport')
        : undefined
    case 'delivery':
    case 'non-delivery':
      return tookOne('transport')
    case 'retrieval': {
      const first = await tookOne('reading')
      if (first !== undefined) return first
      const { reading } = await outcomesOf(store, intake, recipient)
      const expired =
        reading !== undefined && 'peer' in reading && reading.peer.outcome === 'retrieval-expiration'
      return expired ? tookOne('late-reading') : undefined
    }
    case 'retrieval-expiration':
      return tookOne('reading')
    default:
      return undefined
  }
}

/** A second delil that says what is known already contradicts nothing. */
function saysTheSame(
  outcomes: Awaited<ReturnType<typeof outcomesOf>>,
  outcome: PeerEvidencePayload['outcome'],
): boolean {
  const { transport } = outcomes
  // Where its reading was heard of first, that it was delivered is no news.
  if (outcome === 'delivery' && transport !== undefined && 'peer' in transport)
    return transport.peer.outcome !== 'non-delivery' && transport.peer.outcome !== 'relay-rejection'
  return [outcomes.relay, outcomes.transport, outcomes.reading, outcomes.lateReading].some(
    (decided) => decided !== undefined && 'peer' in decided && decided.peer.outcome === outcome,
  )
}
