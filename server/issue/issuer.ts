import { createHash } from 'node:crypto'
import {
  checkAll,
  type EvidenceDraft,
  type EvidenceProfile,
  evidenceRules,
  type OutcomeName,
  outcomeOf,
  reasonOf,
  type Signer,
  signEvidence,
  type Timestamper,
} from '../../evidence/index.ts'
import { yearsAfter } from '../../mail/calendar.ts'
import type { Clock } from '../../mail/clock.ts'
import { type MessageRecord, typeOf } from '../../mail/message-record.ts'
import type { EventFacts, ServedFacts } from '../../plugins/events.ts'
import type { Pipeline } from '../../plugins/pipeline.ts'
import type { ChainArchive } from '../archive/chain-archive.ts'
import type { Events } from '../ops/events.ts'

/** What lists and traces show of an archived evidence; the octets are what counts. */
export interface EvidenceMeta {
  readonly root: string
  readonly outcome: OutcomeName
  readonly recipient: number | undefined
  readonly messageId: string
  /** Of the delivery of an e-Tebligat: the end of that day, and the day by the calendar. */
  readonly served?: Pick<ServedFacts, 'at' | 'day'>
  /** Why, where the outcome is negative: the name of its first reason. */
  readonly reason?: string
  /** The provider that made it, where it is not us, and the EventTime that it states. */
  readonly provider?: string
  readonly eventTime?: string
}

export interface IssuedEvidence {
  readonly id: string
  readonly octets: Uint8Array
  readonly meta: EvidenceMeta
}

/** A verified delil of a peer about a message of ours. */
export interface ForeignEvidence {
  readonly eventId: string
  readonly octets: Uint8Array
  readonly meta: EvidenceMeta
  /** ISO 8601. */
  readonly receivedAt: string
}

export interface IssuerParts {
  readonly pipeline: Pipeline
  readonly profile: EvidenceProfile
  /** The key in force now, for one signature. */
  readonly signer: () => Signer
  readonly timestamper: Timestamper
  readonly archive: ChainArchive
  readonly clock: Clock
  readonly events: Events
  readonly retentionYears: number
  /** Of evidence about an e-Tebligat. */
  readonly servingRetentionYears: number
}

/** Draft → rules → signature → stamp → archive; and out comes only what was read back from the archive (I4). */
export class EvidenceIssuer {
  readonly #parts: IssuerParts

  constructor(parts: IssuerParts) {
    this.#parts = parts
  }

  /** Idempotent by the facts' id: after a crash the first octets are found again. */
  async issue(facts: EventFacts, message: MessageRecord): Promise<IssuedEvidence> {
    const { archive, profile, timestamper, clock, events } = this.#parts
    const known = await archive.find(facts.id)
    if (known !== undefined) return { id: facts.id, octets: known.bytes, meta: JSON.parse(known.meta) }
    const draft = this.draftOf(facts, message)
    const octets = await signEvidence(
      checkAll(draft, evidenceRules(profile)),
      this.#parts.signer(),
      timestamper,
      clock.now(),
    )
    const outcome = outcomeOf(profile, draft.root, draft.eventCode)
    if (outcome === undefined) throw new Error(`no outcome is known for ${draft.root} ${draft.eventCode}`)
    const [first] = draft.reasons
    const reason = first && reasonOf(first.code)?.name
    const served = facts.hook === 'delivered' ? facts.served : undefined
    const meta: EvidenceMeta = {
      ...(served === undefined ? {} : { served: { at: served.at, day: served.day } }),
      ...(reason === undefined ? {} : { reason }),
      root: draft.root,
      outcome: outcome.name,
      recipient: draft.refersTo,
      messageId: message.messageId,
    }
    const referred = draft.refersTo === undefined ? undefined : message.recipients[draft.refersTo - 1]
    const entry = await archive.append({
      eventId: facts.id,
      bytes: octets,
      intake: message.id,
      meta: JSON.stringify(meta),
      parties: [message.sender.address, ...(referred === undefined ? [] : [referred.address])],
      at: Date.parse(facts.at),
      keepUntil: yearsAfter(new Date(facts.at), this.#yearsFor(message)),
    })
    events.evidenceIssued(outcome.name, facts.id)
    return { id: facts.id, octets: entry.bytes, meta: JSON.parse(entry.meta) }
  }

  /** What serves by law is kept longer than other mail. */
  #yearsFor(message: MessageRecord): number {
    const { retentionYears, servingRetentionYears } = this.#parts
    return typeOf(message) === 'eTebligat' ? servingRetentionYears : retentionYears
  }

  /**
   * Archives a peer's delil beside ours, octet for octet. Another one under the name of an earlier one is kept too, under
   * a name of its own. Idempotent.
   */
  async keep(foreign: ForeignEvidence, message: MessageRecord): Promise<void> {
    const { archive, events } = this.#parts
    const { eventId, octets, meta, receivedAt } = foreign
    const referred = meta.recipient === undefined ? undefined : message.recipients[meta.recipient - 1]
    const parties = [message.sender.address, ...(referred === undefined ? [] : [referred.address])]
    const keepUntil = yearsAfter(new Date(receivedAt), this.#yearsFor(message))
    const append = (name: string) =>
      archive.append({
        eventId: name,
        bytes: octets,
        intake: message.id,
        meta: JSON.stringify(meta),
        parties,
        at: Date.parse(receivedAt),
        keepUntil,
      })
    const kept = await append(eventId)
    if (Buffer.compare(kept.bytes, octets) !== 0)
      await append(`${eventId}/${createHash('sha256').update(octets).digest('hex')}`)
    events.foreignEvidence(meta.outcome, eventId)
  }

  /** The unsigned draft; the same facts always make the same one. */
  draftOf(facts: EventFacts, message: MessageRecord): EvidenceDraft {
    return this.#parts.pipeline.draft({ ...facts, message })
  }
}
