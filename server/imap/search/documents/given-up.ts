/** Some hundred kilobytes; whoever sends more of them waits for the oldest again. */
const MOST = 1_000

/**
 * Documents that took too much, until the process starts anew: the next search tries them no further than the first came, and so
 * finds what that found.
 */
export class GivenUp {
  readonly #texts = new Map<string, number>()

  /** How many of its texts were read; undefined of a document that was not given up. */
  textsOf(id: string): number | undefined {
    return this.#texts.get(id)
  }

  add(id: string, texts: number): void {
    const [oldest] = this.#texts.keys()
    if (this.#texts.size >= MOST && oldest !== undefined) this.#texts.delete(oldest)
    this.#texts.set(id, texts)
  }
}
