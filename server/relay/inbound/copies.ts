import { createHash } from 'node:crypto'
import { MailError } from '../../../mail/errors.ts'
import { intakeName } from '../../../mail/ids.ts'
import { encodeIndex } from '../../../mail/mime-codec.ts'
import { readPositions, writePositions } from '../../../mail/positions.ts'
import type { RelayedRecord } from '../../../mail/relayed-record.ts'
import type { NewWork, Store, WorkRow } from '../../../storage/port.ts'
import { readRecord } from '../../message-records.ts'
import type { ReceivedMessage } from '../../received-message.ts'
import { stageBytes } from '../../stage-bytes.ts'
import type { RelayInPayload } from '../payloads.ts'
import type { InboundParts } from './parts.ts'

export interface Kept {
  readonly intake: string
  readonly rejected: RelayedRecord['rejected']
  /** Nothing of it is new: the peer gets the evidence again that it missed. */
  readonly repeated: boolean
}

interface Content {
  readonly contentStart: number
  readonly contentEnd: number
}

/** Of messages that a peer sends under one identifier; nobody has an honest reason for a second. */
const MAX_VARIANTS = 10
/** Another session may store the same dispatch between our look and our write. */
const ATTEMPTS = 5
const PAGE = 500

/**
 * Stores a dispatch once, however often it comes. What was decided for a position stays decided: a copy is answered
 * with the same evidence, a copy for further recipients joins the first, and another message under a known id is
 * rejected.
 */
export async function keepDispatch(
  parts: InboundParts,
  received: ReceivedMessage,
  record: RelayedRecord,
  positions: readonly number[],
  content: Content,
): Promise<Kept> {
  for (let attempt = 1; ; attempt++) {
    const kept = await keepOnce(parts, received, record, positions, content)
    if (kept !== undefined) return kept
    if (attempt === ATTEMPTS) throw new Error(`a dispatch of ${record.peer} is being stored by others`)
  }
}

async function keepOnce(
  parts: InboundParts,
  received: ReceivedMessage,
  given: RelayedRecord,
  positions: readonly number[],
  content: Content,
): Promise<Kept | undefined> {
  const earlier = await copiesOf(parts.store, given)
  if (earlier.length >= MAX_VARIANTS) throw new MailError('DISPATCH_UNNAMED', 'SAME_ID')
  const [first] = earlier
  const record = first === undefined || sameDigest(first, given) ? given : another(given)
  const same = earlier.filter((copy) => sameDigest(copy, record))
  const open = new Set(positions)
  for (const copy of same) {
    const held = await heldBy(parts.store, copy.id)
    const covered = positions.filter((position) => held.has(position))
    await answerAgain(parts, copy.id, covered)
    for (const position of covered) open.delete(position)
  }
  const rest = [...open]
  if (rest.length === 0)
    return { intake: same[0]?.id ?? record.id, rejected: record.rejected, repeated: true }
  const joined = same.find((copy) => (copy.rejected === undefined) === (record.rejected === undefined))
  if (joined !== undefined) {
    await join(parts, joined.id, rest)
    return { intake: joined.id, rejected: joined.rejected, repeated: false }
  }
  const stored = await store(parts, received, record, rest, content, first === undefined)
  return stored ? { intake: record.id, rejected: record.rejected, repeated: false } : undefined
}

/** Rejected, because the peer gave its id to another message before. */
const another = (record: RelayedRecord): RelayedRecord => ({
  ...record,
  rejected: {
    reason: 'PolicyViolation',
    details: 'SAME_ID: another message came under this identifier before',
  },
})

const sameDigest = (a: RelayedRecord, b: RelayedRecord): boolean =>
  a.digest.algorithm === b.digest.algorithm && a.digest.value === b.digest.value

/** The first comes first. */
async function copiesOf(store: Store, record: RelayedRecord): Promise<RelayedRecord[]> {
  const rows = await store.intakesNamed(intakeName(record.peer, record.messageId))
  const records = await Promise.all(rows.map((row) => readRecord(store, row)))
  return records
    .filter((known) => known.origin === 'relay')
    .filter(({ peer, messageId }) => peer === record.peer && messageId === record.messageId)
    .reverse()
}

/** Only then 250. False where somebody else stored it meanwhile. */
async function store(
  { store, clock }: InboundParts,
  { staged, index }: ReceivedMessage,
  record: RelayedRecord,
  positions: readonly number[],
  content: Content,
  isFirst: boolean,
): Promise<boolean> {
  const payload: RelayInPayload = {
    dispatch: staged.ref,
    index: await store.blobs.save(await stageBytes(store, encodeIndex(index)), `intake/${record.id}`),
    contentStart: content.contentStart,
    contentEnd: content.contentEnd,
    positions: writePositions(positions),
  }
  const envelope = await stageBytes(store, Buffer.from(JSON.stringify(record)))
  const base = `relay/${record.peer}/${record.messageId}`
  const which = `${record.digest.value}/${record.rejected === undefined ? 'taken' : 'rejected'}`
  const now = clock.now().getTime()
  const { duplicateOf } = await store.accept({
    id: record.id,
    at: now,
    dedup: { key: isFirst ? base : `${base}/${which}`, notBefore: 0 },
    body: staged.ref,
    envelope: envelope.ref,
    names: namesOf(record),
    staged: [envelope, staged],
    first: row(record.id, 'relay-in', now, payload),
  })
  // The index is of no use to the other, who brought his own.
  if (duplicateOf !== undefined && duplicateOf !== record.id) await store.blobs.release(`intake/${record.id}`)
  return duplicateOf === undefined
}

/** A peer chooses all of them but the second, also so that two are the same. */
const namesOf = ({ peer, messageId, userMessageId, submissionEvidence }: RelayedRecord): string[] => {
  const delil = submissionEvidence && `${peer}/${submissionEvidence}`
  const names = [messageId, intakeName(peer, messageId), userMessageId ?? '', delil ?? '']
  return [...new Set(names.filter((name) => name !== ''))]
}

const row = (intake: string, slot: string, due: number, payload: RelayInPayload): NewWork => ({
  intake,
  recipient: 0,
  slot,
  kind: 'accepted',
  due,
  payload: JSON.stringify(payload),
})

const isRelayIn = ({ recipient, slot }: WorkRow): boolean =>
  recipient === 0 && (slot === 'relay-in' || slot.startsWith('relay-in/'))

async function heldBy({ work }: Store, intake: string): Promise<Set<number>> {
  const held = new Set<number>()
  for await (const one of rowsOf(work, intake)) {
    if (one.recipient > 0) break // rows of the message as a whole come first
    if (!isRelayIn(one)) continue
    const { positions }: RelayInPayload = JSON.parse(one.payload)
    for (const position of readPositions(positions)) held.add(position)
  }
  return held
}

/** The same dispatch for recipients that the first one was not for. */
async function join(
  { store: { work }, clock }: InboundParts,
  intake: string,
  rest: readonly number[],
): Promise<void> {
  const first = await work.get(intake, 0, 'relay-in')
  if (first === undefined) throw new Error(`intake ${intake} has no relay-in`)
  const payload: RelayInPayload = { ...JSON.parse(first.payload), positions: writePositions(rest) }
  const name = createHash('sha256').update(payload.positions).digest('hex').slice(0, 16)
  await work.insert([row(intake, `relay-in/${name}`, clock.now().getTime(), payload)])
}

/** What was sent to the peer about these positions is sent again: it may have come to nothing there. */
async function answerAgain(
  { store: { work }, clock }: InboundParts,
  intake: string,
  positions: readonly number[],
): Promise<void> {
  if (positions.length === 0) return
  const about = new Set([0, ...positions])
  const due = clock.now().getTime()
  for await (const one of rowsOf(work, intake))
    if (one.kind === 'send' && one.state === 'done' && about.has(one.recipient))
      await work.amend(one, 'done', { due })
}

async function* rowsOf(work: Store['work'], intake: string): AsyncGenerator<WorkRow> {
  let after = { recipient: -1, slot: '' }
  for (;;) {
    const page = await work.of(intake, after, PAGE)
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    after = last
  }
}
