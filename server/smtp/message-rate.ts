import type { Clock } from '../../mail/clock.ts'
import { sourceNetwork } from '../connection-census.ts'
import { MINUTE_MS, TokenBuckets } from '../token-buckets.ts'

export interface MessageRates {
  /** Messages a minute; undefined: as many as there is room for. */
  readonly perAccount?: number | undefined
  readonly perIp?: number | undefined
}

/** How fast one account and one network may hand in messages, so that nobody takes what all share. */
export class MessageRate {
  readonly #accounts: TokenBuckets | undefined
  readonly #networks: TokenBuckets | undefined

  constructor({ perAccount, perIp }: MessageRates, clock: Clock) {
    const buckets = (most: number | undefined) =>
      most === undefined ? undefined : new TokenBuckets(most, MINUTE_MS, clock)
    this.#accounts = buckets(perAccount)
    this.#networks = buckets(perIp)
  }

  /** Whether one more may begin now; it counts as begun. */
  take(account: string, ip: string): boolean {
    return this.#networks?.take(sourceNetwork(ip)) !== false && this.#accounts?.take(account) !== false
  }
}
