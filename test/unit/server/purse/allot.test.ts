import { describe, expect, test } from 'vitest'
import { tariff as tariffSchema } from '../../../../config/tariff.ts'
import { messageTypeOf } from '../../../../mail/message-type.ts'
import { costOf } from '../../../../mail/tariff.ts'
import { allot, totalOf } from '../../../../server/purse/allot.ts'
import { EMPTY_PURSE, type Package, type Purse } from '../../../../server/purse/document.ts'
import { TARIFF } from '../../../fakes/tariff.ts'

const AT = new Date('2026-11-22T00:00:00Z')
const pack = (id: string, left: number, over: Partial<Package> = {}): Package => ({
  id,
  unit: 'kep',
  bought: 100,
  left,
  held: 0,
  ...over,
})
const purse = (balance: number, ...packages: Package[]): Purse => ({ ...EMPTY_PURSE, balance, packages })
const told = (from: Purse, units: number, recipients: number) =>
  allot(from, { unit: 'kep', units, price: 150 }, recipients, AT)?.map(
    ({ positions, takes }) =>
      `${positions} ${takes.map(({ from, amount }) => `${from}:${amount}`).join('+')}`,
  )

describe('what each recipient is paid with', () => {
  test.each<[string, Purse, number, number, string[] | undefined]>([
    ['units', purse(0, pack('a', 3)), 1, 3, ['1-3 a:1']],
    ['money, where there are no units', purse(450), 1, 3, ['1-3 balance:150']],
    ['units first, then money', purse(150, pack('a', 2)), 1, 3, ['1-2 a:1', '3 balance:150']],
    ['nothing at all, where one of three is not covered', purse(149, pack('a', 2)), 1, 3, undefined],
    ['the last unit', purse(0, pack('a', 1)), 1, 1, ['1 a:1']],
    ['an empty purse', purse(0), 1, 1, undefined],
    ['one package after another', purse(0, pack('a', 1), pack('b', 2)), 1, 3, ['1 a:1', '2-3 b:1']],
    ['two packages for one recipient', purse(0, pack('a', 3), pack('b', 1)), 2, 2, ['1 a:2', '2 a:1+b:1']],
    ['three packages for one', purse(0, pack('a', 1), pack('b', 1), pack('c', 1)), 3, 1, ['1 a:1+b:1+c:1']],
    ['no recipient half in units, half in money', purse(150, pack('a', 3)), 2, 2, ['1 a:2', '2 balance:150']],
    ['too little of both', purse(149, pack('a', 3)), 2, 2, undefined],
    ['units of another kind', purse(0, pack('a', 9, { unit: 'eYazisma' })), 1, 1, undefined],
    [
      'what ends first, first',
      purse(0, pack('a', 1), pack('b', 1, { until: '2027-01-01T00:00:00Z' })),
      1,
      2,
      ['1 b:1', '2 a:1'],
    ],
    ['what has ended', purse(0, pack('a', 9, { until: AT.toISOString() })), 1, 1, undefined],
    ['what ends in a moment', purse(0, pack('a', 1, { until: '2026-11-22T00:00:00.001Z' })), 1, 1, ['1 a:1']],
    ['a thousand recipients', purse(0, pack('a', 1000)), 1, 1000, ['1-1000 a:1']],
    [
      'a thousand and two packages',
      purse(150_000, pack('a', 499), pack('b', 5)),
      2,
      1000,
      ['1-249 a:2', '250 a:1+b:1', '251-252 b:2', '253-1000 balance:150'],
    ],
  ])('%s', (_, from, units, recipients, expected) => {
    expect(told(from, units, recipients)).toEqual(expected)
  })

  test('together it is so much of each', () => {
    const holds = allot(purse(150, pack('a', 2)), { unit: 'kep', units: 1, price: 150 }, 3, AT)
    expect(totalOf(holds!).map(({ from, amount }) => [from, amount])).toEqual([
      ['a', 2],
      ['balance', 150],
    ])
  })
})

describe('a tariff', () => {
  const tariff = tariffSchema.parse(TARIFF)

  test.each([
    ['standart', 0, 1, 150],
    ['standart', 10_000, 1, 150],
    ['standart', 10_001, 2, 300],
    ['standart', 100_000_000, 2, 300],
    ['eYazisma', 10_001, 1, 35],
    ['eTebligat', 1, 3, 450],
  ] as const)('%s of %i octets takes %i units or %i kuruş', (type, size, units, price) => {
    expect(costOf(tariff, type, size)).toMatchObject({ units, price })
  })

  test('has a price for nothing that is larger than its last band', () => {
    expect(() => costOf(tariff, 'standart', 100_000_001)).toThrow(RangeError)
  })

  test.each([
    ['bands out of order', { upTo: '1 KB', units: 1, price: 1 }, { upTo: '1 KB', units: 1, price: 1 }],
    ['half a kuruş', { upTo: '1 KB', units: 1, price: 0.5 }],
    ['a negative price', { upTo: '1 KB', units: 1, price: -1 }],
    ['no units', { upTo: '1 KB', units: 0, price: 1 }],
  ])('%s are refused', (_, ...bands) => {
    const types = { ...TARIFF.types, standart: { bands } }
    expect(tariffSchema.safeParse({ ...TARIFF, types }).success).toBe(false)
  })

  test.each([
    [undefined, 'standart'],
    ['eYazisma', 'eYazisma'],
    [' etebligat ', 'eTebligat'],
    ['__proto__', undefined],
  ])('the type %j is %s', (header, type) => {
    expect(messageTypeOf(header)).toBe(type)
  })
})
