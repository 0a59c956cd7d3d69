import {
  type Certificate,
  type HashName,
  HttpTimestamper,
  type KamuSmAccount,
  TimestampError,
  type Timestamper,
  type TimestampToken,
} from '../../evidence/index.ts'
import type { Clock } from '../../mail/clock.ts'
import type { Events } from '../ops/events.ts'
import type { TsaStatus } from './tsa-status.ts'

/** Our time differs from the TSA's by more than evidence can bear (I11). */
export class ClockUncertain extends Error {
  override readonly name = 'ClockUncertain'
}

/** Beyond this nothing is issued. */
const MAX_SKEW_MS = 60_000

export interface WatchedTimestamper extends Timestamper {
  /** False after a stamp that showed our clock to be wrong, or a jump of our clock, until a stamp shows it to be right. */
  readonly clockIsCertain: () => boolean
  /** Stamps that are left at that TSA; undefined where it keeps no account of ours. */
  readonly credit: (url: string) => Promise<number | undefined>
  readonly close: () => void
}

/** The configured TSAs, measured and watched: a token that shows our clock to be wrong is not given out. */
export function watchTimestamper(options: {
  urls: readonly string[]
  accounts: ReadonlyMap<string, KamuSmAccount>
  timeoutMs: number
  /** Of TSAs, as they are now. */
  anchors: () => readonly Certificate[]
  status: TsaStatus
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
    accounts: options.accounts,
    timeoutMs: options.timeoutMs,
    clock,
    trust: () => ({ anchors: options.anchors(), intermediates: [], crls: [], revocation: 'if-present' }),
    refusal: (token) => options.status.refusal(token),
    onSkew: (milliseconds) => {
      measured = { skew: milliseconds, offset: wallAgainstMonotonic() }
      events.clockSkew(milliseconds)
    },
    onFailure: (error, url) =>
      events.tsaFailed(url, error instanceof TimestampError ? error.code : 'UNREACHABLE'),
  })
  return {
    clockIsCertain: () => Math.abs(skewNow()) <= MAX_SKEW_MS,
    credit: (url) => client.credit(url),
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
