import { z } from 'zod'
import { withBrackets, withoutBrackets } from '../../../mail/ids.ts'
import type { MessageRecord } from '../../../mail/message-record.ts'
import { readPositions } from '../../../mail/positions.ts'
import type { RelayedTransport } from '../../../mail/relayed-record.ts'
import type { IntakeRow, Store, WorkRow } from '../../../storage/port.ts'
import { EVIDENCE_CHAIN } from '../../archive/chain-archive.ts'
import { recheckEntry, recheckIn } from '../../archive/rechecks.ts'
import { RECHECK } from '../../issue/recheck.ts'
import { readRecord } from '../../message-records.ts'
import type { DeadlinePayload, SendPayload } from '../../relay/payloads.ts'
import { queueIdOf, readQueueId } from '../../relay/queue-id.ts'
import { type EvidenceLine, lineOf } from './evidence-list.ts'
import { OperationError, operation } from './operation.ts'
import { idSchema } from './schemas.ts'
import { outcomesIn } from './trace-outcomes.ts'

/** The whole story of one message. Its subject is the sender's and is not part of it. */
export interface Trace {
  readonly id: string
  /** With brackets: ours (MessageIdentifierByREMMD) and the user's. */
  readonly messageId: string
  readonly userMessageId: string | undefined
  readonly decidedAt: string
  readonly state: 'refused' | 'accepted' | 'finished'
  readonly size: number
  /** The provider that sent it, where it came from a peer. */
  readonly peer: string | undefined
  /** How it came from there, and what DKIM, SPF and DMARC said of it; worth nothing but a trace. */
  readonly transport: RelayedTransport | undefined
  /** What we found of the user's signature in a peer's dispatch. */
  readonly userSignature: string | undefined
  /** The person who acted is known of our own accounts. */
  readonly sender: { readonly address: string; readonly person: string | undefined }
  readonly signer: string | undefined
  readonly recipients: readonly TracedRecipient[]
  /** In order of time. */
  readonly timeline: readonly TraceStep[]
  /** What is still to happen, and why it has not. */
  readonly waiting: readonly WaitingWork[]
  /** More than was read; the story above is cut off. */
  readonly truncated: boolean
}

export interface TracedRecipient {
  /** As evidence counts it, from 1. */
  readonly position: number
  readonly address: string
  readonly local: boolean
  /** What a peer said of the dispatch, or we of a peer's; undefined where it has nothing to say, or not yet. */
  readonly relay: string | undefined
  /** Names of the outcomes; undefined where there is none yet. */
  readonly transport: string | undefined
  readonly reading: string | undefined
  /** A peer said otherwise than the final outcome. */
  readonly contradicted: boolean
}

export interface TraceStep {
  readonly at: string
  readonly step: string
  readonly recipient: number | undefined
  readonly evidence: string | undefined
  /** Whose evidence it is, where it is a peer's. */
  readonly provider: string | undefined
  /** Why, where an outcome of ours is negative. */
  readonly reason?: string | undefined
  /** When the e-Tebligat that was delivered counts as served: the end of that day. */
  readonly served?: EvidenceLine['served']
}

export interface WaitingWork {
  readonly kind: string
  readonly slot: string
  readonly recipient: number
  readonly state: 'pending' | 'held'
  readonly due: string
  readonly attempts: number
  readonly error: string | undefined
  /** Of mail for a peer: as `kepctl queue` calls it, and since when the peer may hold it without having said so. */
  readonly queue: string | undefined
  readonly uncertain: string | undefined
}

/** A message may have a thousand recipients with a handful of rows and evidence each. */
const MAX_ROWS = 20_000
const PAGE = 500

/** By message id (ours, a peer's or the user's), evidence id (ours or a peer's), queue or intake id, with or without brackets. All messages of that name. */
export const trace = operation(
  z.strictObject({ id: idSchema }),
  async ({ store, peers, domain }, { id }): Promise<{ messages: readonly Trace[] }> => {
    const providers = peers.all().map(({ provider }) => provider)
    const intakes = await intakesFor(store, id, providers, domain)
    if (intakes.length === 0) throw new OperationError('NOT_FOUND', `nothing is known of ${id}`)
    return { messages: await Promise.all(intakes.map((intake) => traceOf(store, intake))) }
  },
)

/** A person's Message-ID may be any sender's choice and name several messages; more than these are not shown. */
const MAX_SAME_NAME = 10

/** By any id that somebody may have at hand. */
export async function intakesFor(
  store: Store,
  id: string,
  providers: readonly string[],
  domain: string,
): Promise<IntakeRow[]> {
  const bare = withoutBrackets(id)
  const named = await store.intakesNamed(withBrackets(id))
  if (named.length > 0) return named.slice(0, MAX_SAME_NAME)
  // A peer's is known under its domain; the id alone is what people have at hand. At our peers ours is known so too.
  const own = bare.startsWith(`${domain}/`) ? bare.slice(domain.length + 1) : bare
  const qualified = [bare, ...providers.map((provider) => `${provider}/${bare}`)]
  let evidence = await store.chain.find(EVIDENCE_CHAIN, own)
  for (const name of qualified) evidence ??= await store.chain.find(EVIDENCE_CHAIN, name)
  const intake = await store.intake(evidence?.intake ?? readQueueId(bare)?.key.intake ?? bare)
  if (intake !== undefined) return [intake]
  // The delil of a submission came in a peer's dispatch, which holds it.
  const dispatches: IntakeRow[] = []
  for (const name of qualified) dispatches.push(...(await store.intakesNamed(name)))
  return dispatches.slice(0, MAX_SAME_NAME)
}

async function traceOf(store: Store, intake: IntakeRow): Promise<Trace> {
  const record = await readRecord(store, intake)
  const work = await allWork(store, intake.id)
  const evidence = await allEvidence(store, intake.id)
  const refused = intake.body === undefined
  const outcomes = outcomesIn(work, evidence)
  const waiting = work.filter((row) => !isIdle(row, outcomes)).flatMap(waitingOf)
  const isSubmission = record.origin !== 'relay'
  return {
    id: intake.id,
    messageId: record.messageId,
    userMessageId: record.userMessageId,
    decidedAt: record.decidedAt,
    state: refused ? 'refused' : waiting.length === 0 ? 'finished' : 'accepted',
    size: isSubmission ? record.message.size : record.size,
    peer: isSubmission ? undefined : record.peer,
    transport: isSubmission ? undefined : record.transport,
    userSignature: isSubmission ? undefined : record.userSignature,
    sender: { address: record.sender.address, person: isSubmission ? record.person.handle : undefined },
    signer: isSubmission ? record.signature?.signer : undefined,
    recipients: record.recipients.map(({ address, local }, index) => ({
      position: index + 1,
      address,
      local,
      ...outcomes(index + 1),
    })),
    timeline: [
      decided(record, refused),
      ...evidence.map(stepOf),
      ...work.flatMap(hintOf),
      ...(await recheckStep(store, intake)),
    ].sort((a, b) => a.at.localeCompare(b.at)),
    waiting,
    truncated: work.length >= MAX_ROWS || evidence.length >= MAX_ROWS,
  }
}

const decided = (record: MessageRecord, refused: boolean): TraceStep => ({
  at: record.decidedAt,
  step: refused ? 'refused' : 'accepted',
  recipient: undefined,
  evidence: undefined,
  provider: undefined,
})

const stepOf = (line: EvidenceLine): TraceStep => {
  const { at, eventTime, outcome, recipient, id, provider, reason, served } = line
  return {
    at: eventTime ?? at,
    step: outcome,
    recipient,
    evidence: id,
    provider,
    reason,
    ...(served === undefined ? {} : { served }),
  }
}

/** A signer had been revoked before the acceptance, as was told later. */
async function recheckStep(store: Store, { id }: IntakeRow): Promise<TraceStep[]> {
  const entry = await recheckEntry(store, id)
  if (entry === undefined || recheckIn(entry).outcome !== 'revoked-before') return []
  const at = new Date(entry.at).toISOString()
  return [
    { at, step: 'signer-revoked-before', recipient: undefined, evidence: undefined, provider: undefined },
  ]
}

/** What a mail system on the way said of the mail. [RFC 3464 §2.3] */
const hintOf = ({ slot, since, payload }: WorkRow): TraceStep[] => {
  if (!slot.startsWith('hint/')) return []
  const { hint }: { hint: string } = JSON.parse(payload)
  const at = new Date(since).toISOString()
  return [{ at, step: `hint: ${hint}`, recipient: undefined, evidence: undefined, provider: undefined }]
}

/** A deadline that will find everything decided. */
function isIdle(row: WorkRow, outcomes: ReturnType<typeof outcomesIn>): boolean {
  // Of the message's story the recheck is a part only where it finds something.
  if (row.kind === 'timer' && row.slot === RECHECK) return row.state === 'pending'
  if (row.kind !== 'timer' || !/^(send|relay|delivery)-expiry\b/.test(row.slot)) return false
  const { positions }: DeadlinePayload = JSON.parse(row.payload)
  return readPositions(positions).every((position) => outcomes(position).transport !== undefined)
}

const waitingOf = (row: WorkRow): WaitingWork[] => {
  const { kind, slot, recipient, state, due, attempts, error } = row
  // Whether a person was told is no part of the message's story.
  if (state === 'done' || kind === 'notify') return []
  const send: SendPayload | undefined = kind === 'send' ? JSON.parse(row.payload) : undefined
  return [
    {
      kind,
      slot,
      recipient,
      state,
      due: new Date(due).toISOString(),
      attempts,
      error,
      queue: row.queue === undefined ? undefined : queueIdOf(row, row.queue),
      uncertain: send?.uncertain,
    },
  ]
}

async function allWork(store: Store, intake: string): Promise<WorkRow[]> {
  const rows: WorkRow[] = []
  for (let after = { recipient: -1, slot: '' }; rows.length < MAX_ROWS; ) {
    const page = await store.work.of(intake, after, PAGE)
    rows.push(...page)
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) break
    after = { recipient: last.recipient, slot: last.slot }
  }
  return rows
}

async function allEvidence(store: Store, intake: string): Promise<EvidenceLine[]> {
  const lines: EvidenceLine[] = []
  for (let after = 0; lines.length < MAX_ROWS; ) {
    const page = await store.chain.ofIntake(EVIDENCE_CHAIN, intake, after, PAGE)
    lines.push(...page.map(lineOf))
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) break
    after = last.seq
  }
  return lines
}
