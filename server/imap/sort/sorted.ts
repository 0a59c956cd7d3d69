import { type FoundMessage, uidsOfFound } from '../search/found.ts'
import { valuesOf } from '../search/lasting.ts'
import type { Session } from '../session.ts'
import { UidList } from '../uid-list.ts'
import { sortedInTurns } from './in-turns.ts'
import { KeptOrder } from './kept-order.ts'
import type { SortKey, SortValue } from './keys.ts'

/** A message by what it is sorted by. */
export interface SortedBy {
  readonly uid: number
  readonly values: readonly SortValue[]
}

/** undefined where it was expunged meanwhile. */
export async function sortedBy(
  session: Session,
  keys: readonly SortKey[],
  uid: number,
): Promise<SortedBy | undefined> {
  const values: SortValue[] = []
  for (const { value } of keys) {
    const [one] = await valuesOf(session, session.box.row, value, [uid])
    if (one === undefined) return undefined
    values.push(one)
  }
  return { uid, values }
}

/** Ties are broken by the order in the mailbox. [RFC 5256 §3] */
export function compareSorted(keys: readonly SortKey[], a: SortedBy, b: SortedBy): number {
  for (const [index, { reverse }] of keys.entries()) {
    const order = compareValues(a.values[index]!, b.values[index]!)
    if (order !== 0) return reverse ? -order : order
  }
  return a.uid - b.uid
}

/** Messages whose places are looked up between two looks at the time. */
const AT_ONCE = 5_000

/**
 * Messages that are gone meanwhile are left out.
 *
 * @param found in the order of the mailbox
 */
export async function sorted(
  session: Session,
  keys: readonly SortKey[],
  found: readonly FoundMessage[],
): Promise<FoundMessage[]> {
  const { box, parts, slice } = session
  const uids = uidsOfFound(found)
  const name = keys.map(({ reverse, value }) => `${reverse ? 'REVERSE ' : ''}${value.name}`).join(', ')
  const key = `${box.row.id} by ${name}`
  const known = parts.knownValues.get(key)
  let kept = known instanceof KeptOrder ? known : undefined
  if (kept === undefined || !kept.holds(uids)) {
    const before = kept
    kept = await orderOf(session, keys, uids, before)
    // One of some that came is not worth that of all the others.
    if (kept.order.length * 2 > (before?.order.length ?? 0)) parts.knownValues.put(key, kept)
  }
  const places = new UidList(uids)
  const all: FoundMessage[] = []
  const { order } = kept
  for (let at = 0; at < order.length; at++) {
    const place = places.indexOf(order[at]!)
    if (place >= 0) all.push(found[place]!)
    if (at % AT_ONCE === 0) await slice.breathe()
  }
  return all
}

/** @param before most of it stays as it is mostly, which makes sorting quick */
async function orderOf(
  session: Session,
  keys: readonly SortKey[],
  uids: Uint32Array,
  before: KeptOrder | undefined,
): Promise<KeptOrder> {
  const columns: (readonly (SortValue | undefined)[])[] = []
  for (const { value } of keys) columns.push(await valuesOf(session, session.box.row, value, uids))
  const compare = (a: number, b: number): number => {
    for (const [index, column] of columns.entries()) {
      const order = compareValues(column[a]!, column[b]!)
      if (order !== 0) return keys[index]?.reverse ? -order : order
    }
    return a - b
  }
  const breathe = () => session.slice.breathe()
  const places: number[] = []
  const taken = new Uint8Array(uids.length)
  const take = (place: number): void => {
    if (place < 0 || taken[place] === 1 || columns.some((column) => column[place] === undefined)) return
    taken[place] = 1
    places.push(place)
  }
  const list = new UidList(uids)
  for (let at = 0; at < (before?.order.length ?? 0); at++) {
    take(list.indexOf(before?.order[at] ?? 0))
    if (at % AT_ONCE === 0) await breathe()
  }
  for (let place = 0; place < uids.length; place++) {
    take(place)
    if (place % AT_ONCE === 0) await breathe()
  }
  const order = new Uint32Array(places.length)
  for (const [at, place] of (await sortedInTurns(places, compare, breathe)).entries())
    order[at] = uids[place]!
  return new KeptOrder(order, order.length === uids.length ? uids : undefined)
}

const compareValues = (a: SortValue, b: SortValue): number => (a < b ? -1 : Number(a > b))
