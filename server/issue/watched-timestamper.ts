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
  /** False after a stamp that showed our clock to be wrong, or a jump of our clock, until a stamp shows it to be right. */
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
  const wallAgainstMonotonic = () => clock.now().getTime() - clock.monotonic()
  // What the last stamp said. Should our clock jump after it, the difference to the TSA changes by as much: no
  // evidence and no deadline may wait for the next stamp to find out.
  let measured = { skew: 0, offset: wallAgainstMonotonic() }
  const skewNow = () => measured.skew - (wallAgainstMonotonic() - measured.offset)
  const client = new HttpTimestamper({
    urls: options.urls,
    timeoutMs: options.timeoutMs,
    clock,
    trust: () => ({ anchors: options.anchors, intermediates: [], crls: [], revocation: 'if-present' }),
    onSkew: (milliseconds) => {
      measured = { skew: milliseconds, offset: wallAgainstMonotonic() }
      events.clockSkew(milliseconds)
    },
    onFailure: (error, url) =>
      events.tsaFailed(url, error instanceof TimestampError ? error.code : 'UNREACHABLE'),
  })
  return {
    clockIsCertain: () => Math.abs(skewNow()) <= MAX_SKEW_MS,
    close: () => client.close(),
    stamp: async (imprint: Uint8Array, hash: HashName, signal?: AbortSignal): Promise<TimestampToken> => {
      const began = clock.monotonic()
      const token = await client.stamp(imprint, hash, signal)
      events.stamped((clock.monotonic() - began) / 1000)
      if (Math.abs(skewNow()) > MAX_SKEW_MS)
        throw new ClockUncertain(`our clock and the TSA's differ by ${Math.round(skewNow())} ms`)
      return token
    },
  }
}
