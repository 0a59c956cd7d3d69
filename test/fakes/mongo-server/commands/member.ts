/** What a member of a replica set says of itself: it is the only one, and the primary. */
import { ObjectId } from 'bson'
import { MAX_DOCUMENT } from '../collection.ts'
import type { Doc } from '../document.ts'
import { MAX_MESSAGE } from '../wire.ts'

/** Of MongoDB 7.0. */
const WIRE_VERSION = 21
const VERSION = '7.0.0'
const electionId = new ObjectId('7fffffff0000000000000001')

/** Without a topologyVersion, so that a driver asks again instead of waiting for answers to come. */
export function hello(address: string, setName: string, connection: number): Doc {
  return {
    helloOk: true,
    isWritablePrimary: true,
    ismaster: true,
    secondary: false,
    setName,
    setVersion: 1,
    electionId,
    hosts: [address],
    primary: address,
    me: address,
    maxBsonObjectSize: MAX_DOCUMENT,
    maxMessageSizeBytes: MAX_MESSAGE,
    maxWriteBatchSize: 100_000,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: 30,
    connectionId: connection,
    minWireVersion: 0,
    maxWireVersion: WIRE_VERSION,
    readOnly: false,
  }
}

export const buildInfo = (): Doc => ({
  version: VERSION,
  versionArray: [...VERSION.split('.').map(Number), 0],
  bits: 64,
  maxBsonObjectSize: MAX_DOCUMENT,
  modules: [],
})
