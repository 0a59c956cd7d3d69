import type { Certificate, StatusFreshness } from '../ports.ts'

/**
 * A grave revocation makes a list out of turn, and a CA's own status changes once in years: who wants to hear of it soon asks so
 * often, ms, however many messages he judges.
 */
export const LOOKED_AT_AGAIN_MS = 3_600_000

/** One judgement of one path, for which status is gathered. */
export interface Asking {
  /** As of when the path is judged. */
  readonly at: Date
  readonly freshness: StatusFreshness | undefined
  /** What was asked for before is asked for again; where nobody answers, it counts for as long as it is current. */
  readonly askedSince?: Date | undefined
  /** It is about an issuer on the path, which many messages have in common. */
  readonly ofIssuer?: boolean | undefined
  /** Certificates of the issuer's name with other keys, behind which the same anchor stands: a CA that changed its key. */
  readonly otherSigners?: ((issuer: Certificate) => Promise<readonly Certificate[]>) | undefined
  /** What a message makes us fetch is bounded, whatever its certificates name. */
  requestsLeft: number
}
