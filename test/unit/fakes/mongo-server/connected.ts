/** A server with a driver that is connected to it, for one test. */
import { type Collection, type Document, MongoClient, type MongoClientOptions, type ObjectId } from 'mongodb'
import {
  type MongoServer,
  type MongoServerOptions,
  startMongoServer,
} from '../../../fakes/mongo-server/server.ts'

/** Any fields. */
export interface Thing extends Document {
  readonly _id: number | string | ObjectId
}

export interface Connected extends AsyncDisposable {
  readonly server: MongoServer
  readonly client: MongoClient
  readonly things: Collection<Thing>
  /** Another process of the same kind. */
  connect(options?: MongoClientOptions): Promise<MongoClient>
}

export async function connected(
  options: MongoClientOptions = {},
  serverOptions: MongoServerOptions = {},
): Promise<Connected> {
  const server = await startMongoServer(serverOptions)
  const clients: MongoClient[] = []
  const connect = async (more: MongoClientOptions = {}) => {
    const client = new MongoClient(server.uri, {
      serverSelectionTimeoutMS: 3_000,
      minHeartbeatFrequencyMS: 20,
      ...more,
    })
    clients.push(client)
    return client.connect()
  }
  const client = await connect(options)
  return {
    server,
    client,
    things: client.db('test').collection('things'),
    connect,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((each) => each.close()))
      await server[Symbol.asyncDispose]()
    },
  }
}
