import type { Events } from '../ops/events.ts'
import type { Duty } from '../rounds.ts'
import type { WatchedTimestamper } from './watched-timestamper.ts'

/** Credit goes by stamps, and a provider makes some thousand an hour. */
const EVERY_MS = 3_600_000

export interface StampCreditParts {
  readonly timestamper: Pick<WatchedTimestamper, 'credit'>
  readonly events: Pick<Events, 'timestampCredit'>
  /** Addresses of TSAs that keep an account of ours. */
  readonly urls: readonly string[]
  /** The operator is warned below it. */
  readonly low: number
}

/** Looks how many stamps are left (kontör), before there are none and nothing can be issued. */
export const stampCredit = ({ timestamper, events, urls, low }: StampCreditParts): Duty => ({
  where: 'ops',
  startsAtOnce: true,
  pauseMs: () => EVERY_MS,
  round: async () => {
    const failures: unknown[] = []
    for (const url of urls)
      try {
        const left = await timestamper.credit(url)
        if (left !== undefined) events.timestampCredit(url, left, left < low)
      } catch (error) {
        failures.push(error)
      }
    if (failures.length > 0) throw new AggregateError(failures, 'credit of time-stamps is not told')
  },
})
