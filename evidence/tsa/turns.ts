/** So many failures in a row are no accident. */
const FAILURES = 3
/** So long a TSA that fails is asked last, ms; twice as long after each try that fails again. */
const FIRST_REST_MS = 30_000
const LONGEST_REST_MS = 10 * 60_000

interface State {
  failures: number
  restsUntil: number
}

/**
 * Whose turn it is to stamp. The order of the configuration counts, but a TSA that failed again and again rests: it is asked
 * after all others, so that nobody waits for it while another answers. After its rest one request tries it in its old place.
 * Where every TSA rests all are asked all the same: nothing is lost by it.
 */
export class Turns {
  readonly #states = new Map<string, State>()

  /** @param now monotonic, ms */
  order(urls: readonly string[], now: number): string[] {
    const resting = urls.filter((url) => this.#rests(url, now))
    return [...urls.filter((url) => !resting.includes(url)), ...resting]
  }

  succeeded(url: string): void {
    this.#states.delete(url)
  }

  /** @param asked how long the TSA itself wants to be left alone, ms */
  failed(url: string, now: number, asked = 0): void {
    const failures = (this.#states.get(url)?.failures ?? 0) + 1
    const own = failures < FAILURES ? 0 : FIRST_REST_MS * 2 ** Math.min(failures - FAILURES, 16)
    this.#states.set(url, { failures, restsUntil: now + Math.min(Math.max(own, asked), LONGEST_REST_MS) })
  }

  #rests(url: string, now: number): boolean {
    const state = this.#states.get(url)
    if (state === undefined) return false
    if (now < state.restsUntil) return true
    // This request is the one that tries it; to others it rests until it has answered.
    if (state.failures >= FAILURES) state.restsUntil = now + FIRST_REST_MS
    return false
  }
}
