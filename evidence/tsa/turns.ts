/** So many failures in a row are no accident. */
const FAILURES = 3
/** So long a TSA that fails is asked last, ms; twice as long after each try that fails again. */
const FIRST_REST_MS = 30_000
const LONGEST_REST_MS = 10 * 60_000

interface State {
  failures: number
  restsUntil: number
  /**
   * Failures of requests that began before it count for nothing: they were under way when the TSA answered or its rest began,
   * or asked it while it rested because all did. So a rest grows by tries, however many requests are under way.
   */
  countsFrom: number
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

  /** @param now monotonic, ms */
  succeeded(url: string, now: number): void {
    this.#states.set(url, { failures: 0, restsUntil: now, countsFrom: now })
  }

  /**
   * @param began when this TSA was asked
   * @param now monotonic like that, ms
   * @param asked how long the TSA itself wants to be left alone, ms
   */
  failed(url: string, began: number, now: number, asked = 0): void {
    const none = { failures: 0, restsUntil: now, countsFrom: Number.NEGATIVE_INFINITY }
    const state: State = this.#states.get(url) ?? none
    this.#states.set(url, state)
    const rest = (ms: number): void => {
      state.restsUntil = Math.max(state.restsUntil, now + Math.min(ms, LONGEST_REST_MS))
    }
    rest(asked)
    if (began < state.countsFrom) return
    state.failures++
    if (state.failures >= FAILURES) rest(FIRST_REST_MS * 2 ** Math.min(state.failures - FAILURES, 16))
    if (state.restsUntil > now) state.countsFrom = state.restsUntil
  }

  #rests(url: string, now: number): boolean {
    const state = this.#states.get(url)
    if (state === undefined) return false
    if (now < state.restsUntil) return true
    // This request is the one that tries it; to others it rests until it has answered.
    if (state.failures >= FAILURES) {
      state.restsUntil = now + FIRST_REST_MS
      state.countsFrom = now
    }
    return false
  }
}
