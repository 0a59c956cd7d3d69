import { z } from 'zod'
import { withBrackets, withoutBrackets } from '../../../mail/ids.ts'
import type { SubmissionRecord } from '../../../mail/submission-record.ts'
import type { IntakeRow, Store, WorkRow } from '../../../storage/port.ts'
import { EVIDENCE_CHAIN } from '../../issue/evidence-archive.ts'
import { type EvidenceLine, lineOf } from './evidence-list.ts'
import { OperationError, operation } from './operation.ts'
import { idSchema } from './schemas.ts'

/** The whole story of one message. Its subject is the sender's and is not part of it. */
export interface Trace {
  readonly id: string
  /** With brackets: ours (MessageIdentifierByREMMD) and the user's. */
  readonly messageId: string
  readonly userMessageId: string | undefined
  readonly decidedAt: string
  readonly state: 'refused' | 'accepted' | 'finished'
  readonly size: number
  readonly sender: { readonly address: string; readonly person: string }
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
  /** Names of the outcomes in the archive; undefined where there is none yet. */
  readonly transport: string | undefined
  readonly reading: string | undefined
}

export interface TraceStep {
  readonly at: string
  readonly step: string
  readonly recipient: number | undefined
  readonly evidence: string | undefined
}

export interface WaitingWork {
  readonly kind: string
  readonly slot: string
  readonly recipient: number
  readonly state: 'pending' | 'held'
  readonly due: string
  readonly attempts: number
  readonly error: string | undefined
}

/** A message may have a thousand recipients with a handful of rows and evidence each. */
const MAX_ROWS = 20_000
const PAGE = 500

/** By message id (ours or the user's), evidence id or intake id, with or without brackets. All messages of that name. */
export const trace = operation(
  z.strictObject({ id: idSchema }),
  async ({ store }, { id }): Promise<{ messages: readonly Trace[] }> => {
    const intakes = await intakesFor(store, id)
    if (intakes.length === 0) throw new OperationError('NOT_FOUND', `nothing is known of ${id}`)
    return { messages: await Promise.all(intakes.map((intake) => traceOf(store, intake))) }
  },
)

/** A person's Message-ID may be any sender's choice and name several messages; more than these are not shown. */
const MAX_SAME_NAME = 10

async function intakesFor(store: Store, id: string): Promise<IntakeRow[]> {
  const bare = withoutBrackets(id)
  const named = await store.intakesNamed(withBrackets(id))
  if (named.length > 0) return named.slice(0, MAX_SAME_NAME)
  const evidence = await store.chain.find(EVIDENCE_CHAIN, bare)
  const intake = await store.intake(evidence?.intake ?? bare)
  return intake === undefined ? [] : [intake]
}

async function traceOf(store: Store, intake: IntakeRow): Promise<Trace> {
  const record: SubmissionRecord = JSON.parse(
    Buffer.from(await store.blobs.read(intake.envelope)).toString('utf8'),
  )
  const work = await allWork(store, intake.id)
  const evidence = await allEvidence(store, intake.id)
  const waiting = work.flatMap(waitingOf)
  const refused = intake.body === undefined
  const outcomes = new Map(evidence.map(({ recipient = 0, outcome }) => [`${recipient} ${outcome}`, outcome]))
  const firstOf = (position: number, names: readonly string[]): string | undefined =>
    names.map((name) => outcomes.get(`${position} ${name}`)).find((name) => name !== undefined)
  return {
    id: intake.id,
    messageId: record.messageId,
    userMessageId: record.userMessageId,
    decidedAt: record.decidedAt,
    state: refused ? 'refused' : waiting.length === 0 ? 'finished' : 'accepted',
    size: record.message.size,
    sender: { address: record.sender.address, person: record.person.handle },
    signer: record.signature?.signer,
    recipients: record.recipients.map(({ address, local }, index) => ({
      position: index + 1,
      address,
      local,
      transport: firstOf(index + 1, TRANSPORT),
      reading: firstOf(index + 1, READING),
    })),
    timeline: [decided(record, refused), ...evidence.map(stepOf)].sort((a, b) => a.at.localeCompare(b.at)),
    waiting,
    truncated: work.length >= MAX_ROWS || evidence.length >= MAX_ROWS,
  }
}

const TRANSPORT = ['delivery', 'non-delivery', 'relay-rejection', 'relay-failure'] as const
const READING = ['retrieval', 'retrieval-expiration'] as const

const decided = (record: SubmissionRecord, refused: boolean): TraceStep => ({
  at: record.decidedAt,
  step: refused ? 'refused' : 'accepted',
  recipient: undefined,
  evidence: undefined,
})

const stepOf = ({ at, outcome, recipient, id }: EvidenceLine): TraceStep => ({
  at,
  step: outcome,
  recipient,
  evidence: id,
})

const waitingOf = ({ kind, slot, recipient, state, due, attempts, error }: WorkRow): WaitingWork[] =>
  state === 'done'
    ? []
    : [{ kind, slot, recipient, state, due: new Date(due).toISOString(), attempts, error }]

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
