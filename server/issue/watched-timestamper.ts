import {
  type Certificate,
  type ClockSkew,
  type HashName,
  HttpTimestamper,
  type KamuSmAccount,
  TimestampError,
  type Timestamper,
  type TimestampToken,
  type TokenDemands,
} from '../../evidence/index.ts'
import type { Clock } from '../../mail/clock.ts'
import type { Events } from '../ops/events.ts'
import type { TsaStatus } from './tsa-status.ts'

/** Our time differs from that of every TSA that told one by more than evidence can bear (I11). */
export class ClockUncertain extends Error {
  override readonly name = 'ClockUncertain'
}

/** A TSA whose time differs by more, its accuracy included, is not believed; where none is left nothing is issued. */
const MAX_SKEW_MS = 60_000

export interface WatchedTimestamper extends Timestamper {
  /** False after no TSA agreed with our clock, or a jump of our clock, until one agrees. */
  readonly clockIsCertain: () => boolean
  /** Stamps that are left at that TSA; undefined where it keeps no account of ours. */
  readonly credit: (url: string) => Promise<number | undefined>
  readonly close: () => void
}

/** The configured TSAs, measured and watched: a token whose time is not ours is not given out, and the next TSA is asked. */
export function watchTimestamper(options: {
  urls: readonly string[]
  accounts: ReadonlyMap<string, KamuSmAccount>
  demands: ReadonlyMap<string, TokenDemands>
  timeoutMs: number
  /** Of TSAs, as they are now. */
  anchors: () => readonly Certificate[]
  status: Pick<TsaStatus, 'refusal'>
  clock: Clock
  events: Pick<Events, 'clockSkew' | 'stamped' | 'tsaFailed'>
}): WatchedTimestamper {
  const { clock, events } = options
  const wallAgainstMonotonic = () => clock.now().getTime() - clock.monotonic()
  const measurement = ({ milliseconds, accuracyMs }: Measured): Measurement => ({
    milliseconds,
    accuracyMs,
    offset: wallAgainstMonotonic(),
    at: clock.monotonic(),
  })
  // What the last TSA that agreed with our clock said, or one of those that did not, where none agreed. Should our clock jump
  // after it, the difference to the TSA changes by as much: no evidence and no deadline may wait for the next stamp to find out.
  let measured = { ...measurement({ milliseconds: 0, accuracyMs: 0 }), at: Number.NEGATIVE_INFINITY }
  let disagreeing = measured
  const skewNow = () => measured.milliseconds - (wallAgainstMonotonic() - measured.offset)
  const isBorne = () => Math.abs(skewNow()) + measured.accuracyMs <= MAX_SKEW_MS
  const count = (found: Measurement) => {
    measured = found
    events.clockSkew(found.milliseconds)
  }
  const client = new HttpTimestamper({
    urls: options.urls,
    accounts: options.accounts,
    demands: options.demands,
    timeoutMs: options.timeoutMs,
    clock,
    trust: () => ({ anchors: options.anchors(), intermediates: [], crls: [], revocation: 'if-present' }),
    refusal: (token) => options.status.refusal(token),
    maxSkewMs: MAX_SKEW_MS,
    onSkew: ({ isBorne, ...found }) => {
      if (isBorne) count(measurement(found))
      else disagreeing = measurement(found)
    },
    onFailure: (error, url) =>
      events.tsaFailed(url, error instanceof TimestampError ? error.code : 'UNREACHABLE'),
  })
  return {
    clockIsCertain: isBorne,
    credit: (url) => client.credit(url),
    close: () => client.close(),
    stamp: async (imprint: Uint8Array, hash: HashName, signal?: AbortSignal): Promise<TimestampToken> => {
      const began = clock.monotonic()
      try {
        const token = await client.stamp(imprint, hash, signal)
        events.stamped((clock.monotonic() - began) / 1000)
        return token
      } catch (error) {
        // A TSA that agreed a while ago has the better word, unless our clock jumped since.
        const isAgreed = measured.at >= began - AGREEMENT_LASTS_MS && isBorne()
        if (!hasSkew(error) || isAgreed) throw error
        count(disagreeing)
        throw new ClockUncertain(
          `our clock and the TSA's differ by ${Math.round(disagreeing.milliseconds)} ms`,
          { cause: error },
        )
      }
    },
  }
}

/** Clocks drift by seconds a day; a jump shows by itself. */
const AGREEMENT_LASTS_MS = 15 * 60_000

type Measured = Pick<ClockSkew, 'milliseconds' | 'accuracyMs'>

interface Measurement extends Measured {
  /** Our wall clock minus the monotonic one then, ms. */
  readonly offset: number
  /** Monotonic, ms. */
  readonly at: number
}

/** Whether one of the TSAs that were asked for a token had another time than we. */
function hasSkew(error: unknown): boolean {
  for (let one = error; one instanceof TimestampError; one = one.cause)
    if (one.code === 'CLOCK_SKEW') return true
  return false
}
