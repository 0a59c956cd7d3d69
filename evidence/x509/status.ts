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

/** affiliationChanged, superseded, cessationOfOperation: the key was not the reason. [RFC 5280 §5.3.1] */
export const isRetirement = (reason: number | undefined): boolean =>
  reason === 3 || reason === 4 || reason === 5

/** Of several that revoke, the first whose reason is no retirement, else the first: the graver reason counts. */
export const gravest = <T extends { readonly reason?: number | undefined }>(
  told: readonly T[],
): T | undefined => told.find(({ reason }) => !isRetirement(reason)) ?? told[0]

export const unknown = (code: StatusFault, detail: string): Status => ({ status: 'unknown', code, detail })
