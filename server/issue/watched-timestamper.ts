import {
  type Certificate,
  type HashName,
  HttpTimestamper,
  TimestampError,
  type Timestamper,
  type TimestampToken,
} from '../../evidence/index.ts'
import type { Clock } from '../../mail/clock.ts'
import type { Events } from '../ops/events.ts'

/** Our time differs from the TSA's by more than evidence can bear (I11). */
export class ClockUncertain extends Error {
  override readonly name = 'ClockUncertain'
}

/** Beyond this nothing is issued. */
const MAX_SKEW_MS = 60_000

export interface WatchedTimestamper extends Timestamper {
  /** False after a stamp that showed our clock to be wrong, until one shows it to be right. */
  readonly clockIsCertain: () => boolean
  readonly close: () => void
}

/** The configured TSAs, measured and watched: a token that shows our clock to be wrong is not given out. */
export function watchTimestamper(options: {
  urls: readonly string[]
  timeoutMs: number
  anchors: readonly Certificate[]
  clock: Clock
  events: Events
}): WatchedTimestamper {
  const { clock, events } = options
  let skew = 0
  const client = new HttpTimestamper({
    urls: options.urls,
    timeoutMs: options.timeoutMs,
    clock,
    trust: () => ({ anchors: options.anchors, intermediates: [], crls: [], revocation: 'if-present' }),
    onSkew: (milliseconds) => {
      skew = milliseconds
      events.clockSkew(milliseconds)
    },
    onFailure: (error, url) =>
      events.tsaFailed(url, error instanceof TimestampError ? error.code : 'UNREACHABLE'),
  })
  return {
    clockIsCertain: () => Math.abs(skew) <= MAX_SKEW_MS,
    close: () => client.close(),
    stamp: async (imprint: Uint8Array, hash: HashName, signal?: AbortSignal): Promise<TimestampToken> => {
      const began = clock.monotonic()
      const token = await client.stamp(imprint, hash, signal)
      events.stamped((clock.monotonic() - began) / 1000)
      if (Math.abs(skew) > MAX_SKEW_MS)
        throw new ClockUncertain(`our clock and the TSA's differ by ${skew} ms`)
      return token
    },
  }
}
