/** What a store asks of MongoDB, each as a few calls whose answers two servers can be compared by. */
import { Binary, type Collection, type Db, type Document } from 'mongodb'

export interface Thing extends Document {
  readonly _id: number | string
}

export type Scenario = (things: Collection<Thing>, db: Db) => Promise<unknown>

/** The answer, or the code of the error. */
const outcome = async (act: Promise<unknown>): Promise<unknown> => {
  try {
    return await act
  } catch (error) {
    return { code: (error as { code?: unknown }).code }
  }
}

const values = [
  null,
  1,
  2.5,
  'a',
  'ab',
  '🙂',
  '\uffff',
  true,
  [1, 3],
  [],
  { k: 1 },
  new Binary(Buffer.from('b')),
  new Date(5),
]
const rows: Thing[] = [
  ...values.map((a, _id) => ({ _id, a, b: _id % 3, box: 'x' })),
  {
    _id: 20,
    b: 1,
    box: 'x',
    list: [
      { k: 1, v: 'p' },
      { k: 2, v: 'q' },
    ],
  },
  { _id: 21, b: 2, box: 'y', list: [{ k: 2, v: 'p' }], deep: { er: { n: 1 } } },
]

const idsOf =
  (...filters: Document[]): Scenario =>
  async (things) => {
    await things.insertMany(rows)
    const ids = []
    for (const filter of filters)
      ids.push(
        await outcome(
          things
            .find(filter)
            .sort({ _id: 1 })
            .map(({ _id }) => _id)
            .toArray(),
        ),
      )
    return ids
  }

const updated =
  (before: Document, ...updates: Document[]): Scenario =>
  async (things) => {
    const results = []
    for (const update of updates) {
      await things.deleteMany({})
      await things.insertOne({ _id: 1, ...before })
      const { modifiedCount, code } = (await outcome(things.updateOne({ _id: 1 }, update))) as Document
      results.push({ modifiedCount, code, document: await things.findOne({ _id: 1 }) })
    }
    return results
  }

export const scenarios: Readonly<Record<string, Scenario>> = {
  'filters of equality': idsOf(
    { a: 1 },
    { a: null },
    { a: 'a' },
    { a: [1, 3] },
    { a: 3 },
    { a: { k: 1 } },
    { b: { $ne: 1 } },
  ),
  'filters of sets': idsOf({ a: { $in: [1, 'ab', null] } }, { b: { $nin: [0, 1] } }, { a: { $in: [] } }),
  'filters of range': idsOf(
    { a: { $gt: 1 } },
    { a: { $gte: 1, $lt: 3 } },
    { a: { $lte: 'ab' } },
    { a: { $gt: new Date(4) } },
  ),
  'filters of presence and shape': idsOf(
    { a: { $exists: false } },
    { a: { $size: 0 } },
    { a: { $type: 'string' } },
    { a: /^A/i },
  ),
  'filters of logic': idsOf(
    { $or: [{ a: 1 }, { b: 2 }] },
    { $nor: [{ b: 1 }, { b: 2 }] },
    { $and: [{ b: 1 }, { box: 'x' }] },
    { b: { $not: { $gt: 0 } } },
  ),
  'filters within arrays': idsOf(
    { 'list.v': 'p' },
    { 'list.0.v': 'p' },
    { list: { $elemMatch: { k: 2, v: 'p' } } },
    { 'deep.er.n': { $gte: 1 } },
  ),
  'operators that are not known': idsOf({ a: { $nonsense: 1 } }),
  'order of types and strings': async (things) => {
    await things.insertMany(rows.filter(({ a }) => a !== undefined && !Array.isArray(a)))
    const ids = async (way: 1 | -1) =>
      things
        .find()
        .sort({ a: way, _id: 1 })
        .map(({ _id }) => _id)
        .toArray()
    return [await ids(1), await ids(-1)]
  },
  'pages and projections': async (things) => {
    await things.insertMany(rows)
    const cursor = things.find({ box: 'x' }, { batchSize: 2 }).sort({ b: -1, _id: 1 }).skip(1).limit(7)
    return [
      await cursor.project({ b: 1 }).toArray(),
      await things.findOne({ _id: 21 }, { projection: { 'list.v': 1, _id: 0 } }),
      await things.findOne({ _id: 21 }, { projection: { list: 0, 'deep.er': 0 } }),
    ]
  },
  'setting and unsetting': updated(
    { a: 1, b: { c: 1, d: 2 } },
    { $set: { 'b.c': 2, e: 1 } },
    { $unset: { 'b.c': 1, x: 1 } },
    { $set: { a: 1 } },
    { $set: { 'a.b': 1 } },
    { $set: { _id: 2 } },
  ),
  numbers: updated(
    { n: 1, s: 'x' },
    { $inc: { n: 2, m: -1 } },
    { $max: { n: 3 } },
    { $max: { n: 0 } },
    { $min: { n: 0, o: 1 } },
    { $inc: { s: 1 } },
  ),
  arrays: updated(
    { l: [1, 2, 1] },
    { $push: { l: 3, m: { x: 1 } } },
    { $push: { l: { $each: [8, 9], $position: 1 } } },
    { $pull: { l: 1 } },
    { $addToSet: { l: { $each: [2, 3] } } },
    { $pull: { l: { $gte: 2 } } },
    { $push: { l: { $each: [5], $slice: -2 } } },
    { $pull: { nothing: 1 } },
  ),
  'arrays of documents': updated(
    {
      l: [
        { k: 1, v: 1 },
        { k: 2, v: 2 },
      ],
    },
    { $pull: { l: { k: 1 } } },
    { $pull: { l: { k: { $in: [1, 2] } } } },
    { $set: { 'l.1.v': 9 } },
    { $addToSet: { l: { k: 1, v: 1 } } },
  ),
  'updates in conflict': updated({ a: 1 }, { $set: { a: 2 }, $inc: { a: 1 } }),
  upserts: async (things) => {
    const made = await things.updateOne(
      { _id: 1, a: 2 },
      { $set: { b: 1 }, $setOnInsert: { c: 1 } },
      { upsert: true },
    )
    const again = await things.updateOne(
      { _id: 1 },
      { $set: { b: 2 }, $setOnInsert: { c: 2 } },
      { upsert: true },
    )
    const other = await outcome(things.updateOne({ _id: 1, a: 3 }, { $set: { b: 3 } }, { upsert: true }))
    return [made.upsertedId, again.matchedCount, again.upsertedId, other, await things.find().toArray()]
  },
  'updates of many, replacements and deletes': async (things) => {
    await things.insertMany(rows)
    const many = await things.updateMany({ box: 'x' }, { $set: { b: 0 } })
    const replaced = await things.replaceOne({ _id: 20 }, { z: 1 })
    const one = await things.deleteOne({ box: 'x' })
    const rest = await things.deleteMany({ box: 'x' })
    return [
      many.matchedCount,
      many.modifiedCount,
      replaced.modifiedCount,
      one.deletedCount,
      rest.deletedCount,
      await things.find().toArray(),
    ]
  },
  'find and modify': async (things) => {
    await things.insertMany([
      { _id: 1, due: 5 },
      { _id: 2, due: 3 },
    ])
    const take = (after: boolean) =>
      things.findOneAndUpdate(
        { taken: null },
        { $inc: { n: 1 } },
        { sort: { due: 1 }, returnDocument: after ? 'after' : 'before' },
      )
    return [
      await take(true),
      await take(false),
      await things.findOneAndUpdate({ _id: 9 }, { $set: { a: 1 } }),
      await things.findOneAndUpdate(
        { _id: 9 },
        { $set: { a: 1 } },
        { upsert: true, returnDocument: 'after' },
      ),
      await things.findOneAndDelete({ _id: 9 }, { projection: { a: 1 } }),
    ]
  },
  'unique indexes': async (things) => {
    await things.createIndex({ box: 1, uid: 1 }, { unique: true })
    await things.createIndex({ op: 1 }, { unique: true, sparse: true })
    const insert = async (document: Thing) => {
      const said = (await outcome(things.insertOne(document))) as Document
      return said['code'] ?? 'inserted'
    }
    return [
      await insert({ _id: 1, box: 'a', uid: 1, op: 'o' }),
      await insert({ _id: 2, box: 'a', uid: 1 }),
      await insert({ _id: 3, box: 'a', uid: 2, op: 'o' }),
      await insert({ _id: 4, box: 'a' }),
      await insert({ _id: 5, box: 'a' }),
      await insert({ _id: 1, box: 'z' }),
      await outcome(things.updateOne({ _id: 4 }, { $set: { uid: 1 } })),
      await things.find().sort({ _id: 1 }).toArray(),
    ]
  },
  'what a duplicate key says': async (things) => {
    await things.createIndex({ box: 1, uid: 1 }, { unique: true })
    await things.insertOne({ _id: 1, box: 'a', uid: 1 })
    const { code, keyPattern, keyValue } = (await things
      .insertOne({ _id: 2, box: 'a', uid: 1 })
      .catch((error) => error)) as Document
    return { code, keyPattern, keyValue }
  },
  'ordered and unordered inserts': async (things) => {
    const documents = [{ _id: 1 }, { _id: 1 }, { _id: 2 }]
    const failed = async (ordered: boolean) => {
      await things.deleteMany({})
      const error = (await things.insertMany(documents, { ordered }).catch((cause) => cause)) as Document
      return [
        error['insertedCount'],
        (error['writeErrors'] as Document[]).map(({ index, code }) => ({ index, code })),
      ]
    }
    return [await failed(true), await failed(false)]
  },
  'counts and distinct values': async (things) => {
    await things.insertMany(rows)
    return [
      await things.countDocuments({ box: 'x' }),
      await things.estimatedDocumentCount(),
      await things.distinct('b', { box: 'x' }),
      await things.distinct('list.k'),
    ]
  },
  aggregations: async (things) => {
    await things.insertMany(rows)
    const run = (...stages: Document[]) => outcome(things.aggregate(stages).toArray())
    return [
      await run(
        { $match: { box: 'x' } },
        { $group: { _id: '$b', n: { $sum: 1 }, top: { $max: '$_id' } } },
        { $sort: { _id: 1 } },
      ),
      await run({ $unwind: '$list' }, { $sort: { _id: 1, 'list.k': 1 } }, { $project: { k: '$list.k' } }),
      await run(
        { $match: { b: 1 } },
        { $sort: { _id: -1 } },
        { $skip: 1 },
        { $limit: 2 },
        { $project: { b: 1 } },
      ),
      await run({ $match: { b: 1 } }, { $count: 'n' }),
    ]
  },
  'indexes listed and dropped': async (things) => {
    await things.createIndexes([
      { key: { a: 1, b: -1 }, unique: true },
      { key: { c: 1 }, sparse: true },
    ])
    const list = async () =>
      (await things.listIndexes().toArray()).map(({ name, key, unique, sparse }) => ({
        name,
        key,
        unique,
        sparse,
      }))
    const before = await list()
    await things.dropIndex('c_1')
    return [before, await list()]
  },
  'a hint that is no index': async (things) => {
    await things.insertOne({ _id: 1 })
    return outcome(things.find({}).hint('nothing').toArray())
  },
  'collections listed, made and dropped': async (things, db) => {
    await things.insertOne({ _id: 1 })
    const again = await outcome(db.command({ create: things.collectionName }))
    const list = async () =>
      (await db.listCollections({ name: things.collectionName }).toArray()).map(({ name, type }) => ({
        name,
        type,
      }))
    const before = await list()
    await things.drop()
    return [again, before, await list(), await things.countDocuments()]
  },
  'updates that are pipelines': updated({ a: 1 }, [{ $set: { b: 1 } }]),
  'majority, journal and read concern': async (things) => {
    await things.insertOne({ _id: 1 }, { writeConcern: { w: 'majority', journal: true } })
    return things.findOne({ _id: 1 }, { readConcern: 'majority', readPreference: 'primary' })
  },
  'change streams': async (things, db) => {
    const stream = things.watch([], { fullDocument: 'updateLookup', maxAwaitTimeMS: 100 })
    const first = await outcome(stream.tryNext())
    if (first !== null) return first
    await things.insertOne({ _id: 1, a: 1 })
    await things.updateOne({ _id: 1 }, { $set: { a: 2 } })
    await things.deleteOne({ _id: 1 })
    const seen = []
    for (let n = 0; n < 3; n++) {
      const event = (await stream.next()) as Document
      seen.push({ event, type: event['operationType'], key: event['documentKey'] })
    }
    const token = seen[0]?.event['_id']
    await stream.close()
    const resumed = things.watch([], { resumeAfter: token, maxAwaitTimeMS: 100 })
    const next = (await outcome(resumed.next())) as Document
    await resumed.close()
    const whole = db.watch([], { maxAwaitTimeMS: 100 })
    const ofDatabase = await outcome(whole.tryNext())
    await whole.close()
    return [seen.map(({ type, key }) => ({ type, key })), next['operationType'] ?? next, ofDatabase]
  },
}
