import type { EvidenceReason } from '../../mail/errors.ts'

/** What became of one attempt to hand a message to a peer. Replies are cut, printable and without addresses of ours. */
export type SendResult =
  /**
   * The peer answered the whole dialogue. Addresses in `accepted` are with it now; `refused` for good, `deferred` for the
   * time being (each with its reply).
   */
  | {
      readonly kind: 'answered'
      readonly reply: string
      readonly accepted: readonly string[]
      readonly refused: readonly RefusedRecipient[]
      readonly deferred: readonly RefusedRecipient[]
    }
  /** 4xx for the message as a whole: try again, this message alone. */
  | { readonly kind: 'deferred'; readonly details: string }
  /** Never this way: 5xx for the message, 8-bit towards a peer that takes 7 bits, larger than the peer takes. */
  | { readonly kind: 'failed'; readonly reason: EvidenceReason; readonly details: string }
  /** No connection, no TLS, no identity: it is the peer, not the message, so its whole queue waits. */
  | { readonly kind: 'unreachable'; readonly reason: EvidenceReason; readonly details: string }
  /** The connection went after the last octets: the peer may have the message, and it may not. */
  | { readonly kind: 'uncertain'; readonly details: string }

export interface RefusedRecipient {
  readonly address: string
  readonly reply: string
}
