import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Cursor } from '../../../../server/imap/cursor.ts'
import {
  formatNumbers,
  positionsOfList,
  positionsOfSequence,
  positionsOfUids,
  within,
} from '../../../../server/imap/number-set.ts'
import { UidList } from '../../../../server/imap/uid-list.ts'

const list = (...uids: number[]) => new UidList(Uint32Array.from(uids))
const set = (text: string) => new Cursor(text).numberSet()

describe('UIDs of a set [RFC 9051 §9]', () => {
  const uids = list(2, 3, 5, 9)
  test.each([
    ['1', []],
    ['2', [[0, 1]]],
    ['2:5', [[0, 3]]],
    ['5:2', [[0, 3]]],
    ['4:8', [[2, 3]]],
    [
      '9,3,2',
      [
        [0, 2],
        [3, 4],
      ],
    ],
    ['*', [[3, 4]]],
    ['100:*', [[3, 4]]],
    ['*:3', [[1, 4]]],
    ['1:4294967295', [[0, 4]]],
  ])('%s', (text, positions) => {
    expect(positionsOfUids(set(text), uids)).toEqual(positions)
  })
  test('of an empty mailbox is nothing', () => {
    expect(positionsOfUids(set('1:*'), list())).toEqual([])
  })
})

describe('sequence numbers of a set [RFC 9051 §6.4.5]', () => {
  test.each([
    ['1:4', [[0, 4]]],
    ['*', [[3, 4]]],
    ['3:*', [[2, 4]]],
    ['9:*', [[3, 4]]],
    [
      '4,1',
      [
        [0, 1],
        [3, 4],
      ],
    ],
  ])('%s', (text, positions) => {
    expect(positionsOfSequence(set(text), list(2, 3, 5, 9))).toEqual(positions)
  })
  test.each(['5', '1:5', '5:6'])('%s is refused among four', (text) => {
    expect(() => positionsOfSequence(set(text), list(2, 3, 5, 9))).toThrow('no message')
  })
  test('1:* of an empty mailbox is nothing', () => {
    expect(positionsOfSequence(set('1:*'), list())).toEqual([])
  })
})

const ascending = fc
  .uniqueArray(fc.integer({ min: 1, max: 300 }), { maxLength: 80 })
  .map((all) => all.sort((a, b) => a - b))

test('sets agree with a plain search [property]', () => {
  const range = fc.tuple(fc.integer({ min: 1, max: 320 }), fc.integer({ min: 1, max: 320 }))
  fc.assert(
    fc.property(ascending, fc.array(range, { minLength: 1, maxLength: 10 }), (uids, ranges) => {
      const known = list(...uids)
      const positions = positionsOfUids({ saved: false, ranges }, known)
      const plain = uids.filter((uid) =>
        ranges.some(([a, b]) => uid >= Math.min(a, b) && uid <= Math.max(a, b)),
      )
      expect(positions.flatMap(([from, to]) => [...known.slice(from, to)])).toEqual(plain)
      uids.forEach((uid, position) => {
        expect(within(positions, position)).toBe(plain.includes(uid))
      })
      expect(
        positionsOfList(Uint32Array.from(plain), known).flatMap(([from, to]) => [...known.slice(from, to)]),
      ).toEqual(plain)
    }),
  )
})

test('numbers are written as ranges that read back [property]', () => {
  fc.assert(
    fc.property(ascending, (numbers) => {
      const text = formatNumbers(numbers)
      if (numbers.length === 0) expect(text).toBe('')
      else {
        const known = list(...numbers)
        expect(positionsOfUids(set(text), known)).toEqual([[0, numbers.length]])
      }
    }),
  )
})

test('a list of UIDs behaves as an array does [property]', () => {
  fc.assert(
    fc.property(ascending, ascending, (first, gone) => {
      const uids = list(...first)
      const positions = uids.remove(gone)
      expect(positions).toEqual(first.flatMap((uid, at) => (gone.includes(uid) ? [at] : [])))
      const rest = first.filter((uid) => !gone.includes(uid))
      uids.append([1_000, 1_001])
      expect([...uids.slice(0, uids.length)]).toEqual([...rest, 1_000, 1_001])
      for (const [position, uid] of rest.entries()) expect(uids.indexOf(uid)).toBe(position)
      expect(uids.indexOf(999)).toBe(-1)
    }),
  )
})
