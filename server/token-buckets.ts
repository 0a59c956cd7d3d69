import type { Clock } from '../mail/clock.ts'

/** Keys remembered; a key that was forgotten begins with a full bucket, so a flood of keys gains what a new key has. */
const MAX_KEYS = 50_000

/** So many of something for each key within a time, in a burst or evenly (token bucket). */
export class TokenBuckets {
  readonly #tokens: number
  readonly #withinMs: number
  readonly #clock: Clock
  readonly #buckets = new Map<string, { tokens: number; at: number }>()

  constructor(tokens: number, withinMs: number, clock: Clock) {
    this.#tokens = tokens
    this.#withinMs = withinMs
    this.#clock = clock
  }

  /** Takes so many, or none of them: false where fewer are left. */
  take(key: string, count = 1): boolean {
    const now = this.#clock.monotonic()
    const known = this.#buckets.get(key) ?? { tokens: this.#tokens, at: now }
    const tokens = Math.min(this.#tokens, known.tokens + ((now - known.at) * this.#tokens) / this.#withinMs)
    if (tokens < count) return false
    this.#buckets.delete(key) // the latest stands last
    this.#buckets.set(key, { tokens: tokens - count, at: now })
    const oldest = this.#buckets.keys().next().value
    if (this.#buckets.size > MAX_KEYS && oldest !== undefined) this.#buckets.delete(oldest)
    return true
  }
}

/** Octets of records in an hour that persons of one account cause: half a million messages moved. */
export const RECORDED_OCTETS = 16 * 1_048_576

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
