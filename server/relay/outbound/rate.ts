/** At most so many starts a minute, evenly: a peer that names a rate means each second of it. */
export class Rate {
  #next = 0

  /** How many may start now, at most `wanted`; they count as started. `now` is monotonic, in ms. */
  take(wanted: number, perMinute: number | undefined, now: number): number {
    if (perMinute === undefined || wanted <= 0) return Math.max(0, wanted)
    const interval = 60_000 / perMinute
    // Seconds in which nothing was sent are not made up for beyond one second.
    this.#next = Math.max(this.#next, now - Math.max(0, 1000 - interval))
    const free = Math.min(wanted, Math.max(0, Math.floor((now - this.#next) / interval) + 1))
    this.#next += free * interval
    return free
  }

  /** What was taken and not used. */
  giveBack(unused: number, perMinute: number | undefined): void {
    if (perMinute !== undefined) this.#next -= (unused * 60_000) / perMinute
  }

  /** ms until one may start. */
  wait(now: number): number {
    return Math.max(0, this.#next - now)
  }
}
