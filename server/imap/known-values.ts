import { MAX_KNOWN_OCTETS } from './limits.ts'

/** Something that is known of the messages of a mailbox. */
export interface Known {
  /** About what it takes in memory. */
  readonly octets: number
}

/**
 * What messages are searched, sorted and threaded by, for all sessions of the process: clients ask the same of a mailbox again and
 * again. Nothing of it changes but by becoming more, so nothing has to be taken back; what nobody asked for longest is forgotten.
 */
export class KnownValues {
  readonly #entries = new Map<string, Entry>()
  readonly #most: number
  #octets = 0

  /** @param most octets, as estimated */
  constructor(most = MAX_KNOWN_OCTETS) {
    this.#most = most
  }

  get octets(): number {
    return this.#octets
  }

  get(key: string): Known | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.known
  }

  /** Also of what grew since it was put. */
  put(key: string, known: Known): void {
    const { octets } = known
    this.#octets += octets - (this.#entries.get(key)?.octets ?? 0)
    this.#entries.delete(key)
    this.#entries.set(key, { known, octets })
    for (const [oldest, entry] of this.#entries) {
      if (this.#octets <= this.#most) break
      this.#entries.delete(oldest)
      this.#octets -= entry.octets
    }
  }
}

interface Entry {
  readonly known: Known
  /** When it was put. */
  readonly octets: number
}
