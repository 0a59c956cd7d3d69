/** Time is passed in, so that a test may move it by a month and a court may ask which clock was meant. */
export interface Clock {
  /** Wall-clock time in UTC; what evidence and deadlines are written with. */
  now(): Date
  /** Milliseconds that never run backwards; for leases, rates and time-outs only. */
  monotonic(): number
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
}
