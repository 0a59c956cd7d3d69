import type { Clock } from '../../mail/clock.ts'

export interface MovedClock extends Clock {
  /** Wall-clock time jumps by so many ms; what runs monotonically does not. */
  move(milliseconds: number): void
  /** Time goes by: what runs monotonically moves as well, so that no clock seems to have jumped. */
  elapse(milliseconds: number): void
}

export const HOUR = 3_600_000
export const DAY = 24 * HOUR

/** The machine's time, and whatever a test adds to it. */
export function movedClock(): MovedClock {
  let offset = 0
  let elapsed = 0
  return {
    now: () => new Date(Date.now() + offset),
    monotonic: () => performance.now() + elapsed,
    move: (milliseconds) => {
      offset += milliseconds
    },
    elapse: (milliseconds) => {
      offset += milliseconds
      elapsed += milliseconds
    },
  }
}
