import type { StatusFault } from '../ports.ts'

/** What one source says of a certificate. Unknown is an answer of its own, never "good". [RFC 5280 §6.3] */
export type Status =
  | { readonly status: 'good' /** The octets that said so. */; readonly used: readonly Uint8Array[] }
  | {
      readonly status: 'revoked'
      readonly detail: string /** CRLReason, where one is given. */
      readonly reason: number | undefined
    }
  | { readonly status: 'unknown'; readonly code: StatusFault; readonly detail: string }

/** certificateHold, the one reason that can be taken back. [RFC 5280 §5.3.1] */
export const HOLD = 6

export const unknown = (code: StatusFault, detail: string): Status => ({ status: 'unknown', code, detail })
