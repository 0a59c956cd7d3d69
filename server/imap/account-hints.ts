/**
 * Sessions of this process hear at once that entries, mailboxes or subscriptions of their account changed; those of others look
 * for themselves.
 */
export class AccountHints {
  readonly #listeners = new Set<(account: string) => void>()

  tell(account: string): void {
    for (const listener of this.#listeners) listener(account)
  }

  watch(listener: (account: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
