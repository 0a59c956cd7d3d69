import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { deserialize, serialize } from 'bson'
import { MongoClient } from 'mongodb'
import { expect, test } from 'vitest'
import { startMongoServer } from '../../../fakes/mongo-server/server.ts'
import { MAX_MESSAGE } from '../../../fakes/mongo-server/wire.ts'
import { connected } from './connected.ts'

const OP_MSG = 2013
const MAY_STREAM = 0x10000

const message = (body: object, flags: number): Buffer => {
  const document = serialize(body)
  const head = Buffer.alloc(21)
  for (const [at, value] of [21 + document.length, 7, 0, OP_MSG, flags].entries())
    head.writeInt32LE(value, 4 * at)
  return Buffer.concat([head, document])
}

const connectTo = async (port: number): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

test('a hello that allows for a stream of answers gets one, sent in pieces or not', async () => {
  await using server = await startMongoServer()
  const socket = await connectTo(server.port)
  for (const octet of message({ hello: 1, maxAwaitTimeMS: 10, $db: 'admin' }, MAY_STREAM))
    socket.write(Buffer.of(octet))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.readInt32LE(0)).toBe(answer.length)
  expect(answer.readInt32LE(8)).toBe(7)
  expect(answer.readInt32LE(16)).toBe(0)
  expect(deserialize(answer.subarray(21))).toMatchObject({ ok: 1, isWritablePrimary: true, setName: 'rs0' })
  socket.destroy()
})

test('a message that is too long ends the connection', async () => {
  await using server = await startMongoServer()
  const socket = await connectTo(server.port)
  const head = Buffer.alloc(16)
  head.writeInt32LE(MAX_MESSAGE + 1, 0)
  socket.on('error', () => {})
  socket.write(head)
  await once(socket, 'close')
})

test('a write that waits for no answer is done', async () => {
  await using under = await connected()
  await under.things.insertOne({ _id: 1 }, { writeConcern: { w: 0 } })
  await expect.poll(() => under.things.countDocuments()).toBe(1)
})

test('a client may speak to the one server without its replica set', async () => {
  await using server = await startMongoServer()
  await using client = new MongoClient(`mongodb://127.0.0.1:${server.port}/?directConnection=true`)
  const things = client.db('test').collection('things')
  await things.insertOne({ a: 1 })
  expect(await things.countDocuments({ a: 1 })).toBe(1)
})
