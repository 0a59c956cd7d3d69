import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openMongoStore, openMongoStoreToFill } from '../../../../storage/mongodb/store.ts'
import type { Store } from '../../../../storage/port.ts'
import { fillStore } from '../../../../storage/transfer/fill-store.ts'
import { storeSource } from '../../../../storage/transfer/source.ts'
import { type MongoServer, startMongoServer } from '../../../fakes/mongo-server/server.ts'
import { amount, steps } from '../../../fakes/thorough.ts'
import { bodiesAreThere, furnish, viewOf } from '../furnished.ts'
import { checkMongo } from '../mongodb-under-test.ts'
import { stores } from '../stores.ts'
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

const openFurnished = async () => {
  const source = await stores.find(({ name }) => name === 'memory')!.open()
  await furnish(source.store)
  return source
}

const toFill = (uri: string, leaseMs = 5_000) =>
  openMongoStoreToFill({ uri, now: 0, what: 'a test', leaseMs })
const refused = (code: string) => ({ name: 'StoreError', code })

/** From the opening on, to the end. */
async function fill(uri: string, source: Store): Promise<void> {
  const { store, finish } = await toFill(uri)
  await using _ = store
  await fillStore(store, storeSource(source))
  await finish()
}

describe('a filling that dies after its n-th write', () => {
  test('leaves what nobody opens, and repeated it is whole', { timeout: 300_000 }, async () => {
    await using source = await openFurnished()
    const wanted = await viewOf(source.store)
    const endings: Promise<unknown>[] = []
    let refusals = 0
    for (const step of steps()) {
      const { db, uri } = await deathbed.fresh()
      const name = `doomed-${randomUUID()}`
      server.faults.next({ client: name, nthWrite: step }, { kind: 'die-after' })
      const doomed = fill(`${uri(name)}&serverSelectionTimeoutMS=1500`, source.store)
      const ended = doomed.catch(() => {})
      endings.push(ended)
      let over = false
      void ended.then(() => {
        over = true
      })
      while (!server.clients.isDead(name) && !over) await new Promise(setImmediate)
      const isMarked = (await db.collection('meta').findOne({ _id: 'filling' as never })) !== null
      if (isMarked) {
        await expect(openMongoStore({ uri: uri(), now: 0 })).rejects.toMatchObject(refused('BEING_FILLED'))
        refusals++
      }
      const isWhole = !isMarked && (await db.collection('intakes').countDocuments()) > 0
      if (!isWhole) {
        // Its lease is as if it had been short.
        await db.collection('leases').updateOne({ _id: 'filling' as never }, { $set: { ms: 1 } })
        await fill(uri(), source.store)
      }
      {
        await using store = await openMongoStore({ uri: uri(), now: 0 })
        expect(await viewOf(store)).toEqual(wanted)
        await bodiesAreThere(store)
      }
      if (!isWhole) await checkMongo(db, await openMongoStore({ uri: uri(), now: 0 }))
      await db.dropDatabase()
      if (isWhole) break
    }
    server.faults.clear()
    await Promise.all(endings)
    expect(refusals).toBeGreaterThan(amount({ whole: 50, slice: 16 }))
  })

  test('and then another copy: nothing of the first is in it', async () => {
    await using source = await openFurnished()
    await using other = await stores.find(({ name }) => name === 'memory')!.open()
    await other.store.accounts.put('of the other', '{}', 0)
    const { db, uri } = await deathbed.fresh()
    {
      const { store } = await toFill(uri())
      await using _ = store
      await fillStore(store, storeSource(source.store))
    }
    await fill(uri(), other.store)
    {
      await using store = await openMongoStore({ uri: uri(), now: 0 })
      expect((await store.accounts.list('', 9)).map(({ key }) => key)).toEqual(['of the other'])
      for (const name of ['blobs', 'keepers', 'chunks', 'entries', 'intakes', 'messages', 'trees'])
        expect(await db.collection(name).countDocuments()).toBe(0)
    }
    await checkMongo(db, await openMongoStore({ uri: uri(), now: 0 }))
    await db.dropDatabase()
  })
})

describe('of two at the same time', () => {
  test('a second filler is refused, and says by whom; when the first has ended it finds it full', async () => {
    await using source = await openFurnished()
    const { db, uri } = await deathbed.fresh()
    const { store, finish } = await toFill(uri(), 600)
    {
      await using _ = store
      await expect(toFill(uri(), 600)).rejects.toMatchObject({
        ...refused('BEING_FILLED'),
        message: expect.stringContaining('a test') as string,
      })
      await fillStore(store, storeSource(source.store))
      await finish()
    }
    await expect(toFill(uri())).rejects.toMatchObject(refused('NOT_EMPTY'))
    // Refused, it has left nothing: others come in.
    await (await openMongoStore({ uri: uri(), now: 0 }))[Symbol.asyncDispose]()
    await db.dropDatabase()
  })

  test('a daemon that has the empty store open keeps fillers out until it goes', async () => {
    const { db, uri } = await deathbed.fresh()
    {
      await using daemon = await openMongoStore({ uri: uri(), now: 0 })
      await expect(toFill(uri())).rejects.toMatchObject(refused('IN_USE'))
      await daemon.accounts.put('a', '{}', 0)
      await daemon.accounts.remove('a', 1)
      await expect(toFill(uri())).rejects.toMatchObject(refused('IN_USE'))
    }
    const { store, finish } = await toFill(uri())
    await finish()
    await store[Symbol.asyncDispose]()
    await db.dropDatabase()
  })

  test('whichever comes first, never are both let in', async () => {
    const met = { both: 0, one: 0, none: 0 }
    for (let round = 0; round < 30; round++) {
      const { db, uri } = await deathbed.fresh()
      const slow = { kind: 'delay', ms: round % 7 } as const
      const name = `late-${randomUUID()}`
      server.faults.next({ client: name, collection: 'meta' }, slow, { times: 99 })
      const both = await Promise.allSettled([
        toFill(uri(round % 2 === 0 ? name : undefined)).then(({ store }) => store),
        openMongoStore({ uri: uri(round % 2 === 0 ? undefined : name), now: 0 }),
      ])
      server.faults.clear()
      const inside = both.filter(({ status }) => status === 'fulfilled').length
      met[(['none', 'one', 'both'] as const)[inside]!]++
      for (const one of both) if (one.status === 'fulfilled') await one.value[Symbol.asyncDispose]()
      await db.dropDatabase()
    }
    expect(met).toMatchObject({ both: 0 })
    expect(met.one).toBeGreaterThan(0)
  })

  test('a filler whose lease may have lapsed writes nothing any more', async () => {
    const { db, uri } = await deathbed.fresh()
    const name = `late-${randomUUID()}`
    const { store, finish } = await toFill(uri(name), 240)
    server.faults.next({ client: name, collection: 'leases' }, { kind: 'drop-before' }, { times: 9_999 })
    const next = await toFill(uri())
    const record = { kind: 'voided', id: 'late' } as const
    await expect(store.copy.load([record])).rejects.toMatchObject(refused('CLOSED'))
    await expect(finish()).rejects.toMatchObject(refused('CLOSED'))
    expect(await db.collection('intakes').countDocuments()).toBe(0)
    server.faults.clear()
    await next.finish()
    await Promise.all([store, next.store].map((one) => one[Symbol.asyncDispose]()))
    await db.dropDatabase()
  })

  test('a mark whose filler died before it looked around takes nothing from whoever was there', async () => {
    const { db, uri } = await deathbed.fresh()
    {
      await using daemon = await openMongoStore({ uri: uri(), now: 0 })
      const mark = { _id: 'filling', id: 'dead', what: 'x', host: 'h', at: new Date(), begun: false }
      await db.collection('meta').insertOne(mark as never)
      await daemon.accounts.put('a', '{}', 0)
    }
    await expect(openMongoStore({ uri: uri(), now: 0 })).rejects.toMatchObject(refused('BEING_FILLED'))
    await expect(toFill(uri())).rejects.toMatchObject(refused('NOT_EMPTY'))
    await using store = await openMongoStore({ uri: uri(), now: 0 })
    expect(await store.accounts.get('a')).toBeDefined()
    await store[Symbol.asyncDispose]()
    await db.dropDatabase()
  })
})
