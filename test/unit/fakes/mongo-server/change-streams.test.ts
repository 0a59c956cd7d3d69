import type { ChangeStream } from 'mongodb'
import { expect, test } from 'vitest'
import { connected } from './connected.ts'

/** Opened on the server before anything else is done. */
async function opened<T extends ChangeStream>(stream: T): Promise<T> {
  expect(await stream.tryNext()).toBeNull()
  return stream
}

test('inserts, updates, replacements and deletes in their order', async () => {
  await using under = await connected()
  const { things, client } = under
  const stream = await opened(things.watch([], { maxAwaitTimeMS: 50 }))
  await things.insertOne({ _id: 1, a: 1, b: 1 })
  await client.db('test').collection('others').insertOne({ a: 1 })
  await things.updateOne({ _id: 1 }, { $set: { 'c.d': 2 }, $unset: { b: 1 } })
  await things.updateOne({ _id: 1 }, { $set: { a: 1 } })
  await things.replaceOne({ _id: 1 }, { z: 1 })
  await things.deleteOne({ _id: 1 })
  const ns = { db: 'test', coll: 'things' }
  const documentKey = { _id: 1 }
  expect(await stream.next()).toMatchObject({
    operationType: 'insert',
    ns,
    documentKey,
    fullDocument: { _id: 1, a: 1 },
  })
  expect(await stream.next()).toMatchObject({
    operationType: 'update',
    documentKey,
    updateDescription: { updatedFields: { 'c.d': 2 }, removedFields: ['b'] },
  })
  expect(await stream.next()).toMatchObject({
    operationType: 'replace',
    documentKey,
    fullDocument: { _id: 1, z: 1 },
  })
  expect(await stream.next()).toMatchObject({ operationType: 'delete', documentKey })
  expect(await stream.tryNext()).toBeNull()
  await stream.close()
})

test('of a database, filtered, with documents looked up, woken by a change', async () => {
  await using under = await connected()
  const { things, client } = under
  await things.insertMany([{ _id: 1 }, { _id: 2 }])
  const match = [{ $match: { operationType: { $in: ['update', 'delete'] }, 'ns.coll': 'things' } }]
  const stream = await opened(
    client.db('test').watch(match, { fullDocument: 'updateLookup', maxAwaitTimeMS: 200 }),
  )
  const start = performance.now()
  const first = stream.next()
  await things.insertOne({ _id: 3 })
  await things.updateOne({ _id: 1 }, { $set: { a: 1 } })
  expect(await first).toMatchObject({ operationType: 'update', fullDocument: { _id: 1, a: 1 } })
  expect(performance.now() - start).toBeLessThan(1_000)
  await things.updateOne({ _id: 2 }, { $set: { a: 1 } })
  await things.deleteOne({ _id: 2 })
  expect(await stream.next()).toMatchObject({ documentKey: { _id: 2 }, fullDocument: null })
  expect(await stream.next()).toMatchObject({ operationType: 'delete' })
  await stream.close()
})

test('resumed from a token nothing is missed and nothing comes twice', async () => {
  await using under = await connected()
  const { things } = under
  const stream = await opened(things.watch([], { maxAwaitTimeMS: 50 }))
  await things.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }])
  const { _id: token } = await stream.next()
  await stream.close()
  const resumed = things.watch([], { resumeAfter: token, maxAwaitTimeMS: 50 })
  expect(await resumed.next()).toMatchObject({ documentKey: { _id: 2 } })
  // The driver resumes by itself where the connection is lost.
  under.server.disconnect()
  expect(await resumed.next()).toMatchObject({ documentKey: { _id: 3 } })
  under.server.faults.next({ command: 'getMore' }, { kind: 'not-primary-before' })
  await things.insertOne({ _id: 4 })
  expect(await resumed.next()).toMatchObject({ documentKey: { _id: 4 } })
  await resumed.close()
  const foreign = things.watch([], { resumeAfter: { _data: '0000000100000001' } })
  await expect(foreign.next()).rejects.toMatchObject({ code: 286 })
})

test('a stream that was away for too long cannot be resumed', async () => {
  await using under = await connected({}, { keptChanges: 5 })
  const stream = await opened(under.things.watch([], { maxAwaitTimeMS: 50 }))
  await under.things.insertMany([{ _id: 1 }, { _id: 2 }])
  const { _id: token } = await stream.next()
  await stream.close()
  await under.things.insertMany(Array.from({ length: 20 }, (_, n) => ({ _id: 10 + n })))
  const late = under.things.watch([], { resumeAfter: token })
  await expect(late.next()).rejects.toMatchObject({ code: 286 })
})

test('a stream ends with its collection', async () => {
  await using under = await connected()
  await under.things.insertOne({ _id: 1 })
  const stream = await opened(under.things.watch([], { maxAwaitTimeMS: 50 }))
  await under.things.drop()
  expect(await stream.next()).toMatchObject({ operationType: 'drop' })
  await expect(stream.next()).rejects.toThrow()
})

test('a server outside a replica set has none', async () => {
  await using under = await connected({}, { refuseChangeStreams: true })
  await expect(under.things.watch().next()).rejects.toMatchObject({ code: 40573 })
})
