/**
 * One message to recipients at one peer, on the store that may die at any write: the real steps of the relay, with an
 * archive and receipts that only remember. What the peer and the connection do is told to it, act by act.
 */
import { createHash } from 'node:crypto'
import type { OutcomeName } from '../../evidence/index.ts'
import { isHouseKeyword } from '../../mail/house-keywords.ts'
import { asSubmission } from '../../mail/message-record.ts'
import { encodeIndex } from '../../mail/mime-codec.ts'
import { MimeIndexer } from '../../mail/mime-index.ts'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import type { EventFacts } from '../../plugins/events.ts'
import { makeStandardMailboxes, SENT } from '../../server/accounts/standard-mailboxes.ts'
import { Filed } from '../../server/issue/filed.ts'
import type { ForeignEvidence } from '../../server/issue/issuer.ts'
import { markSent } from '../../server/issue/mark-sent.ts'
import { CONTRADICTED, NotYet, type Step, type StepParts } from '../../server/issue/steps.ts'
import { steps as realSteps } from '../../server/issue/steps-table.ts'
import type { PeerEvidencePayload, SendPayload } from '../../server/relay/payloads.ts'
import type { SendResult } from '../../server/relay/send-result.ts'
import { type SettleParts, settleSend, stillWanted } from '../../server/relay/settle-send.ts'
import { stageBytes } from '../../server/stage-bytes.ts'
import type { BlobRef, LeasedWork, Store, WorkKind, WorkOutcome } from '../../storage/port.ts'
import { Disk } from './memory-store/disk.ts'
import { Crashed, type Crasher, crashesAt, neverCrashes } from './memory-store/documents.ts'
import { openMemoryStore } from './memory-store.ts'

export const PEER = 'hs99.kep.tr'
const SENDER = 'a@hs98.kep.tr'
const INTAKE = 'intake'
export const HOUR = 3_600_000
const DAY = 24 * HOUR
const BEGIN = Date.UTC(2026, 0, 1)
const LEASE_MS = 10 * 60_000
const KINDS: readonly WorkKind[] = [
  'accepted',
  'issue',
  'evidence',
  'mailboxOp',
  'timer',
  'deliver',
  'fanout',
]

export class RelayHistory {
  readonly #disk = new Disk()
  readonly #record: SubmissionRecord
  readonly #issued = new Map<string, EventFacts>()
  readonly #kept = new Set<string>()
  now = BEGIN
  /** Notices of contradictions that reached the metric. */
  contradictions = 0

  private constructor(recipients: number) {
    this.#record = {
      origin: 'submission',
      id: INTAKE,
      messageId: '<rem.1@hs98.kep.tr>',
      sender: { address: SENDER, name: 'A' },
      recipients: Array.from({ length: recipients }, (_, index) => ({
        address: `r${index + 1}@${PEER}`,
        name: undefined,
        local: false,
      })),
      message: { size: 1, sha256: '00', eightBit: false },
      header: { messageType: undefined },
      decidedAt: new Date(BEGIN).toISOString(),
    } as unknown as SubmissionRecord
  }

  static async begin(recipients: number): Promise<RelayHistory> {
    const history = new RelayHistory(recipients)
    const store = await history.open()
    await makeStandardMailboxes(store.mailboxes, SENDER)
    const blob = await store.blobs.save(await stageBytes(store, Buffer.from('octets')), 'archive')
    const payload = JSON.stringify({ dispatch: blob, index: blob, contentStart: 0, contentEnd: 1 })
    await history.#file(store, blob)
    await store.work.insert([
      { intake: INTAKE, recipient: 0, slot: 'fanout', kind: 'fanout', due: BEGIN, payload },
    ])
    await history.drain()
    return history
  }

  async #file(store: Store, body: BlobRef): Promise<void> {
    const sent = await store.mailboxes.byName(SENDER, SENT)
    await store.mailboxes.append(sent?.id ?? '', {
      opId: 'file',
      body,
      staged: [],
      index: new Uint8Array(),
      flags: ['\\Seen', 'Benim'],
      date: BEGIN,
      saved: BEGIN,
      origin: 'pipeline',
    })
    await new Filed(store).put(this.#record, body.hash)
  }

  /** What the sender sees of the message in Giden Kutusu. */
  async keywords(): Promise<string[]> {
    const store = await this.open()
    const sent = await store.mailboxes.byName(SENDER, SENT)
    const [row] = await store.mailboxes.page(sent?.id ?? '', 0, 1)
    return (row?.flags ?? []).filter(isHouseKeyword).sort()
  }

  open(crasher: Crasher = neverCrashes, seed = 1): Promise<Store> {
    return openMemoryStore(this.#disk, { crasher, seed })
  }

  /** Does all that is due, dying at the given write (0: never); whoever comes after completes it. */
  async drain(dieAt = 0): Promise<void> {
    if (dieAt > 0) {
      try {
        await this.#work(await this.open(crashesAt(dieAt)))
      } catch (error) {
        if (!(error instanceof Crashed)) throw error
      }
      this.now += LEASE_MS // leases of the dead lapse
    }
    await this.#work(await this.open())
  }

  /** Two processes at once, over one disk. */
  async drainTwice(seed: number): Promise<void> {
    const [one, other] = [await this.open(neverCrashes, seed), await this.open(neverCrashes, seed + 1)]
    await Promise.all([this.#work(one), this.#work(other)])
    await this.drain()
  }

  /**
   * The lane's attempt; `dies` between the last octets and the answer. With `dieAt` the process dies at that write of what
   * follows from the answer.
   */
  async attempt(resultOf: (addresses: readonly string[]) => SendResult | 'dies', dieAt = 0): Promise<void> {
    try {
      await this.#send(await this.open(), resultOf, dieAt)
    } catch (error) {
      if (!(error instanceof Crashed)) throw error
      this.now += LEASE_MS
    }
  }

  async #send(
    store: Store,
    resultOf: (addresses: readonly string[]) => SendResult | 'dies',
    dieAt: number,
  ): Promise<void> {
    const parts = this.#parts(store)
    const [row] = await store.work.claim(['send'], {
      now: this.now,
      limit: 1,
      leaseMs: LEASE_MS,
      queue: PEER,
    })
    if (row === undefined) return
    const payload: SendPayload = JSON.parse(row.payload)
    if (!(await stillWanted(parts, row, payload))) {
      await store.work.settle(row, { done: true })
      return
    }
    const result = resultOf(addressesAt(payload.positions ?? ''))
    await store.work.note(row, JSON.stringify({ ...payload, phase: 'data' }))
    if (result === 'dies') {
      this.now += LEASE_MS
      return
    }
    const dying = dieAt > 0 ? await this.open(crashesAt(dieAt)) : store
    const outcome = await settleSend(this.#parts(dying), row, payload, this.#record, result, this.now)
    await dying.work.settle(row, outcome)
  }

  /** A verified delil, as the listener hands it on. */
  async hear(outcome: OutcomeName, positions: string, id: string): Promise<void> {
    const store = await this.open()
    const octets = Buffer.from(`${outcome} ${positions} ${id}`)
    const blob = await store.blobs.save(await stageBytes(store, octets), 'archive')
    const payload: PeerEvidencePayload = {
      provider: PEER,
      eventId: `${PEER}/${octets.toString()}`,
      outcome,
      at: this.#at(),
      receivedAt: this.#at(),
      positions,
      evidence: blob,
      mail: blob,
      mailIndex: await store.blobs.save(await stageBytes(store, indexOf(octets)), 'archive'),
    }
    const slot = `in/${createHash('sha256').update(octets).digest('hex').slice(0, 32)}`
    await store.work.insert([
      {
        intake: INTAKE,
        recipient: 0,
        slot,
        kind: 'evidence',
        due: this.now,
        payload: JSON.stringify(payload),
      },
    ])
  }

  /** What was decided, position by position, as words. */
  async decided(): Promise<DecidedOf[]> {
    const store = await this.open()
    const all: DecidedOf[] = []
    for (let n = 1; n <= this.#record.recipients.length; n++) {
      const word = async (slot: string) => wordIn((await store.work.get(INTAKE, n, slot))?.payload)
      all.push({
        relay: await word('relay'),
        transport: await word('transport'),
        reading: await word('reading'),
        late: (await word('late-reading')) !== undefined,
        contradicted: (await store.work.get(INTAKE, n, CONTRADICTED)) !== undefined,
      })
    }
    return all
  }

  /** Rows that are not done. */
  async left(): Promise<string[]> {
    const store = await this.open()
    const rows = await store.work.of(INTAKE, { recipient: -1, slot: '' }, 1000)
    return rows.filter(({ state }) => state !== 'done').map(({ recipient, slot }) => `${recipient}/${slot}`)
  }

  /** Final evidence of ours, by recipient. */
  finals(): Map<number, number> {
    const counts = new Map<number, number>()
    for (const facts of this.#issued.values())
      if (facts.hook === 'relay_failed' || facts.hook === 'peer_silent')
        counts.set(facts.recipient, (counts.get(facts.recipient) ?? 0) + 1)
    return counts
  }

  /** Relay failures of ours and their reasons, in order of recipient. */
  failures(): [recipient: number, reason: string][] {
    const failures = [...this.#issued.values()].filter((facts) => facts.hook === 'relay_failed')
    return failures.map(({ recipient, reason }): [number, string] => [recipient, reason]).sort()
  }

  get kept(): ReadonlySet<string> {
    return this.#kept
  }

  #at = (): string => new Date(this.now).toISOString()

  async #work(store: Store): Promise<void> {
    const parts = this.#parts(store)
    for (;;) {
      const rows = await store.work.claim(KINDS, { now: this.now, limit: 8, leaseMs: LEASE_MS })
      if (rows.length === 0) return
      for (const row of rows) await store.work.settle(row, await this.#attempt(parts, row))
    }
  }

  async #attempt(parts: StepParts, row: LeasedWork): Promise<WorkOutcome> {
    const step: Step | undefined = row.kind === 'mailboxOp' ? markAlone : realSteps[row.kind]
    if (step === undefined) throw new Error(`nothing does ${row.kind}`)
    try {
      return { done: true, spawn: await step(parts, row, this.#record) }
    } catch (error) {
      if (error instanceof NotYet) return { retryAt: error.at, error: error.message, blameless: true }
      throw error
    }
  }

  #parts(store: Store): StepParts & SettleParts {
    const day = DAY
    const issuer = {
      issue: async (facts: EventFacts) => {
        if (!this.#issued.has(facts.id)) this.#issued.set(facts.id, facts)
      },
      keep: async ({ eventId }: ForeignEvidence) => void this.#kept.add(eventId),
    }
    return {
      store,
      issuer,
      clock: { now: () => new Date(this.now) },
      clockIsCertain: () => true,
      events: { contradicted: () => this.contradictions++, relayRecipients: () => {} },
      relay: () => ({
        expiry: day,
        relayAnswer: day,
        deliveryAnswer: day,
        evidenceExpiry: 7 * day,
        granularity: 'recipient',
      }),
    } as unknown as StepParts & SettleParts
  }
}

function indexOf(octets: Buffer): Uint8Array {
  const indexer = new MimeIndexer()
  indexer.push(octets)
  return encodeIndex(indexer.end())
}

/** A receipt without its message. */
const markAlone: Step = async (parts, row, message) => {
  await markSent(parts, asSubmission(message), [row.recipient])
  return []
}

export interface DecidedOf {
  readonly relay: string | undefined
  readonly transport: string | undefined
  readonly reading: string | undefined
  readonly late: boolean
  readonly contradicted: boolean
}

const addressesAt = (positions: string): string[] =>
  positions.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => `r${first + index}@${PEER}`)
  })

function wordIn(payload: string | undefined): string | undefined {
  if (payload === undefined) return undefined
  const read: { outcome?: string; facts?: EventFacts } = JSON.parse(payload)
  return read.facts?.hook ?? read.outcome
}
