import type { Known } from '../known-values.ts'

/** UIDs of messages in the order that a sort gave them: it never changes, so that it holds for all sets of them. */
export class KeptOrder implements Known {
  /** Ascending. */
  readonly #uids: Uint32Array
  readonly order: Uint32Array

  /** @param uids the same, ascending */
  constructor(order: Uint32Array, uids: Uint32Array = order.toSorted()) {
    this.order = order
    this.#uids = uids
  }

  get octets(): number {
    return this.order.byteLength * 2
  }

  /** Whether it has all of these, which are ascending. */
  holds(uids: Uint32Array): boolean {
    let at = 0
    for (const uid of uids) {
      while ((this.#uids[at] ?? Number.POSITIVE_INFINITY) < uid) at++
      if (this.#uids[at++] !== uid) return false
    }
    return true
  }
}
