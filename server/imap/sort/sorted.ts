import { compareCasemapped, unicodeCasemap } from '../../../mail/unicode-casemap.ts'
import type { SearchedMessage } from '../search/searched-message.ts'
import { sortedInTurns } from './in-turns.ts'
import type { SortKey, SortValue } from './keys.ts'

/** A message by what it is sorted by. */
export interface SortedBy {
  readonly uid: number
  readonly values: readonly SortValue[]
}

interface Keyed<T> extends SortedBy {
  readonly found: T
}

export async function sortedBy(keys: readonly SortKey[], message: SearchedMessage): Promise<SortedBy> {
  const values: SortValue[] = []
  for (const key of keys) {
    const value = await key.value(message)
    values.push(typeof value === 'string' ? unicodeCasemap(value) : value)
  }
  return { uid: message.row.uid, values }
}

/** Ties are broken by the order in the mailbox. [RFC 5256 §3] */
export function compareSorted(keys: readonly SortKey[], a: SortedBy, b: SortedBy): number {
  for (const [index, { reverse }] of keys.entries()) {
    const order = compareValues(a.values[index]!, b.values[index]!)
    if (order !== 0) return reverse ? -order : order
  }
  return a.uid - b.uid
}

/**
 * Messages with the values that they are sorted by, taken one at a time so that no index is held. Texts are kept as
 * `i;unicode-casemap` compares them [RFC 5255 §4.2]: ç stands between c and d, where Turkish readers look for it.
 */
export class Sorter<T> {
  readonly #keys: readonly SortKey[]
  readonly #keyed: Keyed<T>[] = []

  constructor(keys: readonly SortKey[]) {
    this.#keys = keys
  }

  async take(message: SearchedMessage, found: T): Promise<void> {
    this.#keyed.push({ found, ...(await sortedBy(this.#keys, message)) })
  }

  async sorted(breathe: () => Promise<void>): Promise<T[]> {
    const all = await sortedInTurns(this.#keyed, (a, b) => compareSorted(this.#keys, a, b), breathe)
    return all.map(({ found }) => found)
  }
}

const compareValues = (a: SortValue, b: SortValue): number =>
  typeof a === 'number' || typeof b === 'number' ? Number(a) - Number(b) : compareCasemapped(a, b)
