/** The server of our own against somebody else's: what a store asks of MongoDB is answered alike by both. */
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { environment } from '../../config/environment.ts'
import { mongoJavaServerIsHere, startMongoJavaServer } from '../fakes/mongo-java-server/server.ts'
import { startMongoServer } from '../fakes/mongo-server/server.ts'
import { type Scenario, scenarios, type Thing } from './mongo-scenarios.ts'

/** Where mongo-java-server is not as MongoDB is, so that nothing can be learned from it. */
const otherwise: Readonly<Record<string, string>> = {
  'order of types and strings': 'it orders strings by UTF-16, MongoDB by octets',
  'what a duplicate key says': 'it names no key',
  'ordered and unordered inserts': 'it counts those that failed as inserted',
  'a hint that is no index': 'it passes hints over',
  'collections listed, made and dropped': 'it lists all collections whatever was asked for',
  'updates that are pipelines': 'it knows none, and fails without a code',
  'change streams': 'an update has what it set where the key of the document should be',
}

const open = new AsyncDisposableStack()
let ours: MongoClient
let theirs: MongoClient

const clientOf = (uri: string): MongoClient => {
  const client = new MongoClient(uri)
  open.defer(() => client.close())
  return client
}

describe.skipIf(!mongoJavaServerIsHere() && !environment.continuous)(
  'mongo-java-server (scripts/install-test-tools brings it)',
  () => {
    beforeAll(async () => {
      const [own, other] = await Promise.all([startMongoServer(), startMongoJavaServer()])
      open.use(own)
      open.use(other)
      ours = clientOf(own.uri)
      theirs = clientOf(other.uri)
    })
    afterAll(() => open.disposeAsync())

    test.each(Object.entries(scenarios))('%s', async (name, scenario) => {
      const [own, other] = [await run(ours, name, scenario), await run(theirs, name, scenario)]
      if (otherwise[name] === undefined) expect(other).toEqual(own)
      else expect(other, 'it differs no longer').not.toEqual(own)
    })
  },
)

const run = (client: MongoClient, name: string, scenario: Scenario): Promise<unknown> => {
  const database = client.db('test')
  return scenario(database.collection<Thing>(name.replaceAll(' ', '-')), database)
}
