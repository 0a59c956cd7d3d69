import type { EnvelopeSettings, OutcomeName, Signer, Timestamper } from '../../evidence/index.ts'
import type { Clock } from '../../mail/clock.ts'
import type { MessageRecord } from '../../mail/message-record.ts'
import type { ServingRule } from '../../mail/served-at.ts'
import type { EventFacts } from '../../plugins/events.ts'
import type { BlobRef, LeasedWork, NewWork, Store, WorkKey, WorkKind } from '../../storage/port.ts'
import type { AccountDirectory } from '../accounts/directory.ts'
import type { Rechecks } from '../archive/rechecks.ts'
import type { NoticeChannel } from '../notify/notice.ts'
import type { Events } from '../ops/events.ts'
import type { Purses } from '../purse/purses.ts'
import type { Peers } from '../relay/peer.ts'
import type { EvidenceIssuer } from './issuer.ts'

/** What the steps after an acceptance work with. */
export interface StepParts {
  readonly store: Store
  readonly clock: Clock
  readonly issuer: EvidenceIssuer
  readonly directory: AccountDirectory
  /** Signs dispatches and receipts. */
  readonly envelopeSigner: () => Signer
  readonly timestamper: Timestamper
  readonly envelope: EnvelopeSettings
  /** Which envelopes carry a signature time-stamp. */
  readonly stampEnvelopes: 'all' | 'dispatch' | 'none'
  /** When an unread message counts as expired, from its delivery. */
  readonly deemedReadMs: number
  /** Shares of the quota, in %, of which a holder is told; ascending. */
  readonly quotaLevels: readonly number[]
  /** As it is now: how the days of an e-Tebligat are counted. */
  readonly serving: () => ServingRule
  /** The ways on which persons are told of new mail. */
  readonly noticeChannels: ReadonlySet<NoticeChannel>
  readonly events: Events
  readonly peers: Peers
  readonly purses: Pick<Purses, 'settle'>
  /** As it is now: a reload changes it. */
  readonly relay: () => RelaySettings
  readonly rechecks: Pick<Rechecks, 'make'>
  /** From an acceptance until its signers are judged again, ms; as it is now. */
  readonly recheckGrace: () => number
}

/** How long we wait for peers, ms, and how relay evidence is cut. */
export interface RelaySettings {
  /** Until the peer took the dispatch. */
  readonly expiry: number
  /** From then until it says whether it accepts it. */
  readonly relayAnswer: number
  /** From its acceptance until it says whether it was delivered. */
  readonly deliveryAnswer: number
  /** How long evidence for a peer is tried before a person looks at it. */
  readonly evidenceExpiry: number
  readonly granularity: 'recipient' | 'dispatch'
}

/** A step that cannot be taken yet, through no fault of its own. */
export class NotYet extends Error {
  override readonly name = 'NotYet'
  /** When to try again, ms. */
  readonly at: number
  constructor(at: number, why: string) {
    super(why)
    this.at = at
  }
}

/** One kind of work: does it, and says what follows. Everything it does may be done twice (I3). */
export type Step = (parts: StepParts, row: LeasedWork, message: MessageRecord) => Promise<readonly NewWork[]>

export type Steps = Readonly<Partial<Record<WorkKind, Step>>>

/** Slot of the notice that a peer says otherwise than a final outcome; at most one a recipient. */
export const CONTRADICTED = 'contradicted'

/** Payloads, by slot. Written and read by this program only. */
export interface EventPayload {
  readonly facts: EventFacts
  /** Of the submitted message; set on acceptances. */
  readonly bodyDigest?: string
  /** What is delivered once a peer's dispatch is accepted. */
  readonly dispatch?: DispatchPayload
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
  | {
      readonly op: 'receipt'
      readonly eventId: string
      readonly note?: string
      /** Once it lies in Deliller. */
      readonly lies?: LyingReceipt
    }
  | { readonly op: 'file'; readonly bodyDigest: string }

/** A delil in Deliller: what it says, and where it is found. */
export interface LyingReceipt {
  readonly outcome: OutcomeName
  /** Time of the event, ISO 8601. */
  readonly at: string
  /** SHA-256 of the message; absent where its holder has removed it since. */
  readonly body?: string
}

export const nextWork = (
  row: Pick<WorkKey, 'intake' | 'recipient'>,
  slot: string,
  kind: WorkKind,
  due: number,
  payload: object,
  recipient = row.recipient,
): NewWork => ({ intake: row.intake, recipient, slot, kind, due, payload: JSON.stringify(payload) })
