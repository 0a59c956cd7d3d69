/** Collects what happened while nobody waited, so that a hundred changes are one look. */
export class Bell<T extends string> {
  readonly #rung = new Set<T>()
  #wake: (() => void) | undefined

  ring(what: T): void {
    this.#rung.add(what)
    this.#wake?.()
  }

  async wait(): Promise<ReadonlySet<T>> {
    if (this.#rung.size === 0) await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#wake = undefined
    const rung = new Set(this.#rung)
    this.#rung.clear()
    return rung
  }
}
