/** One timer at a time: whoever enters a phase says how long it may last. */
export class PhaseLimit {
  readonly #over: () => void
  #timer: NodeJS.Timeout | undefined
  #ended = false

  constructor(over: () => void) {
    this.#over = over
  }

  enter(milliseconds: number): void {
    clearTimeout(this.#timer)
    if (!this.#ended) this.#timer = setTimeout(this.#over, milliseconds)
  }

  /** Nothing is timed any more, whoever still enters a phase. */
  end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
  }
}
