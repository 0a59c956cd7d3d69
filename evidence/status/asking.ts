import type { Certificate, StatusFreshness } from '../ports.ts'

/** One judgement of one path, for which status is gathered. */
export interface Asking {
  /** As of when the path is judged. */
  readonly at: Date
  readonly freshness: StatusFreshness | undefined
  /** What was asked for before is asked for again; where nobody answers, it counts for as long as it is current. */
  readonly askedSince?: Date | undefined
  /** Certificates of the issuer's name with other keys, behind which the same anchor stands: a CA that changed its key. */
  readonly otherSigners?: ((issuer: Certificate) => Promise<readonly Certificate[]>) | undefined
  /** What a message makes us fetch is bounded, whatever its certificates name. */
  requestsLeft: number
}
