import type { EvidenceReason } from './errors.ts'
import type { MessageType } from './message-type.ts'
import type { RecordedRecipient } from './submission-record.ts'

/**
 * Everything that is known about a dispatch of a peer, written once as JSON before the answer leaves and never changed:
 * all evidence of ours about it is drafted from it. Times are ISO 8601 in UTC.
 */
export interface RelayedRecord {
  readonly origin: 'relay'
  /** The intake's id. */
  readonly id: string
  /** MessageIdentifierByREMMD, with brackets: the sending provider's, copied. */
  readonly messageId: string
  readonly userMessageId: string | undefined
  /** When we took it. */
  readonly decidedAt: string
  /** When the sending provider took it, as its evidence says; undefined where that could not be read. */
  readonly submittedAt: string | undefined
  readonly sender: { readonly address: string; readonly name: string }
  /** All recipients as the evidence lists them, in its order. `local` are those of our domain. */
  readonly recipients: readonly RecordedRecipient[]
  readonly subject: string
  /** As the original within declares it; absent where it declares none. */
  readonly messageType?: MessageType
  /** Of the original: copied from the evidence after it was found to be true, or computed where there was none. */
  readonly digest: { readonly algorithm: string; readonly value: string }
  /** Octets of the dispatch as stored. */
  readonly size: number
  /** The sending provider's domain, `hsNN.kep.tr`: where our evidence goes. */
  readonly peer: string
  /** Why the dispatch is rejected as a whole; undefined where it is taken. */
  readonly rejected: { readonly reason: EvidenceReason; readonly details: string } | undefined
  /** How it came; worth nothing but a trace. */
  readonly transport: RelayedTransport
  /** EvidenceIdentifier of the submission evidence in it. */
  readonly submissionEvidence: string | undefined
  /** What we found of the user's signature within: reported, never a reason to refuse. */
  readonly userSignature: string
}

export interface RelayedTransport {
  readonly ip: string
  /** Protocol and cipher. */
  readonly tls: string
  readonly clientName: string
  readonly mailFrom: string
  /** How the session was known to be the peer's. */
  readonly identity: 'certificate' | 'address'
  /** DKIM, SPF and DMARC results as one Authentication-Results value; empty where they could not be had. [RFC 8601 §2] */
  readonly authentication: string
}
