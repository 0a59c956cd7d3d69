import { bad } from './failure.ts'
import type { UidList } from './uid-list.ts'

export type SetNumber = number | '*'

/** A set as the client wrote it. [RFC 9051 §9] `$` is the saved search result. [RFC 9051 §6.4.4.1] */
export interface NumberSet {
  readonly saved: boolean
  readonly ranges: readonly (readonly [from: SetNumber, to: SetNumber])[]
}

/** Half-open ranges of positions in a {@link UidList}, ascending and apart from each other. */
export type Positions = readonly (readonly [from: number, to: number])[]

/** By UID: numbers that nobody has are no fault. `*` is the last message, or what is passed in. */
export function positionsOfUids(set: NumberSet, list: UidList, last = list.last): Positions {
  if (list.length === 0) return []
  return merge(
    set.ranges.map(([from, to]) => {
      const [low, high] = ordered(from === '*' ? last : from, to === '*' ? last : to)
      return [list.lowerBound(low), list.lowerBound(high + 1)]
    }),
  )
}

/**
 * By sequence number. One that was never told is the client's mistake, except where it only asks which messages are among others.
 * [RFC 9051 §6.4.5]
 */
export function positionsOfSequence(
  set: NumberSet,
  list: UidList,
  untold: 'refused' | 'nobody' = 'refused',
): Positions {
  return merge(
    set.ranges.map(([from, to]) => {
      const open = from === '*' || to === '*'
      const [low, high] = ordered(from === '*' ? list.length : from, to === '*' ? list.length : to)
      if (!open && high > list.length && untold === 'refused')
        throw bad('There is no message with that number')
      if (!open && low > list.length) return [-1, -1]
      return [Math.min(low, list.length) - 1, Math.min(high, list.length)]
    }),
  ).filter(([from]) => from >= 0)
}

/** Positions of UIDs that are still there; both sides ascending. */
export function positionsOfList(uids: Uint32Array, list: UidList): Positions {
  const ranges: [number, number][] = []
  for (const uid of uids) {
    const position = list.indexOf(uid)
    if (position < 0) continue
    const open = ranges.at(-1)
    if (open !== undefined && open[1] === position) open[1]++
    else ranges.push([position, position + 1])
  }
  return ranges
}

export const countOf = (positions: Positions): number =>
  positions.reduce((sum, [from, to]) => sum + to - from, 0)

/** Whether a number is in the set, for sets that are asked often: binary search over merged ranges. */
export function within(positions: Positions, position: number): boolean {
  let low = 0
  let high = positions.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((positions[middle]?.[1] ?? 0) <= position) low = middle + 1
    else high = middle
  }
  return position >= (positions[low]?.[0] ?? Number.POSITIVE_INFINITY)
}

/** `1:3,7` of ascending numbers; empty text for none. */
export function formatNumbers(numbers: Iterable<number>): string {
  const pieces: string[] = []
  let from = -1
  let to = -1
  const close = () => {
    if (from >= 0) pieces.push(from === to ? `${from}` : `${from}:${to}`)
  }
  for (const number of numbers) {
    if (number === to + 1 && from >= 0) to = number
    else {
      close()
      from = number
      to = number
    }
  }
  close()
  return pieces.join(',')
}

const ordered = (a: number, b: number): [number, number] => (a <= b ? [a, b] : [b, a])

function merge(ranges: [from: number, to: number][]): [from: number, to: number][] {
  const merged: [number, number][] = []
  for (const [from, to] of ranges.filter(([from, to]) => from < to).sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged
}
