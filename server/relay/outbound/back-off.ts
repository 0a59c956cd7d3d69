/** No delay is shorter, whatever chance says: a peer that just failed is not asked again at once. */
const SHORTEST_MS = 1_000

/** Spans double from the first to the longest, and the delay lies anywhere within: queues do not march in step. */
export function jittered(
  failures: number,
  { first, longest }: { readonly first: number; readonly longest: number },
  random: () => number,
): number {
  const span = Math.min(longest, first * 2 ** Math.min(failures, 30))
  return Math.max(SHORTEST_MS, Math.round(random() * span))
}

/**
 * When a peer that could not be reached is tried again. Attempts that began before its last failure tell nothing new,
 * so four connections that break at once are one failure.
 */
export class BackOff {
  readonly #retry: () => { readonly first: number; readonly longest: number }
  readonly #random: () => number
  #failures = 0
  #epoch = 0
  #until = 0

  constructor(retry: () => { readonly first: number; readonly longest: number }, random: () => number) {
    this.#retry = retry
    this.#random = random
  }

  /** To be handed back to {@link failed} by the attempt that begins now. */
  get epoch(): number {
    return this.#epoch
  }

  /** By the clock that never jumps, ms; in the past where nothing is to be waited for. */
  get until(): number {
    return this.#until
  }

  /** After a failure one attempt at a time, until one succeeds. */
  get probing(): boolean {
    return this.#failures > 0
  }

  /** @param now monotonic, ms; answers with when to try again */
  failed(epoch: number, now: number): number {
    if (epoch === this.#epoch) {
      this.#until = now + jittered(this.#failures, this.#retry(), this.#random)
      this.#failures++
      this.#epoch++
    }
    return Math.max(this.#until, now)
  }

  succeeded(): void {
    this.#failures = 0
    this.#until = 0
  }

  /** A person says that it is worth a try now; it is still one attempt at a time. */
  hasten(): void {
    this.#until = 0
  }
}
