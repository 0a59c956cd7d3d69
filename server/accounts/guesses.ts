import type { Clock } from '../../mail/clock.ts'

/** Wrong passwords for one person from one network, before it waits; a person mistypes less often. */
const MAX_FAILURES = 10
/** Wrong passwords from one network for anybody. Many people may sit behind one address. */
const MAX_NETWORK_FAILURES = 100
/** The first wait after too many; each failure more doubles it. */
const FIRST_WAIT_MS = 30_000
const LONGEST_WAIT_MS = 15 * 60_000
/** Failures that are older than this, with none since, are forgotten. */
const FORGOTTEN_MS = 60 * 60_000
/** Sources remembered; an attacker with more networks than this is slowed by hashing alone. */
const MAX_REMEMBERED = 50_000

/** Failed logins by source: who guesses waits longer each time, and nobody else does. */
export class Guesses {
  readonly #clock: Clock
  readonly #failures = new Map<string, { count: number; last: number }>()
  /** Who logged in from where: whoever guesses from the same network does not keep them out. */
  readonly #known = new Set<string>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether this network waits, for this person or for all. */
  isDelayed(network: string, person: string): boolean {
    const pair = pairOf(network, person)
    if (this.#waits(pair, MAX_FAILURES)) return true
    return !this.isKnown(network, person) && this.#waits(network, MAX_NETWORK_FAILURES)
  }

  /** Whether this person logged in from this network before. */
  isKnown(network: string, person: string): boolean {
    return this.#known.has(pairOf(network, person))
  }

  failed(network: string, person: string): void {
    for (const source of [pairOf(network, person), network]) {
      const count = this.#countOf(source) + 1
      this.#failures.delete(source) // the latest stands last
      this.#failures.set(source, { count, last: this.#clock.monotonic() })
      const oldest = this.#failures.keys().next().value
      if (this.#failures.size > MAX_REMEMBERED && oldest !== undefined) this.#failures.delete(oldest)
    }
  }

  succeeded(network: string, person: string): void {
    const pair = pairOf(network, person)
    this.#failures.delete(pair)
    this.#known.delete(pair)
    this.#known.add(pair)
    const oldest = this.#known.values().next().value
    if (this.#known.size > MAX_REMEMBERED && oldest !== undefined) this.#known.delete(oldest)
  }

  #waits(source: string, most: number): boolean {
    const beyond = this.#countOf(source) - most
    if (beyond < 0) return false
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(beyond, 10))
    return this.#clock.monotonic() - (this.#failures.get(source)?.last ?? 0) < wait
  }

  #countOf(source: string): number {
    const known = this.#failures.get(source)
    return known === undefined || this.#clock.monotonic() - known.last >= FORGOTTEN_MS ? 0 : known.count
  }
}

const pairOf = (network: string, person: string): string => `${network} ${person}`
