/** Who wants it waits until all who came before gave it back; each session has one search, and who left gives it back at once, so their number is bounded. */
export class Turn {
  #last: Promise<void> = Promise.resolve()

  /** Resolves when it is one's turn; what it answers ends the turn. */
  async take(): Promise<() => void> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    await before
    return resolve
  }
}
