/** Sessions of this process that idle hear at once that entries of their account changed; others look for themselves. */
export class AnnotationHints {
  readonly #listeners = new Set<(account: string) => void>()

  tell(account: string): void {
    for (const listener of this.#listeners) listener(account)
  }

  watch(listener: (account: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
