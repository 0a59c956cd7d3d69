import type { EvidenceReason } from '../mail/errors.ts'
import type { MessageRecord } from '../mail/message-record.ts'

/**
 * The facts of one event, small enough for a row: together with the message's record (a blob) they are the
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
  | (EventBase & {
      readonly hook: 'delivered'
      readonly recipient: number
      /** Of an e-Tebligat. */
      readonly served?: ServedFacts
    })
  | (EventBase & {
      readonly hook: 'nondelivered'
      readonly recipient: number
      readonly reason: EvidenceReason
      readonly details: string
    })
  | (EventBase & { readonly hook: 'retrieved'; readonly recipient: number; readonly reader: Reader })
  | (EventBase & { readonly hook: 'retrieval_expired'; readonly recipient: number })
  /** A peer's dispatch was checked. */
  | (EventBase & RelayScope & { readonly hook: 'relay_in'; readonly verdict: RelayVerdict })
  /** A peer could not be found or reached in time, refused the mail, or said nothing about it. */
  | (EventBase & {
      readonly hook: 'relay_failed'
      readonly recipient: number
      readonly reason: EvidenceReason
      readonly details: string
    })
  /** A peer took the message and said nothing of its delivery in time. */
  | (EventBase & { readonly hook: 'peer_silent'; readonly recipient: number; readonly details: string })

/** When a notice counts as served, and by which count; fixed with the delivery, whatever becomes of the settings. */
export interface ServedFacts {
  /** The end of that day, ISO 8601 in UTC. */
  readonly at: string
  /** `2026-11-27`, by the calendar of the zone. */
  readonly day: string
  readonly days: number
  readonly zone: string
}

/** Relay evidence is about one recipient, or about several of one dispatch: the operator's choice. */
interface RelayScope {
  /** 0 where it is about several. */
  readonly recipient: number
  /** All that it is about, as `1-3,7`. */
  readonly positions: string
}

export type RelayVerdict = 'accepted' | { readonly reason: EvidenceReason; readonly details: string }

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

export type EvidenceEvent = EventFacts & { readonly message: MessageRecord }
