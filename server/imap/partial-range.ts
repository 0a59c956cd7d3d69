import type { Cursor } from './cursor.ts'
import { bad } from './failure.ts'
import { countOf, type Positions } from './number-set.ts'

/** `1:100` counts from the oldest of what is meant, `-1:-100` from the newest. [RFC 9394 §3.1] */
export interface PartialRange {
  /** As the answer repeats it: its lower end first, since 4:2 is 2:4. [RFC 5267 §4.4] */
  readonly text: string
  readonly from: 'oldest' | 'newest'
  /** 1 is the first. */
  readonly low: number
  readonly high: number
}

export function partialRange(cursor: Cursor): PartialRange {
  const newest = cursor.take('-')
  const first = cursor.nonZero()
  cursor.expect(':')
  if (cursor.take('-') !== newest) throw bad('Both ends of the range have one sign')
  const second = cursor.nonZero()
  const [low, high] = first < second ? [first, second] : [second, first]
  const sign = newest ? '-' : ''
  return { text: `${sign}${low}:${sign}${high}`, from: newest ? 'newest' : 'oldest', low, high }
}

/** Half-open, within a list of so many. */
export function spanOfPartial({ from, low, high }: PartialRange, count: number): [from: number, to: number] {
  const [start, end] = from === 'oldest' ? [low - 1, high] : [count - high, count - low + 1]
  return [Math.max(0, Math.min(start, count)), Math.max(0, Math.min(end, count))]
}

/** That part of some positions. */
export function partOf(positions: Positions, range: PartialRange): Positions {
  const [start, end] = spanOfPartial(range, countOf(positions))
  const kept: [number, number][] = []
  let passed = 0
  for (const [from, to] of positions) {
    const low = from + Math.max(0, start - passed)
    const high = Math.min(to, from + end - passed)
    if (low < high) kept.push([low, high])
    passed += to - from
  }
  return kept
}
