/**
 * One delil before it has a signature: plain data that goes through JSON unchanged, because it is stored as a
 * durable row before anything is signed (identifier and event time never change afterwards). Field names and order
 * follow REMEvidenceType. [TS 102 640-2 §5]
 */
import type { EvidenceRoot } from './roots.ts'

export interface EvidenceDraft {
  readonly root: EvidenceRoot
  /** What the `version` attribute says; see EvidenceProfile. */
  readonly version: string
  /** EvidenceIdentifier and XML `Id` alike, so it is an NCName: it never begins with a digit. */
  readonly id: string
  readonly eventCode: string
  /** Needed for negative outcomes. */
  readonly reasons: readonly EventReason[]
  readonly policyIds: readonly string[]
  readonly issuer: EntityDetails
  readonly senderAuthentication?: Authentication
  readonly recipientAuthentication?: Authentication
  /** When the event happened, not when the evidence was signed. ISO 8601 in UTC with `Z`, as all times here. */
  readonly eventTime: string
  readonly submissionTime?: string
  readonly replyTo?: string
  readonly sender: EntityDetails
  /** All intended recipients in an order that never changes: the other fields point at positions, from 1. */
  readonly recipients: readonly EntityDetails[]
  readonly delegates?: readonly Delegate[]
  /** Position in `recipients`, from 1. [EN 319 522-3 §5.2.2.21] */
  readonly refersTo?: number
  readonly message: MessageDetails
  readonly notification?: MessageDetails
  readonly forwardedTo?: string
  /** For instance the lines of the SMTP dialogue. */
  readonly transactionLog?: readonly string[]
  readonly extensions: readonly Extension[]
}

export interface EventReason {
  readonly code: string
  readonly details?: string
}

export interface EntityDetails {
  /** Names of a person or organisation, in one language. */
  readonly names?: readonly string[]
  /** `xml:lang` of the names, for instance `tr`. */
  readonly language?: string
  /** Bare mail addresses without `mailto:`. */
  readonly addresses: readonly string[]
  readonly displayName?: string
}

export interface Authentication {
  readonly time: string
  /** A URI of AUTHENTICATION_METHODS. */
  readonly method: string
  /** Plain text such as the TLS version and the login mechanism; never a secret. */
  readonly additional?: string
}

/** The person who acted for an account. */
export interface Delegate {
  readonly delegate: EntityDetails
  /** Positions in `recipients`, from 1. */
  readonly recipients: readonly number[]
}

export interface MessageDetails {
  readonly isNotification: boolean
  readonly subject: string
  /** The Message-ID which the user's program gave, verbatim. */
  readonly uaMessageId?: string
  /** Ours, or the one which the sending provider gave. */
  readonly remmdMessageId: string
  /** URI of the digest algorithm. */
  readonly digestMethod: string
  /** Base64 over the exact octets of the message/rfc822 part. [EN 319 532-4 §C.4.5.1] */
  readonly digestValue: string
}

/** Simple XML in a namespace of its own, built from values so that nobody hands us ready-made XML. */
export interface Extension {
  readonly namespace: string
  readonly name: string
  readonly critical: boolean
  readonly fields: readonly ExtensionField[]
}

export interface ExtensionField {
  readonly name: string
  readonly value: string
}
