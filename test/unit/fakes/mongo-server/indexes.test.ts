import { expect, test } from 'vitest'
import { connected } from './connected.ts'

interface Box {
  readonly _id: number
  readonly pend?: readonly { readonly op: string }[]
}

test('indexes are made, listed and dropped', async () => {
  await using under = await connected()
  const { things, client } = under
  expect(
    await things.createIndexes([
      { key: { a: 1, b: -1 }, unique: true },
      { key: { c: 1 }, name: 'c', sparse: true },
    ]),
  ).toEqual(['a_1_b_-1', 'c'])
  expect(await things.createIndex({ c: 1 }, { name: 'c', sparse: true })).toBe('c')
  expect(await things.listIndexes().toArray()).toEqual([
    { v: 2, key: { _id: 1 }, name: '_id_' },
    { v: 2, key: { a: 1, b: -1 }, name: 'a_1_b_-1', unique: true },
    { v: 2, key: { c: 1 }, name: 'c', sparse: true },
  ])
  await expect(things.createIndex({ d: 1 }, { name: 'c' })).rejects.toMatchObject({ code: 86 })
  await expect(things.createIndex({ c: 1 })).rejects.toMatchObject({ code: 85 })
  await expect(things.createIndex({ d: 1 }, { partialFilterExpression: { d: 1 } })).rejects.toMatchObject({
    code: 67,
  })
  await things.insertOne({ _id: 1, a: 1 })
  expect(await things.find({ a: 1 }).hint('a_1_b_-1').toArray()).toHaveLength(1)
  expect(await things.find({ a: 1 }).hint({ a: 1, b: -1 }).toArray()).toHaveLength(1)
  await expect(things.find({ a: 1 }).hint('other').toArray()).rejects.toMatchObject({ code: 2 })
  await things.dropIndex('c')
  await expect(things.dropIndex('c')).rejects.toMatchObject({ code: 27 })
  await things.dropIndexes()
  expect(await things.indexes()).toHaveLength(1)
  await client.db('test').createCollection('made')
  await expect(client.db('test').command({ create: 'made' })).rejects.toMatchObject({ code: 48 })
  expect((await client.db('test').listCollections().toArray()).map(({ name }) => name)).toEqual([
    'things',
    'made',
  ])
  expect(await client.db('test').listCollections({ name: 'made' }, { nameOnly: true }).hasNext()).toBe(true)
  await client.db('test').dropCollection('made')
  await client.db('test').dropDatabase()
  expect(await things.countDocuments()).toBe(0)
})

test('what is missing counts as null where a value must be unique, unless the index is sparse', async () => {
  await using under = await connected()
  const { things } = under
  await things.createIndex({ a: 1 }, { unique: true })
  await things.createIndex({ s: 1 }, { unique: true, sparse: true })
  await things.insertOne({ _id: 1 })
  await expect(things.insertOne({ _id: 2 })).rejects.toMatchObject({ code: 11000, keyValue: { a: null } })
  await expect(things.insertOne({ _id: 2, a: null })).rejects.toMatchObject({ code: 11000 })
  await things.insertMany([
    { _id: 3, a: 3, s: 1 },
    { _id: 4, a: 4 },
  ])
  await expect(things.insertOne({ _id: 5, a: 5, s: 1 })).rejects.toMatchObject({
    code: 11000,
    keyPattern: { s: 1 },
  })
  expect((await things.find({ s: null }).toArray()).map((d) => d._id)).toEqual([1, 4])
})

test('uniqueness holds through updates and across the elements of arrays', async () => {
  await using under = await connected()
  const things = under.client.db('test').collection<Box>('things')
  await things.createIndex({ 'pend.op': 1 }, { unique: true, sparse: true })
  await things.insertMany([{ _id: 1, pend: [{ op: 'a' }, { op: 'b' }] }, { _id: 2, pend: [] }, { _id: 3 }])
  await expect(things.updateOne({ _id: 2 }, { $push: { pend: { op: 'b' } } })).rejects.toMatchObject({
    code: 11000,
  })
  await things.updateOne({ _id: 1 }, { $pull: { pend: { op: 'b' } } })
  await things.updateOne({ _id: 2 }, { $push: { pend: { op: 'b' } } })
  expect((await things.find({ 'pend.op': { $gte: 'b' } }).toArray()).map((d) => d._id)).toEqual([2])
  await expect(things.createIndex({ x: 1 }, { unique: true })).rejects.toMatchObject({ code: 11000 })
  expect(await things.indexes()).toHaveLength(2)
})

test('an index finds what a scan finds', async () => {
  await using under = await connected()
  const { things } = under
  const values = [null, 1, 2, 2.5, 'a', 'a\0b', 'ab', true, [1, 3], [], { k: 1 }]
  await things.insertMany(
    values
      .flatMap((a, i) => [0, 1, 2].map((b) => ({ _id: `${i}/${b}`, a, b })))
      .concat([{ _id: 'x', a: undefined as never, b: 1 }]),
  )
  const filters = values.flatMap((a) => [
    { a },
    { a, b: { $gte: 1 } },
    { a: { $gt: a } },
    { a: { $lte: a }, b: 1 },
  ])
  const more = [
    { a: { $gt: 0, $lt: 2 } },
    { a: { $in: [1, 'a', null] } },
    { $and: [{ a: 2 }, { b: { $lt: 2 } }] },
  ]
  const wanted = [...filters, ...more].filter(({ a }) => a !== undefined)
  const results = async () =>
    Promise.all(
      wanted.map(async (filter) => (await things.find(filter as object).toArray()).map((d) => d._id).sort()),
    )
  const scanned = await results()
  await things.createIndex({ a: 1, b: 1 })
  expect(await results()).toEqual(scanned)
})

test('a collection of 100,000 documents stays usable', { timeout: 30_000 }, async () => {
  await using under = await connected()
  const { things } = under
  await things.createIndexes([{ key: { box: 1, uid: 1 }, unique: true }, { key: { box: 1, modseq: 1 } }])
  for (let from = 0; from < 100_000; from += 20_000)
    await things.insertMany(
      Array.from({ length: 20_000 }, (_, n) => ({
        _id: from + n,
        box: (from + n) % 10,
        uid: from + n,
        modseq: -n,
      })) as never,
      { ordered: false },
    )
  const start = performance.now()
  for (let n = 0; n < 200; n++) {
    await things.updateOne({ box: n % 10, uid: n }, { $set: { modseq: 1_000_000 + n } })
    const page = await things
      .find({ box: n % 10, uid: { $gt: 50_000 } })
      .sort({ uid: 1 })
      .limit(10)
      .toArray()
    expect(page).toHaveLength(10)
    const [newest] = await things
      .find({ box: n % 10 })
      .sort({ modseq: -1 })
      .limit(1)
      .toArray()
    expect(newest?._id).toBe(n)
  }
  // Each of these would take some hundred milliseconds if it looked at all documents.
  expect((performance.now() - start) / 600).toBeLessThan(20)
})
