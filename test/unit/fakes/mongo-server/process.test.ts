import { MongoClient } from 'mongodb'
import { expect, test } from 'vitest'
import { startMongoProcess } from '../../../fakes/mongo-server/started-process.ts'

test('a process of its own takes orders', async () => {
  await using server = await startMongoProcess(['--refuse-change-streams'])
  const client = new MongoClient(server.uri, { appName: 'one', retryWrites: false })
  const things = client.db('test').collection('things')
  await server.order({ do: 'next', match: { command: 'insert' }, fault: { kind: 'drop-after' } })
  await expect(things.insertOne({})).rejects.toThrow()
  await things.insertOne({}, { writeConcern: { w: 'majority', journal: true } })
  expect(await things.countDocuments()).toBe(2)
  await expect(things.watch().next()).rejects.toMatchObject({ code: 40573 })
  const { concerns, struck } = await server.tell()
  expect(concerns).toContainEqual(
    expect.objectContaining({ command: 'insert', client: 'one', writeConcern: { w: 'majority', j: true } }),
  )
  expect(struck).toMatchObject([{ fault: { kind: 'drop-after' } }])
  const nonsense = server.order({ do: 'next', match: {}, fault: { kind: 'explode' } } as never)
  await expect(nonsense).rejects.toThrow()
  await server.order({ do: 'clear' })
  await client.close()
})
