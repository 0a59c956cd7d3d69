import fc from 'fast-check'
import { Binary, type Document } from 'mongodb'
import { expect, test } from 'vitest'
import { Collection } from '../../../fakes/mongo-server/collection.ts'
import { type Entry, OrderedEntries } from '../../../fakes/mongo-server/ordered-entries.ts'
import { select, sorted } from '../../../fakes/mongo-server/select.ts'
import { sortKey } from '../../../fakes/mongo-server/sort-key.ts'

const signOf = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

test('numbers of every kind are in their order', () => {
  const number = fc.oneof(
    fc.double({ noNaN: true }),
    fc.integer(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  )
  fc.assert(
    fc.property(number, number, (a, b) => {
      expect(signOf(sortKey(a), sortKey(b))).toBe(a < b ? -1 : a > b ? 1 : 0)
    }),
  )
  expect(sortKey(2n ** 53n + 1n) > sortKey(2 ** 53)).toBe(true)
  expect(sortKey(5n)).toBe(sortKey(5))
})

test('strings are in the order of their octets in UTF-8, also as the first of two fields', () => {
  const string = fc.string({
    unit: fc.constantFrom('\0', '\x01', 'a', '\x7f', 'ı', '\uffff', '🙂'),
    maxLength: 4,
  })
  fc.assert(
    fc.property(string, string, fc.integer(), fc.integer(), (a, b, c, d) => {
      const expected = Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))) || Math.sign(c - d)
      expect(signOf(sortKey(a) + sortKey(c), sortKey(b) + sortKey(d))).toBe(expected)
    }),
  )
})

test('entries stay in order whatever is added and removed', () => {
  const entries = new OrderedEntries()
  let model: Entry[] = []
  let state = 1
  for (let n = 0; n < 20_000; n++) {
    state = (state * 48_271) % 2_147_483_647
    const entry = { key: String(state % 900).padStart(3, '0'), id: String(state % 7) }
    const same = ({ key, id }: Entry) => key === entry.key && id === entry.id
    if (state % 3 === 0) {
      entries.remove(entry)
      model = model.filter((other) => !same(other))
    } else if (!model.some(same)) {
      entries.add(entry)
      model.push(entry)
    }
  }
  const expected = model
    .filter(({ key }) => key >= '100' && key < '700')
    .sort((a, b) => signOf(a.key + a.id, b.key + b.id))
  expect(expected.length).toBeGreaterThan(1_000)
  expect([...entries.between('100', '700')]).toEqual(expected)
  expect([...entries.downwards('100', '700')]).toEqual(expected.toReversed())
})

test('with indexes a filter finds the same documents in the same order as without', () => {
  const scalar = fc.constantFrom<unknown>(
    null,
    0,
    1,
    2,
    2.5,
    3n,
    'a',
    'b',
    true,
    new Binary(Buffer.from('x')),
  )
  const field = fc.oneof(scalar, fc.array(scalar, { maxLength: 2 }))
  const row = fc.record({ a: field, b: scalar, c: scalar }, { requiredKeys: [] })
  const condition = fc.oneof(
    scalar,
    fc.record({ $gt: scalar, $gte: scalar, $lt: scalar, $lte: scalar, $eq: scalar }, { requiredKeys: [] }),
    fc.record({ $in: fc.array(scalar, { maxLength: 3 }) }),
  )
  const filter = fc.record({ a: condition, b: condition, c: condition }, { requiredKeys: [] })
  const way = fc.constantFrom(1, -1)
  const sort = fc.record({ b: way, c: way }, { requiredKeys: [] })
  const keys = fc.constantFrom<Document>(
    { a: 1 },
    { a: 1, b: 1 },
    { b: 1, c: 1 },
    { b: -1, a: 1 },
    { c: 1, b: -1 },
  )
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 25 }),
      filter,
      sort,
      keys,
      fc.boolean(),
      (rows, given, order, key, sparse) => {
        const collection = new Collection('test.things', () => {})
        for (const [_id, fields] of rows.entries()) collection.insert({ _id, ...fields })
        const found = () => select(collection, { filter: given, sort: order })
        const ids = () =>
          found()
            .map(({ _id }) => Number(_id))
            .sort((one, other) => one - other)
        const scanned = ids()
        collection.createIndex({ name: 'some', key, unique: false, sparse })
        expect(ids()).toEqual(scanned)
        // What is in order is left as it is by a sort that keeps equals as they are.
        expect(sorted(found(), order)).toEqual(found())
      },
    ),
    { numRuns: 2_000 },
  )
})
