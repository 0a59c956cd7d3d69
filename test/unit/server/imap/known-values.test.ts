import { expect, test } from 'vitest'
import { KnownValues } from '../../../../server/imap/known-values.ts'
import { KeptOrder } from '../../../../server/imap/sort/kept-order.ts'

test('what nobody asked for longest is forgotten, and no more than has to be', () => {
  const values = new KnownValues(100)
  const [a, b, c] = [{ octets: 40 }, { octets: 40 }, { octets: 41 }]
  values.put('a', a)
  values.put('b', b)
  expect(values.get('a')).toBe(a)
  values.put('c', c)
  expect(values.get('b')).toBe(undefined)
  expect([values.get('a'), values.get('c')]).toEqual([a, c])
  expect(values.octets).toBe(81)
})

test('what takes the place of something counts for it, and what is too much alone is not kept', () => {
  const values = new KnownValues(100)
  values.put('a', { octets: 60 })
  values.put('a', { octets: 80 })
  expect(values.octets).toBe(80)
  values.put('b', { octets: 101 })
  expect([values.octets, values.get('b')]).toEqual([0, undefined])
})

const uids = (...all: number[]) => Uint32Array.from(all)

test.each([
  [uids(), true],
  [uids(2), true],
  [uids(1, 9), true],
  [uids(1, 2, 9), true],
  [uids(0), false],
  [uids(1, 3), false],
  [uids(9, 10), false],
])('an order holds for each set of its messages: %j', (some, held) => {
  expect(new KeptOrder(uids(9, 1, 2)).holds(some)).toBe(held)
})
