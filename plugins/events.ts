import type { EvidenceReason } from '../mail/errors.ts'
import type { SubmissionRecord } from '../mail/submission-record.ts'

/**
 * The facts of one event, small enough for a row: together with the submission's record (a blob) they are the
 * durable draft. Identifier and time are fixed when the event happens, not when it is signed (I4).
 */
interface EventBase {
  /** EvidenceIdentifier. */
  readonly id: string
  /** Event time, ISO 8601 in UTC. */
  readonly at: string
}

export type EventFacts =
  | (EventBase & { readonly hook: 'accepted' })
  | (EventBase & { readonly hook: 'refused'; readonly reason: EvidenceReason; readonly details: string })
  | (EventBase & { readonly hook: 'delivered'; readonly recipient: number })
  | (EventBase & {
      readonly hook: 'nondelivered'
      readonly recipient: number
      readonly reason: EvidenceReason
      readonly details: string
    })
  | (EventBase & { readonly hook: 'retrieved'; readonly recipient: number; readonly reader: Reader })
  | (EventBase & { readonly hook: 'retrieval_expired'; readonly recipient: number })

/** Who read, and how it came to be known. */
export interface Reader {
  readonly account: string
  readonly person: { readonly handle: string; readonly shown: string }
  readonly loginAt: string
  readonly method: string
  readonly ip: string
  /** The client as it named itself (IMAP ID), cut to 100 characters. */
  readonly client: string
  /** `FETCH BODY[]`, `STORE \Seen`, … */
  readonly trigger: string
}

export type EvidenceEvent = EventFacts & { readonly submission: SubmissionRecord }
