import type { PathResult } from '../ports.ts'

/** Why there is no time-stamp to believe. REJECTED is the TSA's own no; the others are ours. */
export type TimestampFailure =
  | 'UNREACHABLE'
  | 'TIMEOUT'
  | 'ABORTED'
  | 'HTTP_STATUS'
  | 'TOO_LARGE'
  | 'MALFORMED'
  | 'REJECTED'
  | 'IMPRINT_MISMATCH'
  | 'NONCE_MISMATCH'
  /** A policy that was not asked for. */
  | 'POLICY_MISMATCH'
  /** Vouches for less than was asked for, or says nothing about it. */
  | 'INACCURATE'
  /** The token's time is further from our clock than is borne: one of both is wrong. */
  | 'CLOCK_SKEW'
  | 'BAD_SIGNATURE'
  | 'NOT_A_TSA'
  | 'UNTRUSTED'

type NoPath = Extract<PathResult, { ok: false }>

export class TimestampError extends Error {
  readonly code: TimestampFailure
  /** So long the TSA wants to be left alone, ms. */
  readonly restMs: number | undefined

  /** Where the authority's certificate is what is not believed. */
  readonly path: NoPath | undefined

  constructor(code: TimestampFailure, detail: string, cause?: unknown, restMs?: number, path?: NoPath) {
    super(`${code}: ${detail}`, { cause })
    this.name = 'TimestampError'
    this.code = code
    this.restMs = restMs
    this.path = path
  }
}
