import { expect, test } from 'vitest'
import { MessageRate } from '../../../server/smtp/message-rate.ts'
import { TokenBuckets } from '../../../server/token-buckets.ts'

test('a burst is taken whole, then one for each share of the time; keys stand for themselves', () => {
  let now = 0
  const buckets = new TokenBuckets(6, 60_000, { now: () => new Date(0), monotonic: () => now })
  const taken = (key: string) => Array.from({ length: 10 }, () => buckets.take(key)).filter(Boolean).length
  expect(taken('a')).toBe(6)
  now += 9_999
  expect(taken('a')).toBe(0)
  now += 1
  expect(taken('a')).toBe(1)
  expect(taken('b')).toBe(6)
  now += 600_000
  expect(taken('a')).toBe(6)
})

test('an account and a network each have a rate; neither is bound where none is set', () => {
  const clock = { now: () => new Date(0), monotonic: () => 0 }
  const rate = new MessageRate({ perAccount: 2, perIp: 3 }, clock)
  const took = (rate: MessageRate, tries: [string, string][]) => tries.map(([who, ip]) => rate.take(who, ip))
  expect(
    took(rate, [
      ['a', '2001:db8::1'],
      ['a', '2001:db8::2'],
      ['a', '192.0.2.1'],
      ['b', '2001:db8::3'],
      ['c', '2001:db8::4'],
      ['c', '2001:db8:0:1::4'],
    ]),
  ).toEqual([true, true, false, true, false, true])
  const free = new MessageRate({ perAccount: undefined, perIp: undefined }, clock)
  expect(
    took(
      free,
      Array.from({ length: 100 }, () => ['a', '192.0.2.1']),
    ),
  ).not.toContain(false)
})
