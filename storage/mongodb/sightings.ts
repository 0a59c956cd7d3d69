/**
 * Since when this process knows of each lease of others. A lease is judged by the observer's own clock alone: two machines'
 * clocks may differ by hours, and a lease whose end one of them wrote would lapse too early or never on the other. Whoever
 * holds it marks each renewal; whoever sees one mark for as long as the lease is given may take it.
 */
export class Sightings {
  readonly #seen = new Map<string, { readonly mark: string | number; readonly at: number }>()

  /** A mark that we made ourselves, or see now; the first time counts. */
  saw(key: string, mark: string | number, now: number): void {
    if (this.#seen.get(key)?.mark !== mark) this.#seen.set(key, { mark, at: now })
  }

  since(key: string, mark: string | number): number | undefined {
    const seen = this.#seen.get(key)
    return seen?.mark === mark ? seen.at : undefined
  }

  /** Looks, remembers, and says whether it lapsed. */
  isLapsed(key: string, mark: string | number, ms: number, now: number): boolean {
    this.saw(key, mark, now)
    return now - (this.since(key, mark) ?? now) >= ms
  }

  forget(key: string): void {
    this.#seen.delete(key)
  }

  /** What nobody holds any more need not be remembered. */
  keepOnly(held: ReadonlySet<string>, which: (key: string) => boolean): void {
    for (const key of this.#seen.keys()) if (which(key) && !held.has(key)) this.#seen.delete(key)
  }
}
