import type { Clock } from '../../mail/clock.ts'

/** Each rejection evidence costs two signatures and two stamps, so an account gets so many an hour (token bucket). */
export class RejectionLimit {
  readonly #perHour: number
  readonly #clock: Clock
  readonly #buckets = new Map<string, { tokens: number; at: number }>()

  constructor(perHour: number, clock: Clock) {
    this.#perHour = perHour
    this.#clock = clock
  }

  /** Takes one; false where none is left. */
  take(account: string): boolean {
    const now = this.#clock.monotonic()
    const known = this.#buckets.get(account) ?? { tokens: this.#perHour, at: now }
    const tokens = Math.min(this.#perHour, known.tokens + ((now - known.at) * this.#perHour) / HOUR_MS)
    if (tokens < 1) return false
    this.#buckets.set(account, { tokens: tokens - 1, at: now })
    return true
  }
}

const HOUR_MS = 3_600_000
