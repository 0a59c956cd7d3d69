import { type Document, MongoBulkWriteError } from 'mongodb'
import { expect, test } from 'vitest'
import { connected } from './connected.ts'

test('ordered and unordered inserts say which documents failed, and why', async () => {
  await using under = await connected()
  await under.things.createIndex({ box: 1, uid: 1 }, { unique: true })
  const rows = [1, 1, 2].map((uid, _id) => ({ _id, box: 'a', uid }))
  const ordered = await under.things.insertMany(rows).catch((error: unknown) => error)
  expect(ordered).toBeInstanceOf(MongoBulkWriteError)
  expect(ordered).toMatchObject({ code: 11000, insertedCount: 1 })
  await under.things.deleteMany({})
  const all = (await under.things
    .insertMany(rows, { ordered: false })
    .catch((error: unknown) => error)) as MongoBulkWriteError
  expect(all.insertedCount).toBe(2)
  expect((await under.things.find().toArray()).map((d) => d._id)).toEqual([0, 2])
  const one = await under.things.insertOne({ _id: 9, box: 'a', uid: 2 }).catch((error: unknown) => error)
  expect(one).toMatchObject({ code: 11000, keyPattern: { box: 1, uid: 1 }, keyValue: { box: 'a', uid: 2 } })
  await expect(under.things.insertOne({ _id: 0 })).rejects.toMatchObject({
    code: 11000,
    keyPattern: { _id: 1 },
  })
})

test('update operators', async () => {
  await using under = await connected()
  const after = async (before: Document, update: Document) => {
    await under.things.deleteMany({})
    await under.things.insertOne({ _id: 1, ...before })
    await under.things.updateOne({ _id: 1 }, update)
    const { _id, ...rest } = (await under.things.findOne()) ?? {}
    return rest
  }
  expect(await after({ a: 1 }, { $set: { 'b.c': 2, a: 3 } })).toEqual({ a: 3, b: { c: 2 } })
  expect(await after({ a: 1, b: { c: 1, d: 2 } }, { $unset: { a: 1, 'b.c': 1, x: 1 } })).toEqual({
    b: { d: 2 },
  })
  expect(await after({ a: 1 }, { $inc: { a: 2, b: -1 } })).toEqual({ a: 3, b: -1 })
  expect(await after({ a: 3 }, { $mul: { a: 2 } })).toEqual({ a: 6 })
  expect(await after({ a: 1, b: 5 }, { $max: { a: 3, b: 3, c: 1 } })).toEqual({ a: 3, b: 5, c: 1 })
  expect(await after({ a: 1, b: 5 }, { $min: { a: 3, b: 3 } })).toEqual({ a: 1, b: 3 })
  expect(await after({ l: [1] }, { $push: { l: 2, m: { x: 1 } } })).toEqual({ l: [1, 2], m: [{ x: 1 }] })
  expect(await after({ l: [1, 2] }, { $push: { l: { $each: [8, 9], $position: 1 } } })).toEqual({
    l: [1, 8, 9, 2],
  })
  expect(await after({ l: [1, 2] }, { $push: { l: { $each: [3], $slice: -2 } } })).toEqual({ l: [2, 3] })
  expect(await after({ l: [1, 2] }, { $addToSet: { l: { $each: [2, 3] } } })).toEqual({ l: [1, 2, 3] })
  expect(await after({ l: [{ k: 1 }, { k: 2 }] }, { $pull: { l: { k: 1 } } })).toEqual({ l: [{ k: 2 }] })
  expect(await after({ l: [1, 5, 9] }, { $pull: { l: { $gte: 5 } } })).toEqual({ l: [1] })
  expect(await after({ l: [1, 2, 1] }, { $pull: { l: 1 } })).toEqual({ l: [2] })
  expect(await after({ l: [1, 2, 3] }, { $pullAll: { l: [1, 3] } })).toEqual({ l: [2] })
  expect(await after({ l: [1, 2, 3] }, { $pop: { l: -1 } })).toEqual({ l: [2, 3] })
  expect(await after({ a: 1 }, { $rename: { a: 'b' } })).toEqual({ b: 1 })
  expect(await after({ l: [{ a: 1 }] }, { $set: { 'l.0.a': 2 } })).toEqual({ l: [{ a: 2 }] })
  expect(await after({ a: 1 }, { $setOnInsert: { a: 2 }, $set: { b: 1 } })).toEqual({ a: 1, b: 1 })
  await expect(after({ a: 'x' }, { $inc: { a: 1 } })).rejects.toMatchObject({ code: 14 })
  await expect(after({ a: 1 }, { $push: { a: 1 } })).rejects.toMatchObject({ code: 2 })
  await expect(after({ a: 1 }, { $set: { 'a.b': 1 } })).rejects.toMatchObject({ code: 28 })
  await expect(after({ a: 1 }, { $set: { a: 1 }, $inc: { 'a.b': 1 } })).rejects.toMatchObject({ code: 40 })
  await expect(after({ a: 1 }, { $set: { _id: 2 } })).rejects.toMatchObject({ code: 66 })
  await expect(after({ a: [1] }, { $set: { 'a.$': 2 } })).rejects.toMatchObject({ code: 2 })
  await expect(after({ a: 1 }, { $bit: { a: 2 } })).rejects.toMatchObject({ code: 9 })
})

test('updates of one and many, upserts and replacements', async () => {
  await using under = await connected()
  const { things } = under
  await things.insertMany([
    { _id: 1, a: 1 },
    { _id: 2, a: 1 },
  ])
  expect(await things.updateMany({ a: 1 }, { $inc: { n: 1 } })).toMatchObject({
    matchedCount: 2,
    modifiedCount: 2,
  })
  expect(await things.updateOne({ a: 1 }, { $set: { a: 1 } })).toMatchObject({
    matchedCount: 1,
    modifiedCount: 0,
  })
  const upsert = await things.updateOne(
    { _id: 3, b: { $eq: 4 } },
    { $set: { c: 1 }, $setOnInsert: { d: 2 } },
    { upsert: true },
  )
  expect(upsert).toMatchObject({ upsertedId: 3, upsertedCount: 1, matchedCount: 0 })
  expect(await things.findOne({ _id: 3 })).toEqual({ _id: 3, b: 4, c: 1, d: 2 })
  expect(await things.replaceOne({ _id: 1 }, { z: 1 })).toMatchObject({ modifiedCount: 1 })
  expect(await things.findOne({ _id: 1 })).toEqual({ _id: 1, z: 1 })
  expect((await things.updateOne({ q: 1 }, { $set: { r: 1 } }, { upsert: true })).upsertedId).toBeDefined()
  await expect(things.updateOne({ _id: 1 }, [{ $set: { a: 1 } }])).rejects.toMatchObject({ code: 9 })
  const bulk = await things.bulkWrite([
    { insertOne: { document: { _id: 7 } } },
    { updateOne: { filter: { _id: 7 }, update: { $set: { a: 1 } } } },
    { deleteOne: { filter: { _id: 1 } } },
  ])
  expect(bulk).toMatchObject({ insertedCount: 1, modifiedCount: 1, deletedCount: 1 })
  expect((await things.deleteOne({ _id: { $gt: 0 } })).deletedCount).toBe(1)
  await things.deleteMany({})
  expect(await things.countDocuments()).toBe(0)
})

test('find and modify', async () => {
  await using under = await connected()
  const { things } = under
  await things.insertMany([
    { _id: 1, due: 5 },
    { _id: 2, due: 3 },
    { _id: 3, due: 4 },
  ])
  const sort = { due: 1 } as const
  const taken = await things.findOneAndUpdate(
    { leased: null },
    { $set: { leased: 1 } },
    { sort, returnDocument: 'after' },
  )
  expect(taken).toEqual({ _id: 2, due: 3, leased: 1 })
  const before = await things.findOneAndUpdate(
    { leased: null },
    { $set: { leased: 1 } },
    { sort, projection: { due: 1 } },
  )
  expect(before).toEqual({ _id: 3, due: 4 })
  expect(await things.findOneAndUpdate({ _id: 9 }, { $set: { a: 1 } })).toBeNull()
  const made = await things.findOneAndUpdate(
    { _id: 9 },
    { $inc: { n: 1 } },
    { upsert: true, returnDocument: 'after', includeResultMetadata: true },
  )
  expect(made).toMatchObject({
    value: { _id: 9, n: 1 },
    lastErrorObject: { updatedExisting: false, upserted: 9 },
  })
  expect(await things.findOneAndReplace({ _id: 9 }, { b: 1 }, { returnDocument: 'after' })).toEqual({
    _id: 9,
    b: 1,
  })
  expect(await things.findOneAndDelete({ leased: 1 }, { sort: { due: -1 } })).toMatchObject({ _id: 3 })
})

test('documents have a largest size', async () => {
  await using under = await connected()
  const octets = Buffer.alloc(16 * 1024 * 1024)
  await expect(under.things.insertOne({ _id: 1, octets })).rejects.toMatchObject({ code: 10334 })
  await under.things.insertOne({ _id: 1, octets: octets.subarray(1024) })
  await expect(
    under.things.updateOne({ _id: 1 }, { $set: { more: Buffer.alloc(1024) } }),
  ).rejects.toMatchObject({
    code: 10334,
  })
  expect((await under.things.findOne({ _id: 1 }))?.['octets'].length()).toBe(octets.length - 1024)
})

test('transactions are refused', async () => {
  await using under = await connected()
  const session = under.client.startSession()
  session.startTransaction()
  await expect(under.things.insertOne({ _id: 1 }, { session })).rejects.toMatchObject({ code: 263 })
  await session.endSession()
})

test('what was asked of a write and a read is on record', async () => {
  await using under = await connected({ appName: 'intakes' })
  await under.things.insertOne({ _id: 1 }, { writeConcern: { w: 'majority', journal: true } })
  await under.things.findOne({ _id: 1 }, { readConcern: 'majority' })
  const common = { client: 'intakes', collection: 'things', count: 1 }
  expect(under.server.concerns.of('insert')).toEqual([
    { ...common, command: 'insert', writeConcern: { w: 'majority', j: true }, readConcern: undefined },
  ])
  expect(under.server.concerns.of('find', 'things')).toEqual([
    { ...common, command: 'find', writeConcern: undefined, readConcern: { level: 'majority' } },
  ])
})
