import { randomUUID } from 'node:crypto'
import { type Db, MongoClient } from 'mongodb'
import { openMongoStore } from '../../../storage/mongodb/store.ts'
import type { Store } from '../../../storage/port.ts'
import {
  type MongoJavaServer,
  mongoJavaServerIsHere,
  startMongoJavaServer,
} from '../../fakes/mongo-java-server/server.ts'
import { type MongoServer, startMongoServer } from '../../fakes/mongo-server/server.ts'
import type { StoreUnderTest } from './stores.ts'

const FIRST_START = Date.UTC(2026, 0, 1)
const SECOND_START = Date.UTC(2026, 0, 2)

/** One server for all stores of a test file: each has a database of its own. */
let server: Promise<MongoServer> | undefined

export async function openOnFake(): Promise<StoreUnderTest> {
  server ??= startMongoServer()
  return openMongo((await server).uri, SECOND_START)
}

let javaServer: Promise<MongoJavaServer> | undefined

/** The second opinion: another server than ours, and not MongoDB either. */
export async function openOnJavaServer(): Promise<StoreUnderTest> {
  if (!mongoJavaServerIsHere())
    throw new Error('mongo-java-server is not here: scripts/install-test-tools brings it')
  javaServer ??= startMongoJavaServer()
  return openMongo((await javaServer).uri, SECOND_START)
}

export const openAt = (uri: string) => (): Promise<StoreUnderTest> => openMongo(uri, Date.now())

const named = (uri: string, name: string) =>
  uri.replace(/^(mongodb(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/${name}`)

async function openMongo(base: string, secondStart: number): Promise<StoreUnderTest> {
  const uri = named(base, `kep-${randomUUID()}`)
  const client = new MongoClient(uri)
  const db = client.db()
  const under: StoreUnderTest = {
    store: await openMongoStore({ uri, now: FIRST_START }),
    reopen: async () => {
      await under.store[Symbol.asyncDispose]()
      under.store = await openMongoStore({ uri, now: secondStart })
      return under.store
    },
    damage: (ref, to) => damage(db, ref.hash, to),
    [Symbol.asyncDispose]: async () => {
      try {
        await under.store[Symbol.asyncDispose]()
        await checkMongo(db, await openMongoStore({ uri, now: secondStart }))
      } finally {
        await db.dropDatabase()
        await client.close()
      }
    },
  }
  return under
}

type Stored = Record<string, unknown> & { _id: string }

const all = (db: Db, collection: string) => db.collection<Stored>(collection).find().toArray()

async function damage(db: Db, hash: string, to?: (octets: Uint8Array) => Uint8Array): Promise<void> {
  const blobs = db.collection<Stored>('blobs')
  const chunks = db.collection<Stored>('chunks')
  const blob = await blobs.findOne({ _id: hash }, { promoteBuffers: true })
  if (blob === null) throw new Error(`no blob ${hash}`)
  if (to === undefined) {
    await blobs.deleteOne({ _id: hash })
    await chunks.deleteMany({ file: String(blob['file']) })
    await db.collection('keepers').deleteMany({ hash })
  } else if (blob['octets'] instanceof Uint8Array)
    await blobs.updateOne({ _id: hash }, { $set: { octets: Buffer.from(to(blob['octets'])) } })
  else {
    const file = String(blob['file'])
    const count = await chunks.countDocuments({ file })
    const ids = Array.from({ length: count }, (_, n) => `${file}/${n}`)
    const pieces = await Promise.all(
      ids.map((_id) => chunks.findOne<{ octets: Buffer }>({ _id }, { promoteBuffers: true })),
    )
    const damaged = to(Buffer.concat(pieces.map((piece) => piece!.octets)))
    let at = 0
    for (const [n, _id] of ids.entries()) {
      const end = n === count - 1 ? damaged.length : at + pieces[n]!.octets.length
      await chunks.updateOne({ _id }, { $set: { octets: Buffer.from(damaged.subarray(at, end)) } })
      at = end
    }
  }
}

/** As checkSqlite, of a database whose processes have all gone; what they prepared and left is made old, and swept. */
export async function checkMongo(db: Db, sweeper: Store): Promise<void> {
  const faults: string[] = []
  const fault = (what: string) => faults.push(what)
  for (const row of await all(db, 'work')) if (row['leaseMs'] !== 0) fault(`the row ${row._id} is leased`)
  for (const row of await all(db, 'leases')) if (row['ms'] !== 0) fault(`the lease ${row._id} is held`)
  await db.collection('staging').updateMany({}, { $set: { at: 0 } })
  await db.collection('plans').updateMany({}, { $set: { at: 0 } })
  await db.collection('keepers').updateMany({ claimedAt: { $exists: true } }, { $set: { claimedAt: 0 } })
  await db.collection('indexes').updateMany({ goneAt: { $exists: true } }, { $set: { goneAt: 0 } })
  await db.collection('mailboxes').updateMany({ goneAt: { $exists: true } }, { $set: { goneAt: 0 } })
  await sweeper.blobs.sweep(1_000_000)
  await sweeper[Symbol.asyncDispose]()
  for (const name of ['staging', 'plans'])
    if ((await db.collection(name).countDocuments()) > 0) fault(`${name} were left behind`)
  await checkIntakes(db, fault)
  await checkMailboxes(db, fault)
  await checkBlobs(db, fault)
  if (faults.length > 0) throw new Error(faults.join('; '))
}

async function checkIntakes(db: Db, fault: (what: string) => void): Promise<void> {
  const work = new Set((await all(db, 'work')).map((row) => row['intake']))
  for (const { _id, unfinished, voided, purged } of await all(db, 'intakes')) {
    if (unfinished !== undefined) fault(`intake ${_id} is half done`)
    if (voided !== true && purged !== true && !work.has(_id)) fault(`intake ${_id} has no work`)
  }
}

async function checkMailboxes(db: Db, fault: (what: string) => void): Promise<void> {
  const boxes = new Map((await all(db, 'mailboxes')).map((box) => [box._id, box]))
  const named = new Set(
    (await all(db, 'trees')).flatMap((tree) => (tree['rows'] as { id: string }[]).map(({ id }) => id)),
  )
  const messages = await all(db, 'messages')
  const indexes = new Map((await all(db, 'indexes')).map((row) => [row._id, row]))
  for (const [id, box] of boxes) {
    if (box['pend'] !== undefined || box['leaving'] !== undefined) fault(`mailbox ${id} is half changed`)
    if (box['gone'] === true) fault(`mailbox ${id} is gone and still there`)
    const rows = messages.filter((row) => row['mailbox'] === id)
    const there = rows.filter((row) => row['gone'] === false)
    const sums = [
      there.length,
      there.filter((row) => (Number(row['bits']) & 1) === 0).length,
      there.filter((row) => (Number(row['bits']) & 8) !== 0).length,
      there.reduce((sum, row) => sum + Number(row['size']), 0),
    ]
    const counted = [box['exists'], box['unseen'], box['deleted'], box['bytes']]
    if (String(sums) !== String(counted)) fault(`mailbox ${id} has ${sums} and counts ${counted}`)
    if (
      rows.some(
        (row) =>
          Number(row['uid']) >= Number(box['uidNext']) || Number(row['modseq']) > Number(box['modseq']),
      )
    )
      fault(`mailbox ${id} holds what lies beyond its head`)
  }
  for (const id of named) if (!boxes.has(id)) fault(`the mailbox ${id} has a name and is not there`)
  for (const { _id, mailbox, gone } of messages) {
    if (!boxes.has(String(mailbox))) fault(`a message of the mailbox ${mailbox}, which is not there`)
    if (gone !== (indexes.get(_id)?.['octets'] === undefined))
      fault(`the index of ${_id}, which is gone: ${gone}`)
  }
  for (const { _id, mailbox } of indexes.values())
    if (!boxes.has(String(mailbox)) || !messages.some((row) => row._id === _id))
      fault(`an index of ${_id}, which is not there`)
}

async function checkBlobs(db: Db, fault: (what: string) => void): Promise<void> {
  const blobs = new Map((await all(db, 'blobs')).map((blob) => [blob._id, blob]))
  const files = new Set([...blobs.values()].map((blob) => blob['file']))
  const messages = await all(db, 'messages')
  for (const { _id, file } of await all(db, 'chunks'))
    if (!files.has(file)) fault(`the chunk ${_id} of no blob`)
  const kept = new Set<unknown>()
  const keepers = new Set<string>()
  for (const { _id, hash, keeper, claimedAt } of await all(db, 'keepers')) {
    keepers.add(_id)
    kept.add(hash)
    const mailbox = /^mailbox\/(.*)/.exec(String(keeper))?.[1]
    if (!blobs.has(String(hash))) fault(`${keeper} keeps ${hash}, which is not there`)
    if (claimedAt !== undefined) fault(`${keeper} claims ${hash} still`)
    const isHere = (row: Stored) =>
      row['mailbox'] === mailbox && row['hash'] === hash && row['gone'] === false
    if (mailbox !== undefined && !messages.some(isHere)) fault(`${keeper} keeps ${hash} for no message`)
  }
  for (const [hash, { state }] of blobs) {
    if (state !== 'live') fault(`the blob ${hash} is ${state}`)
    if (!kept.has(hash)) fault(`nobody keeps the blob ${hash}`)
  }
  for (const { mailbox, uid, hash, gone } of messages)
    if (gone === false && blobs.has(String(hash)) && !keepers.has(`${hash}\0mailbox/${mailbox}`))
      fault(`the body of ${mailbox}/${uid} is not kept by its mailbox`)
}
