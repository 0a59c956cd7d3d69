import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { StoreKeys } from '../../../../storage/encryption/store-key.ts'
import { openMongoStore } from '../../../../storage/mongodb/store.ts'
import type { Store, StoreRecord } from '../../../../storage/port.ts'
import { type MongoServer, startMongoServer } from '../../../fakes/mongo-server/server.ts'
import { message, newIntake, stage, work } from '../material.ts'
import { checkMongo } from '../mongodb-under-test.ts'
import { Deathbed } from './doomed.ts'

let server: MongoServer
let deathbed: Deathbed

beforeAll(async () => {
  server = await startMongoServer()
  deathbed = new Deathbed(server)
})
afterAll(async () => {
  await deathbed[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

/** Several processes on one database, checked when they have all gone. */
async function processes(count: number, keys?: StoreKeys) {
  const { db, uri } = await deathbed.fresh()
  const options = { now: 0, ...(keys && { keys }) }
  const stores = await Promise.all(
    Array.from({ length: count }, () => openMongoStore({ uri: uri(), ...options })),
  )
  return {
    stores: stores as [Store, Store],
    db,
    uri,
    [Symbol.asyncDispose]: async () => {
      for (const store of stores) await store[Symbol.asyncDispose]()
      await checkMongo(db, await openMongoStore({ uri: uri(), ...options }))
      await db.dropDatabase()
    },
  }
}

const gone = { code: 'NO_SUCH_BLOB' }
const SIZES = [1000, 600_000]

describe('leases are judged by the clock of who looks', () => {
  test('a row of another process lapses its length after it was first seen, whatever its clock says', async () => {
    await using both = await processes(2)
    const [mine, theirs] = both.stores
    await mine.work.insert([work('a', { due: 0 })])
    const claim = (store: Store, now: number) =>
      store.work.claim(['deliver'], { now, limit: 1, leaseMs: 100 })
    const [row] = await claim(mine, 1_000_000)
    expect(await claim(theirs, 5_000)).toEqual([])
    expect(await theirs.work.nextDue()).toBe(5_100)
    expect(await claim(theirs, 5_099)).toEqual([])
    const [taken] = await claim(theirs, 5_100)
    expect(taken?.fence).toBeGreaterThan(row!.fence)
    expect(await mine.work.settle(row!, { done: true })).toBe(false)
    expect(await theirs.work.settle(taken!, { done: true })).toBe(true)
  })

  test('a chain that is renewed stays; one that is not goes, and the first is told so', async () => {
    await using both = await processes(2)
    const [mine, theirs] = both.stores
    const fence = await mine.chain.lease('l', 'a', 9_000_000, 1000)
    expect(await theirs.chain.lease('l', 'b', 0, 1000)).toBeUndefined()
    await mine.chain.lease('l', 'a', 9_000_500, 1000)
    expect(await theirs.chain.lease('l', 'b', 1000, 1000)).toBeUndefined()
    expect(await theirs.chain.lease('l', 'b', 1999, 1000)).toBeUndefined()
    expect((await theirs.chain.lease('l', 'b', 2000, 1000))?.token).toBeGreaterThan(fence!.token)
    await expect(mine.chain.append(fence!, 'c', [])).rejects.toMatchObject({ code: 'STALE_FENCE' })
  })

  test('a process that ends gives back what it held', async () => {
    await using both = await processes(2)
    const [mine, theirs] = both.stores
    await mine.work.insert([work('a')])
    await mine.work.claim(['deliver'], { now: 1000, limit: 1, leaseMs: 1e9 })
    await mine.chain.lease('l', 'a', 0, 1e9)
    await mine[Symbol.asyncDispose]()
    const options = { now: 1000, limit: 1, leaseMs: 1 }
    const [row] = await theirs.work.claim(['deliver'], options)
    expect(await theirs.work.settle(row!, { done: true })).toBe(true)
    expect(await theirs.chain.lease('l', 'b', 0, 1)).toBeDefined()
  })
})

describe('two processes at one mailbox', () => {
  test('each append has its UID, each flag stays, and both see the same', async () => {
    await using both = await processes(2)
    const box = await both.stores[0].mailboxes.create('a', 'A', {})
    await Promise.all(
      both.stores.flatMap((store, who) =>
        Array.from({ length: 10 }, async (_, i) => {
          const { uid } = await store.mailboxes.append(box.id, await message(store, `${who}/${i}`))
          await store.mailboxes.store(box.id, [uid], { mode: 'add', flags: [`k${who}`] })
        }),
      ),
    )
    const [mine, theirs] = await Promise.all(
      both.stores.map(({ mailboxes }) => mailboxes.page(box.id, 0, 99)),
    )
    expect(mine).toEqual(theirs)
    expect(mine!.map(({ uid }) => uid)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    expect(mine!.every(({ flags }) => flags.length === 1)).toBe(true)
  })

  test('a change of thousands is told in one piece with one modseq, and leaves nothing behind', {
    timeout: 120_000,
  }, async () => {
    await using both = await processes(2)
    const [mine, theirs] = both.stores
    const [a, b] = [await mine.mailboxes.create('a', 'A', {}), await mine.mailboxes.create('a', 'B', {})]
    await mine.mailboxes.append(a.id, await message(mine, '1'))
    for (let there = 1; there < 2048; there *= 2)
      await mine.mailboxes.copy(a.id, [...(await mine.mailboxes.uids(a.id))], a.id, 1)
    const uids = [...(await mine.mailboxes.uids(a.id))]
    expect(uids).toHaveLength(2048)
    const since = (await mine.mailboxes.head(a.id))!.modseq
    const storing = mine.mailboxes.store(a.id, uids, { mode: 'add', flags: ['\\Deleted'] })
    for (let seen = 0; seen === 0; ) {
      seen = (await theirs.mailboxes.changes(a.id, since, 10)).changed.length
      expect([0, 2048]).toContain(seen)
    }
    await storing
    expect((await theirs.mailboxes.move(a.id, uids, b.id, 1)).pairs).toHaveLength(2048)
    expect(await mine.mailboxes.expunge(b.id, uids)).toHaveLength(2048)
    expect(await mine.mailboxes.head(b.id)).toMatchObject({ exists: 0, bytes: 0, uidNext: 2049 })
    expect((await theirs.mailboxes.changes(a.id, since, 10)).vanished).toHaveLength(2048)
    await mine.blobs.sweep(9)
    await expect(mine.blobs.read((await stage(mine, Buffer.from('1'))).ref)).rejects.toMatchObject(gone)
  })
})

describe.each([
  ['as they are', undefined],
  ['sealed', new StoreKeys([randomBytes(32)])],
])('octets, %s', (_, keys) => {
  test.each(SIZES)('%i: kept by several, read by both, gone with the last keeper', async (size) => {
    await using both = await processes(2, keys)
    const [mine, theirs] = both.stores
    const octets = randomBytes(size)
    const ref = await mine.blobs.save(await stage(mine, octets), 'intake/a')
    await theirs.blobs.keep(ref, 'hold/h')
    await theirs.blobs.keep(ref, 'hold/h')
    await mine.blobs.release('intake/a')
    expect(await mine.blobs.sweep(9)).toEqual({ blobs: 0, octets: 0 })
    expect(octets.equals(await theirs.blobs.read(ref))).toBe(true)
    for (const range of [
      { start: 0, end: 0 },
      { start: 10, end: 999 },
      { start: size - 5, end: size },
    ])
      expect(octets.subarray(range.start, range.end).equals(await mine.blobs.read(ref, range))).toBe(true)
    await theirs.blobs.release('hold/h')
    if (keys !== undefined) await expect(mine.blobs.read(ref)).rejects.toMatchObject(gone)
    await expect(mine.blobs.keep(ref, 'archive')).rejects.toMatchObject(gone)
    expect(await mine.blobs.sweep(9)).toEqual({ blobs: 1, octets: size })
    await expect(mine.blobs.read(ref)).rejects.toMatchObject(gone)
    expect(
      octets.equals(await theirs.blobs.read(await theirs.blobs.save(await stage(theirs, octets), 'archive'))),
    ).toBe(true)
  })

  test.each(SIZES)(
    '%i: stored again after the last keeper went and before the sweep, they are there',
    async (size) => {
      await using both = await processes(2, keys)
      const [mine, theirs] = both.stores
      const octets = randomBytes(size)
      for (let round = 0; round < 3; round++) {
        const ref = await mine.blobs.save(await stage(mine, octets), 'intake/a')
        await mine.blobs.release('intake/a')
        const staged = await stage(theirs, octets)
        await Promise.all([theirs.blobs.save(staged, 'hold/h'), mine.blobs.sweep(9), mine.blobs.sweep(9)])
        expect(octets.equals(await theirs.blobs.read(ref))).toBe(true)
        await theirs.blobs.release('hold/h')
      }
    },
  )

  test('a body is its mailbox’s while a message of it is there; a purge lets go of the intake’s part alone', async () => {
    await using both = await processes(2, keys)
    const [mine, theirs] = both.stores
    const body = await stage(mine, randomBytes(600_000))
    const envelope = await stage(mine, Buffer.from('envelope'))
    await mine.accept(
      await newIntake(mine, 'a', 1, { body: body.ref, envelope: envelope.ref, staged: [body, envelope] }),
    )
    const box = await mine.mailboxes.create('a', 'A', {})
    const delivered = { body: body.ref, staged: [], flags: ['\\Deleted'] }
    for (const op of ['1', '2']) await mine.mailboxes.append(box.id, await message(mine, op, delivered))
    expect(await theirs.purge('a')).toBe(false)
    expect(await theirs.finished(2, undefined, 9)).toEqual([])
    const [row] = await mine.work.claim(['accepted'], { now: 1, limit: 1, leaseMs: 1 })
    await mine.work.settle(row!, { done: true })
    expect((await theirs.finished(2, undefined, 9)).map(({ id }) => id)).toEqual(['a'])
    expect(await theirs.finished(2, { at: 1, id: 'a' }, 9)).toEqual([])
    for (let time = 0; time < 2; time++) expect(await theirs.purge('a')).toBe(true)
    expect(await mine.intake('a')).toMatchObject({ purged: true, body: body.ref })
    expect(await theirs.finished(2, undefined, 9)).toEqual([])
    await mine.mailboxes.expunge(box.id, [1])
    await mine.blobs.sweep(9)
    expect((await theirs.blobs.read(body.ref)).length).toBe(600_000)
    await mine.mailboxes.expunge(box.id, [2])
    await mine.blobs.sweep(9)
    await expect(theirs.blobs.read(body.ref)).rejects.toMatchObject(gone)
    expect(Buffer.from(await theirs.blobs.read(envelope.ref)).toString()).toBe('envelope')
  })

  test('reading goes on at the piece where the connection was lost', async () => {
    await using both = await processes(1, keys)
    const [store] = both.stores
    const octets = randomBytes(1_500_000)
    const ref = await store.blobs.save(await stage(store, octets), 'archive')
    server.faults.next(
      { command: 'find', collection: 'chunks' },
      { kind: 'drop-before' },
      { after: 2, times: 2 },
    )
    expect(octets.equals(await store.blobs.read(ref))).toBe(true)
  })

  test('a copy holds everything, and what is made of it is the same', async () => {
    await using both = await processes(1, keys)
    await using other = await processes(1, keys)
    const [[from], [to]] = [both.stores, other.stores]
    await fill(from)
    expect(await from.copy.isEmpty()).toBe(false)
    expect(await to.copy.isEmpty()).toBe(true)
    const records = await Array.fromAsync(from.copy.records())
    for (let time = 0; time < 2; time++) await to.copy.load(records)
    for (const record of records)
      if (record.kind === 'blob')
        for (const keeper of record.keepers)
          await to.blobs.save(await stage(to, await from.blobs.read(record.ref)), keeper)
    const sorted = (all: readonly StoreRecord[]) => all.map((record) => JSON.stringify(record)).sort()
    expect(sorted(await Array.fromAsync(to.copy.records()))).toEqual(sorted(records))
    const fence = await to.chain.lease('l', 'me', 0, 1000)
    await to.chain.append(fence!, 'c', [entry(3)])
    expect((await to.mailboxes.append('1', await message(to, 'next'))).uid).toBe(4)
  })
})

const entry = (seq: number) => ({
  seq,
  eventId: `e${seq}`,
  prev: Buffer.alloc(1),
  hash: Buffer.alloc(1),
  sha512: Buffer.alloc(1),
  bytes: Buffer.alloc(1),
  intake: undefined,
  meta: '{}',
  parties: ['p'],
  at: 1,
  keepUntil: 1,
})

async function fill(store: Store): Promise<void> {
  await store.accept(await newIntake(store, 'a', 1, { dedup: { key: 'k', notBefore: 0 } }))
  await store.voidIntake('b')
  await store.accounts.put('a', '{}', 0)
  const box = await store.mailboxes.create('a', 'A', {})
  await store.mailboxes.subscribe('a', 'x', true)
  for (const op of ['1', '2', '3'])
    await store.mailboxes.append(box.id, await message(store, op, { flags: ['\\Deleted', 'k'], joinKey: op }))
  await store.mailboxes.expunge(box.id, [2])
  const fence = await store.chain.lease('l', 'me', 0, 1000)
  await store.chain.append(fence!, 'c', [entry(1), entry(2)])
  const staged = await stage(store, Buffer.from('segment'))
  await store.chain.seal(
    fence!,
    'c',
    { from: 1, upTo: 1, body: staged.ref, seal: Buffer.alloc(1), at: 1 },
    staged,
  )
}

describe.each([
  ['by a change stream', false],
  ['by asking, where the server has none', true],
])('hints of what another process did, %s', (_, refuseChangeStreams) => {
  test('mailboxes and work; and a closed store lets the process end', async () => {
    await using own = await startMongoServer({ refuseChangeStreams })
    const open = () => openMongoStore({ uri: own.uri, now: 0, pollMs: 20 })
    await using mine = await open()
    await using theirs = await open()
    const box = await mine.mailboxes.create('a', 'A', {})
    const told = new Set<string>()
    let workTold = 0
    theirs.mailboxes.watch((mailbox) => told.add(mailbox))
    theirs.work.watch(() => workTold++)
    const until = async (act: () => Promise<unknown>, isTold: () => boolean) => {
      for (let time = 0; !isTold() && time < 100; time++) {
        await act()
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      expect(isTold()).toBe(true)
    }
    let op = 0
    await until(
      async () => mine.mailboxes.append(box.id, await message(mine, `${op++}`)),
      () => told.has(box.id),
    )
    await until(
      () => mine.work.insert([work(`${op++}`)]),
      () => workTold > 0,
    )
    own.disconnect()
    told.clear()
    await until(
      async () => mine.mailboxes.append(box.id, await message(mine, `${op++}`)).catch(() => {}),
      () => told.has(box.id),
    )
  })
})

test('a stream of hints that breaks is told as a failure of the store, and what came meanwhile is told', async () => {
  await using own = await startMongoServer()
  const faults: unknown[] = []
  const onFault = (fault: unknown) => void faults.push(fault)
  await using mine = await openMongoStore({ uri: own.uri, now: 0 })
  await using theirs = await openMongoStore({ uri: own.uri, now: 0, pollMs: 2_000, onFault })
  const [first, second] = [
    await mine.mailboxes.create('a', 'A', {}),
    await mine.mailboxes.create('a', 'B', {}),
  ]
  const told = new Set<string>()
  theirs.mailboxes.watch((mailbox) => told.add(mailbox))
  let op = 0
  await expect
    .poll(async () => {
      await mine.mailboxes.append(first.id, await message(mine, `${op++}`))
      return told.has(first.id)
    })
    .toBe(true)
  own.faults.next({ command: 'aggregate' }, { kind: 'drop-before' })
  own.disconnect()
  await expect.poll(() => faults.length).toBeGreaterThan(0)
  expect(faults[0]).toMatchObject({ name: 'StoreError', code: 'UNAVAILABLE' })
  const missed = await message(mine, 'missed')
  await mine.mailboxes.append(second.id, missed)
  await expect.poll(() => told.has(second.id), { timeout: 10_000 }).toBe(true)
})

test('a database of a newer program is refused', async () => {
  const { db, uri } = await deathbed.fresh()
  await (await openMongoStore({ uri: uri(), now: 0 }))[Symbol.asyncDispose]()
  await db.collection<{ _id: string }>('meta').updateOne({ _id: 'schema' }, { $set: { version: 99 } })
  await expect(openMongoStore({ uri: uri(), now: 0 })).rejects.toMatchObject({ code: 'NEWER_SCHEMA' })
})

test('a document that is not ours is CORRUPT', async () => {
  await using one = await processes(1)
  const [store] = one.stores
  await store.work.insert([work('a')])
  await one.db.collection('work').updateOne({}, { $set: { kind: 'unheard of' } })
  await expect(store.work.get('a', 0, 'slot')).rejects.toMatchObject({ code: 'CORRUPT' })
})
