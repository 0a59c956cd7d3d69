/** What rows of work of the relay carry, by slot. Written and read by this program only. */
import type { OutcomeName } from '../../evidence/index.ts'
import type { EvidenceReason } from '../../mail/errors.ts'
import type { BlobRef } from '../../storage/port.ts'
import type { DispatchPayload } from '../issue/steps.ts'

/**
 * `relay-in` and `relay-in/<hash>` (kind accepted, recipient 0): a peer's dispatch was taken for these positions. The
 * dispatch lies in the intake's body octet for octet.
 */
export interface RelayInPayload extends DispatchPayload {
  readonly positions: string
}

/** `send/<provider>` for a dispatch, `<slot>-send` for an evidence message; kind send, in the peer's queue. */
export interface SendPayload {
  readonly what: 'dispatch' | 'evidence'
  readonly mail: BlobRef
  readonly eightBit: boolean
  /** Evidence: its recipient, MAIL FROM:<>. A dispatch goes to the record's recipients at {@link positions}. */
  readonly to?: string
  /** A dispatch: who has still to be sent to. */
  readonly positions?: string
  /** `data`: the last octets may have left. Found so after a crash, nobody knows whether the peer has it. */
  readonly phase: 'queued' | 'data'
  /** How often the peer was reached and did not take it. */
  readonly tries?: number
  /** Why the peer could not be reached the last time; the reason of a relay failure, should it come to that. */
  readonly because?: EvidenceReason
  /** Since when the peer may hold it without having said so; ISO 8601. */
  readonly uncertain?: string
}

/** `send-expiry/<provider>` and `relay-expiry/<provider>` (recipient 0), `delivery-expiry` (per recipient); kind timer. */
export interface DeadlinePayload {
  readonly provider: string
  readonly positions: string
}

/** `in/<hash>` (kind evidence; of the recipient, or 0 where it is about several): a verified delil of a peer. */
export interface PeerEvidencePayload {
  readonly provider: string
  /** `hs99.kep.tr/<EvidenceIdentifier>`: the name under which it is archived. */
  readonly eventId: string
  readonly outcome: OutcomeName
  /** EventTime as it says, ISO 8601. */
  readonly at: string
  readonly receivedAt: string
  /** The positions that it is about; never one that is not this provider's. */
  readonly positions: string
  /** The octets of the delil. */
  readonly evidence: BlobRef
  /** The message in which it came, octet for octet, and its MIME index. */
  readonly mail: BlobRef
  readonly mailIndex: BlobRef
}
