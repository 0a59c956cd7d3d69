import type { EnvelopeSettings, Signer, Timestamper } from '../../evidence/index.ts'
import type { Clock } from '../../mail/clock.ts'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import type { EventFacts } from '../../plugins/events.ts'
import type { BlobRef, LeasedWork, NewWork, Store, WorkKind } from '../../storage/port.ts'
import type { AccountDirectory } from '../accounts/directory.ts'
import type { EvidenceIssuer } from './issuer.ts'

/** What the steps after an acceptance work with. */
export interface StepParts {
  readonly store: Store
  readonly clock: Clock
  readonly issuer: EvidenceIssuer
  readonly directory: AccountDirectory
  /** Signs dispatches and receipts. */
  readonly envelopeSigner: Signer
  readonly timestamper: Timestamper
  readonly envelope: EnvelopeSettings
  /** Which envelopes carry a signature time-stamp. */
  readonly stampEnvelopes: 'all' | 'dispatch' | 'none'
  /** When an unread message counts as expired, from its delivery. */
  readonly deemedReadMs: number
}

/** One kind of work: does it, and says what follows. Everything it does may be done twice (I3). */
export type Step = (
  parts: StepParts,
  row: LeasedWork,
  submission: SubmissionRecord,
) => Promise<readonly NewWork[]>

export type Steps = Readonly<Partial<Record<WorkKind, Step>>>

/** Payloads, by slot. Written and read by this program only. */
export interface EventPayload {
  readonly facts: EventFacts
  /** Of the submitted message; set on acceptances. */
  readonly bodyDigest?: string
}
export interface DispatchPayload {
  readonly dispatch: BlobRef
  /** The dispatch's MIME index. */
  readonly index: BlobRef
  /** Octets of the original beyond its headers, within the dispatch. */
  readonly contentStart: number
  readonly contentEnd: number
}
export type MailboxPayload =
  | { readonly op: 'receipt'; readonly eventId: string }
  | { readonly op: 'file'; readonly bodyDigest: string }

export const nextWork = (
  row: LeasedWork,
  slot: string,
  kind: WorkKind,
  due: number,
  payload: object,
  recipient = row.recipient,
): NewWork => ({ intake: row.intake, recipient, slot, kind, due, payload: JSON.stringify(payload) })
