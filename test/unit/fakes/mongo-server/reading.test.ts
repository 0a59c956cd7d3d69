import { Binary, Long, MinKey, ObjectId } from 'mongodb'
import { expect, test } from 'vitest'
import { connected } from './connected.ts'

test('the driver finds a primary that says what it is', async () => {
  await using under = await connected()
  expect(await under.client.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 })
  expect(await under.client.db('admin').command({ buildInfo: 1 })).toMatchObject({ version: '7.0.0' })
  await expect(under.client.db('admin').command({ mapReduce: 'things' })).rejects.toMatchObject({ code: 59 })
})

test('types come back as they were written', async () => {
  await using under = await connected({ useBigInt64: true })
  const given = {
    _id: new ObjectId(),
    int: 7,
    long: 5n,
    large: 2n ** 62n,
    double: 1.5,
    octets: new Binary(Buffer.from([0, 255, 128]), 0x80),
    date: new Date(1_700_000_000_123),
    none: null,
    text: 'ı\0🙂',
    nested: { list: [1, [2, { deep: true }]] },
  }
  await under.things.insertOne(given)
  const [found] = await under.things.find().toArray()
  expect(found).toEqual(given)
})

test('filters', async () => {
  await using under = await connected()
  await under.things.insertMany([
    {
      _id: 1,
      a: 1,
      tags: ['x', 'y'],
      sub: { n: 1 },
      rows: [
        { k: 1, v: 'a' },
        { k: 2, v: 'b' },
      ],
    },
    { _id: 2, a: 5, tags: [], sub: { n: 2 }, rows: [{ k: 1, v: 'b' }] },
    { _id: 3, a: null, name: 'Ayşe' },
    { _id: 4, a: 'text', name: 'ali', when: new Date(5) },
    { _id: 5, a: Long.fromNumber(5), octets: new Binary(Buffer.from('ab')) },
  ])
  const ids = async (filter: object) =>
    (await under.things.find(filter).sort({ _id: 1 }).toArray()).map((d) => d._id)
  expect(await ids({ a: 5 })).toEqual([2, 5])
  expect(await ids({ a: { $gt: 1 } })).toEqual([2, 5])
  expect(await ids({ a: { $gte: 1, $lt: 5 } })).toEqual([1])
  expect(await ids({ a: null })).toEqual([3])
  expect(await ids({ name: null })).toEqual([1, 2, 5])
  expect(await ids({ name: { $exists: true } })).toEqual([3, 4])
  expect(await ids({ a: { $in: [1, 'text'] } })).toEqual([1, 4])
  expect(await ids({ a: { $nin: [1, 'text', null] } })).toEqual([2, 5])
  expect(await ids({ a: { $ne: 5 } })).toEqual([1, 3, 4])
  expect(await ids({ a: { $not: { $gt: 1 } } })).toEqual([1, 3, 4])
  expect(await ids({ tags: 'y' })).toEqual([1])
  expect(await ids({ tags: ['x', 'y'] })).toEqual([1])
  expect(await ids({ tags: { $size: 0 } })).toEqual([2])
  expect(await ids({ tags: { $all: ['x', 'y'] } })).toEqual([1])
  expect(await ids({ 'sub.n': { $lte: 1 } })).toEqual([1])
  expect(await ids({ 'rows.v': 'b' })).toEqual([1, 2])
  expect(await ids({ 'rows.0.v': 'b' })).toEqual([2])
  expect(await ids({ rows: { $elemMatch: { k: 1, v: 'b' } } })).toEqual([2])
  expect(await ids({ $or: [{ a: 1 }, { name: /^AL/i }] })).toEqual([1, 4])
  expect(await ids({ $nor: [{ a: 1 }, { a: 5 }] })).toEqual([3, 4])
  expect(await ids({ $and: [{ a: 5 }, { sub: { n: 2 } }] })).toEqual([2])
  expect(await ids({ octets: new Binary(Buffer.from('ab')) })).toEqual([5])
  expect(await ids({ when: { $lt: new Date(6) } })).toEqual([4])
  expect(await ids({ a: { $type: 'string' } })).toEqual([4])
  await expect(ids({ a: { $near: 1 } })).rejects.toMatchObject({ code: 2 })
  await expect(ids({ $where: 'true' })).rejects.toMatchObject({ code: 2 })
})

test('order is of types first, then of octets, as MongoDB has it', async () => {
  await using under = await connected()
  const ascending = [
    new MinKey(),
    null,
    -1,
    0.5,
    2n,
    10,
    'a',
    'b',
    '\uffff',
    '🙂',
    { a: 1 },
    new Binary(Buffer.alloc(1)),
    false,
    true,
  ]
  await under.things.insertMany(ascending.map((v, _id) => ({ _id, v })).reverse())
  const order = async (way: 1 | -1) =>
    (await under.things.find().sort({ v: way }).toArray()).map((d) => d._id)
  const expected = ascending.map((_, at) => at)
  expect(await order(1)).toEqual(expected)
  expect(await order(-1)).toEqual(expected.toReversed())
  await under.things.createIndex({ v: 1 })
  expect(await order(1)).toEqual(expected)
  expect(await order(-1)).toEqual(expected.toReversed())
})

test('batches, limits and a cursor that does not see what comes later', async () => {
  await using under = await connected()
  await under.things.insertMany(Array.from({ length: 250 }, (_, n) => ({ _id: n, n: n % 7 })))
  const cursor = under.things.find({}, { batchSize: 20 })
  expect((await cursor.next())?._id).toBe(0)
  await under.things.updateMany({}, { $set: { n: 'other' } })
  await under.things.deleteMany({ _id: { $gte: 200 } })
  const rest = await cursor.toArray()
  expect(rest.length).toBe(249)
  expect(rest.every((document) => typeof document['n'] === 'number')).toBe(true)
  expect(await under.things.countDocuments()).toBe(200)
  expect(await under.things.estimatedDocumentCount()).toBe(200)
  const page = await under.things.find().sort({ _id: -1 }).skip(5).limit(2).project({ n: 0 }).toArray()
  expect(page).toEqual([{ _id: 194 }, { _id: 193 }])
  const closed = under.things.find({}, { batchSize: 2 })
  await closed.next()
  await closed.close()
})

test('projections', async () => {
  await using under = await connected()
  await under.things.insertOne({ _id: 1, a: 1, sub: { x: 1, y: 2 }, rows: [{ x: 1, y: 2 }, 3] })
  const seen = (projection: object) => under.things.findOne({}, { projection })
  expect(await seen({ a: 1 })).toEqual({ _id: 1, a: 1 })
  expect(await seen({ a: 1, _id: 0 })).toEqual({ a: 1 })
  expect(await seen({ _id: 1 })).toEqual({ _id: 1 })
  expect(await seen({ 'sub.x': 1, 'rows.y': 1 })).toEqual({ _id: 1, sub: { x: 1 }, rows: [{ y: 2 }] })
  expect(await seen({ sub: 0, 'rows.y': 0 })).toEqual({ _id: 1, a: 1, rows: [{ x: 1 }, 3] })
  await expect(seen({ a: 1, sub: 0 })).rejects.toMatchObject({ code: 2 })
})

test('distinct values and aggregations', async () => {
  await using under = await connected()
  await under.things.insertMany([
    { _id: 1, kind: 'a', n: 1, size: 2n ** 40n, tags: ['x', 'y'] },
    { _id: 2, kind: 'b', n: 2, size: 1n, tags: ['y'] },
    { _id: 3, kind: 'a', n: 3, size: 1n, tags: [] },
  ])
  expect(await under.things.distinct('tags')).toEqual(['x', 'y'])
  expect(await under.things.distinct('kind', { n: { $gt: 1 } })).toEqual(['a', 'b'])
  const run = (...pipeline: object[]) => under.things.aggregate(pipeline).toArray()
  expect(
    await run(
      { $match: { n: { $gte: 1 } } },
      { $group: { _id: '$kind', total: { $sum: '$size' }, count: { $sum: 1 }, least: { $min: '$n' } } },
      { $sort: { _id: -1 } },
    ),
  ).toEqual([
    { _id: 'b', total: 1, count: 1, least: 2 },
    { _id: 'a', total: 2 ** 40 + 1, count: 2, least: 1 },
  ])
  expect(await run({ $unwind: '$tags' }, { $match: { tags: 'y' } }, { $project: { tags: 1 } })).toEqual([
    { _id: 1, tags: 'y' },
    { _id: 2, tags: 'y' },
  ])
  expect(
    await run({ $sort: { n: -1 } }, { $skip: 1 }, { $limit: 1 }, { $project: { n: 1, _id: 0 } }),
  ).toEqual([{ n: 2 }])
  expect(await run({ $match: { kind: 'a' } }, { $count: 'how' })).toEqual([{ how: 2 }])
  await expect(run({ $lookup: {} })).rejects.toMatchObject({ code: 2 })
})
