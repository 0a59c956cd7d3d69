import type { MongoClient } from 'mongodb'
import { expect, test } from 'vitest'
import type { Fault } from '../../../fakes/mongo-server/server.ts'
import { connected, type Thing } from './connected.ts'

const insertMatch = { command: 'insert' } as const
const things = (client: MongoClient) => client.db('test').collection<Thing>('things')

test.each<[Fault, boolean]>([
  [{ kind: 'drop-before' }, false],
  [{ kind: 'drop-after' }, true],
  [{ kind: 'not-primary-before' }, false],
  [{ kind: 'not-primary-after' }, true],
])('$kind: without retries the writer sees an error, and the write is there: %s', async (fault, written) => {
  await using under = await connected({ retryWrites: false })
  under.server.faults.next(insertMatch, fault)
  await expect(under.things.insertOne({ _id: 1 })).rejects.toThrow()
  expect(await under.things.countDocuments()).toBe(written ? 1 : 0)
  expect(under.server.faults.struck).toMatchObject([{ seen: { command: 'insert' }, fault }])
})

test.each<Fault>([
  { kind: 'drop-before' },
  { kind: 'drop-after' },
  { kind: 'not-primary-before' },
  { kind: 'not-primary-after' },
  { kind: 'partial', applied: 2 },
])('$kind: a write that the driver repeats is done once', async (fault) => {
  await using under = await connected()
  under.server.faults.next(insertMatch, fault)
  await under.things.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }])
  under.server.faults.next({ command: 'findAndModify' }, fault)
  const counted = await under.things.findOneAndUpdate(
    { _id: 1 },
    { $inc: { n: 1 } },
    { returnDocument: 'after' },
  )
  expect(counted).toEqual({ _id: 1, n: 1 })
  expect(await under.things.countDocuments()).toBe(3)
})

test('of several documents only the first are applied', async () => {
  await using under = await connected({ retryWrites: false })
  under.server.faults.next(insertMatch, { kind: 'partial', applied: 2 })
  await expect(under.things.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }])).rejects.toThrow()
  expect(await under.things.distinct('_id')).toEqual([1, 2])
})

test('a repeated packet is applied twice, and the first outcome is told', async () => {
  await using under = await connected()
  await under.things.insertOne({ _id: 1, n: 0 })
  under.server.faults.next({ command: 'update' }, { kind: 'duplicate' })
  const outcome = await under.things.updateOne({ _id: 1 }, { $inc: { n: 1 } })
  expect(outcome.modifiedCount).toBe(1)
  expect(await under.things.findOne({ _id: 1 })).toEqual({ _id: 1, n: 2 })
})

test('a write concern error comes with a write that was applied', async () => {
  await using under = await connected()
  under.server.faults.next(insertMatch, { kind: 'write-concern-error' })
  await expect(under.things.insertOne({ _id: 1 })).rejects.toMatchObject({ code: 64 })
  under.server.faults.next(insertMatch, { kind: 'write-concern-error', code: 91 })
  await under.things.insertOne({ _id: 2 })
  expect(await under.things.countDocuments()).toBe(2)
})

test('delays before and after', async () => {
  await using under = await connected()
  under.server.faults.next(insertMatch, { kind: 'delay', ms: 60 })
  const start = performance.now()
  const slow = under.things.insertOne({ _id: 1 })
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await under.things.countDocuments()).toBe(0)
  await slow
  expect(performance.now() - start).toBeGreaterThan(50)
  under.server.faults.next(insertMatch, { kind: 'delay', ms: 60, when: 'after' })
  const told = under.things.insertOne({ _id: 2 })
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await under.things.countDocuments()).toBe(2)
  await told
})

test('matches by client, collection and number; a rule sees every command', async () => {
  await using under = await connected({ appName: 'one', retryWrites: false })
  const two = await under.connect({ appName: 'two', retryWrites: false })
  under.server.faults.next({ client: 'two', nthWrite: 2, collection: 'things' }, { kind: 'drop-before' })
  await under.things.insertOne({ _id: 1 })
  await under.things.insertOne({ _id: 2 })
  await things(two).insertOne({ _id: 3 })
  await expect(things(two).insertOne({ _id: 4 })).rejects.toThrow()
  under.server.faults.next({ writes: true }, { kind: 'drop-before' }, { after: 1, times: 2 })
  await under.things.insertOne({ _id: 5 })
  await expect(under.things.insertOne({ _id: 6 })).rejects.toThrow()
  await expect(under.things.insertOne({ _id: 7 })).rejects.toThrow()
  const seen: string[] = []
  const remove = under.server.faults.rule(({ client, command, collection, database }) => {
    seen.push(`${client} ${command} ${database}.${collection}`)
    return command === 'find' ? { kind: 'not-primary-before' } : undefined
  })
  await under.things.insertOne({ _id: 8 })
  await expect(under.things.findOne()).rejects.toMatchObject({ code: 10107 })
  remove()
  expect(seen.slice(0, 2)).toEqual(['one insert test.things', 'one find test.things'])
  expect(await under.things.distinct('_id')).toEqual([1, 2, 3, 5, 8])
})

test.each([
  ['die-before', [1]],
  ['die-after', [1, 2]],
] as const)('%s: a client that dies at its nth write writes nothing more', async (kind, there) => {
  await using under = await connected({ appName: 'observer' })
  const dying = await under.connect({ appName: 'dying', serverSelectionTimeoutMS: 200 })
  under.server.faults.next({ client: 'dying', nthWrite: 2 }, { kind })
  await things(dying).insertOne({ _id: 1 })
  await expect(things(dying).insertOne({ _id: 2 })).rejects.toThrow()
  await expect(things(dying).insertOne({ _id: 3 })).rejects.toThrow()
  expect(await under.things.distinct('_id')).toEqual(there)
  under.server.clients.revive('dying')
  const next = await under.connect({ appName: 'dying' })
  await things(next).insertOne({ _id: 9 })
  expect(under.server.clients.written('dying')).toBe(1)
})

test('hooks see each write before and after', async () => {
  await using under = await connected({ appName: 'one' })
  const seen: string[] = []
  const remove = under.server.onWrite({
    before: ({ client, nthWrite, command }) => seen.push(`before ${client} ${nthWrite} ${command}`),
    after: ({ nthWrite }, answer) => seen.push(`after ${nthWrite} ${answer['n']}`),
  })
  await under.things.insertOne({ _id: 1 })
  await under.things.find().toArray()
  await under.things.deleteMany({})
  remove()
  await under.things.insertOne({ _id: 1 })
  expect(seen).toEqual(['before one 1 insert', 'after 1 1', 'before one 2 delete', 'after 2 1'])
})

test('the same seed, the same faults', async () => {
  const run = async (seed: number) => {
    await using under = await connected({ retryWrites: false })
    under.server.faults.random({
      seed,
      probability: 0.2,
      faults: [{ kind: 'drop-before' }, { kind: 'drop-after' }],
    })
    for (let _id = 0; _id < 30; _id++) await under.things.insertOne({ _id }).catch(() => {})
    under.server.faults.clear()
    const struck = under.server.faults.struck.map(({ seen, fault }) => `${seen.nthWrite} ${fault.kind}`)
    return { struck, count: await under.things.countDocuments() }
  }
  const [one, again, other] = [await run(1), await run(1), await run(2)]
  expect(one).toEqual(again)
  expect(one.struck.length).toBeGreaterThan(0)
  expect(other.struck).not.toEqual(one.struck)
  expect(one.count).toBe(30 - one.struck.filter((line) => line.endsWith('drop-before')).length)
})
