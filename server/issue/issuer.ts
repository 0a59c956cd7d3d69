import {
  checkAll,
  type EvidenceDraft,
  type EvidenceProfile,
  evidenceRules,
  type OutcomeName,
  outcomeOf,
  type Signer,
  signEvidence,
  type Timestamper,
} from '../../evidence/index.ts'
import type { Clock } from '../../mail/clock.ts'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import type { EventFacts } from '../../plugins/events.ts'
import type { Pipeline } from '../../plugins/pipeline.ts'
import type { Events } from '../ops/events.ts'
import type { EvidenceArchive } from './evidence-archive.ts'

/** What lists and traces show of an archived evidence; the octets are what counts. */
export interface EvidenceMeta {
  readonly root: string
  readonly outcome: OutcomeName
  readonly recipient: number | undefined
  readonly messageId: string
}

export interface IssuedEvidence {
  readonly id: string
  readonly octets: Uint8Array
  readonly meta: EvidenceMeta
}

export interface IssuerParts {
  readonly pipeline: Pipeline
  readonly profile: EvidenceProfile
  readonly signer: Signer
  readonly timestamper: Timestamper
  readonly archive: EvidenceArchive
  readonly clock: Clock
  readonly events: Events
  readonly retentionYears: number
}

/** Draft → rules → signature → stamp → archive; and out comes only what was read back from the archive (I4). */
export class EvidenceIssuer {
  readonly #parts: IssuerParts

  constructor(parts: IssuerParts) {
    this.#parts = parts
  }

  /** Idempotent by the facts' id: after a crash the first octets are found again. */
  async issue(facts: EventFacts, submission: SubmissionRecord): Promise<IssuedEvidence> {
    const { archive, profile, signer, timestamper, clock, events } = this.#parts
    const known = await archive.find(facts.id)
    if (known !== undefined) return { id: facts.id, octets: known.bytes, meta: JSON.parse(known.meta) }
    const draft = this.draftOf(facts, submission)
    const octets = await signEvidence(
      checkAll(draft, evidenceRules(profile)),
      signer,
      timestamper,
      clock.now(),
    )
    const outcome = outcomeOf(profile, draft.root, draft.eventCode)
    if (outcome === undefined) throw new Error(`no outcome is known for ${draft.root} ${draft.eventCode}`)
    const meta: EvidenceMeta = {
      root: draft.root,
      outcome: outcome.name,
      recipient: draft.refersTo,
      messageId: submission.messageId,
    }
    const referred = draft.refersTo === undefined ? undefined : submission.recipients[draft.refersTo - 1]
    const entry = await archive.append({
      eventId: facts.id,
      bytes: octets,
      intake: submission.id,
      meta: JSON.stringify(meta),
      parties: [submission.sender.address, ...(referred === undefined ? [] : [referred.address])],
      at: Date.parse(facts.at),
      keepUntil: yearsAfter(facts.at, this.#parts.retentionYears),
    })
    events.evidenceIssued(outcome.name, facts.id)
    return { id: facts.id, octets: entry.bytes, meta: JSON.parse(entry.meta) }
  }

  /** The unsigned draft; the same facts always make the same one. */
  draftOf(facts: EventFacts, submission: SubmissionRecord): EvidenceDraft {
    return this.#parts.pipeline.draft({ ...facts, submission })
  }
}

function yearsAfter(at: string, years: number): number {
  const date = new Date(at)
  date.setUTCFullYear(date.getUTCFullYear() + years)
  return date.getTime()
}
