import type { SearchedMessage } from '../search/searched-message.ts'
import { sortedInTurns } from './in-turns.ts'
import type { SortKey, SortValue } from './keys.ts'

/** Turkish letters stand where Turkish readers look for them: ç after c, ı before i. */
const collator = new Intl.Collator('tr', { sensitivity: 'base' })

interface Keyed<T> {
  readonly found: T
  readonly uid: number
  readonly values: readonly SortValue[]
}

/** Messages with the values that they are sorted by, taken one at a time so that no index is held. */
export class Sorter<T> {
  readonly #keys: readonly SortKey[]
  readonly #keyed: Keyed<T>[] = []

  constructor(keys: readonly SortKey[]) {
    this.#keys = keys
  }

  async take(message: SearchedMessage, found: T): Promise<void> {
    const values: SortValue[] = []
    for (const key of this.#keys) values.push(await key.value(message))
    this.#keyed.push({ found, uid: message.row.uid, values })
  }

  /** Ties are broken by the order in the mailbox. [RFC 5256 §3] */
  async sorted(breathe: () => Promise<void>): Promise<T[]> {
    const all = await sortedInTurns(this.#keyed, (a, b) => this.#compare(a, b), breathe)
    return all.map(({ found }) => found)
  }

  #compare(a: Keyed<T>, b: Keyed<T>): number {
    for (const [index, { reverse }] of this.#keys.entries()) {
      const order = compareValues(a.values[index]!, b.values[index]!)
      if (order !== 0) return reverse ? -order : order
    }
    return a.uid - b.uid
  }
}

const compareValues = (a: SortValue, b: SortValue): number =>
  typeof a === 'number' || typeof b === 'number' ? Number(a) - Number(b) : collator.compare(a, b)
