import type { FetchItem } from '../fetch/items.ts'
import type { SortKey } from '../sort/keys.ts'
import { compareSorted, type SortedBy } from '../sort/sorted.ts'
import { UidList } from '../uid-list.ts'
import type { SearchKey } from './keys.ts'

/** A search that asked for updates. */
export interface UpdatedSearch {
  /** By which the client knows it. */
  readonly tag: string
  readonly byUid: boolean
  readonly key: SearchKey
  /** undefined where results stand in the order of the mailbox. */
  readonly sort: readonly SortKey[] | undefined
  /** Sent of each message that is added, before it is. [RFC 5465 §7] */
  readonly fetched: readonly FetchItem[]
}

/** A message with its place in the result, from 1; 0 says that the place follows from the mailbox. [RFC 5267 §4.3.2] */
export interface Placed {
  readonly position: number
  readonly uid: number
}

/** What a search found, as its client knows it. [RFC 5267 §4] */
export class SearchContext {
  readonly search: UpdatedSearch
  /** Where the search could not look in; once somebody has read them they are asked about again. */
  readonly heldBack: Set<number>
  readonly #members: UidList
  /** UIDs in the order that was asked for. Values are not kept: they never change and are read again where one is added. */
  readonly #order: number[] | undefined

  constructor(search: UpdatedSearch, found: readonly { readonly uid: number }[], heldBack: Set<number>) {
    this.search = search
    this.heldBack = heldBack
    this.#order = search.sort && found.map(({ uid }) => uid)
    this.#members = new UidList(Uint32Array.from(found, ({ uid }) => uid).sort())
  }

  get size(): number {
    return this.#members.length
  }

  has(uid: number): boolean {
    return this.#members.indexOf(uid) >= 0
  }

  /**
   * @param uids ascending
   * @returns those that were there, each with its place before it and those after it in this list are gone
   */
  remove(uids: readonly number[]): Placed[] {
    const removed = uids.filter((uid) => this.has(uid))
    if (removed.length === 0) return []
    this.#members.remove(removed)
    for (const uid of removed) this.heldBack.delete(uid)
    const order = this.#order
    if (order === undefined) return removed.map((uid) => ({ position: 0, uid }))
    const gone = new Set(removed)
    const placed: Placed[] = []
    let kept = 0
    for (const [index, uid] of order.entries()) {
      if (gone.has(uid)) placed.push({ position: index + 1, uid })
      else order[kept++] = uid
    }
    order.length = kept
    // From the end, so that nothing that goes shifts what goes after it.
    return placed.reverse()
  }

  /** @param uids ascending, none of them there */
  add(uids: readonly number[]): Placed[] {
    this.#members.insert(uids)
    return uids.map((uid) => ({ position: 0, uid }))
  }

  /**
   * Puts one where it belongs among those that are sorted.
   *
   * @param valuesOf of a message that is there; undefined where it was expunged meanwhile
   * @returns its place, or a message that is in the way and not there any more
   */
  async insert(
    message: SortedBy,
    valuesOf: (uid: number) => Promise<SortedBy | undefined>,
  ): Promise<Placed | { readonly gone: number }> {
    const order = this.#order ?? []
    const keys = this.search.sort ?? []
    let [low, high] = [0, order.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      const uid = order[middle]!
      const other = await valuesOf(uid)
      if (other === undefined) return { gone: uid }
      if (compareSorted(keys, other, message) < 0) low = middle + 1
      else high = middle
    }
    order.splice(low, 0, message.uid)
    this.#members.insert([message.uid])
    return { position: low + 1, uid: message.uid }
  }
}
