import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openMongoStore } from '../../../../storage/mongodb/store.ts'
import { type Store, StoreError } from '../../../../storage/port.ts'
import { type Fault, type MongoServer, startMongoServer } from '../../../fakes/mongo-server/server.ts'
import { message, newIntake, work } from '../material.ts'
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

/** A store that is fresh, and checked when it is closed. */
async function open() {
  const { db, uri } = await deathbed.fresh()
  const again = () => openMongoStore({ uri: uri(), now: 0 })
  const store = await again()
  return {
    store,
    again,
    [Symbol.asyncDispose]: async () => {
      server.faults.clear()
      await store[Symbol.asyncDispose]()
      await checkMongo(db, await again())
      await db.dropDatabase()
    },
  }
}

const ACCEPTED = { duplicateOf: undefined }
const unavailable = { name: 'StoreError', code: 'UNAVAILABLE' }
const toIntakes = { command: 'insert', collection: 'intakes' }

describe('accept, where the network or the primary fails', () => {
  test.each([
    ['applied, the answer lost', { kind: 'drop-after' }],
    ['applied, and the primary stepped down', { kind: 'not-primary-after' }],
    ['applied, a majority not yet heard of', { kind: 'write-concern-error' }],
    ['delivered twice', { kind: 'duplicate' }],
  ] as const)('%s: the id is read back, and the answer is yes', async (_, fault: Fault) => {
    await using under = await open()
    const intake = await newIntake(under.store, 'a', 1)
    server.faults.next(toIntakes, fault)
    expect(await under.store.accept(intake)).toEqual(ACCEPTED)
    expect(await under.store.work.get('a', 0, 'submission')).toBeDefined()
  })

  test.each([
    ['the connection is lost before', { kind: 'drop-before' }],
    ['not the primary any more', { kind: 'not-primary-before' }],
  ] as const)('%s: surely not there is UNAVAILABLE, and repeating it is yes', async (_, fault: Fault) => {
    await using under = await open()
    const intake = await newIntake(under.store, 'a', 1, { dedup: { key: 'k', notBefore: 0 } })
    server.faults.next(toIntakes, fault)
    await expect(under.store.accept(intake)).rejects.toMatchObject(unavailable)
    expect(await under.store.intake('a')).toBeUndefined()
    expect(await under.store.accept(intake)).toEqual(ACCEPTED)
  })

  test('nobody answers: UNAVAILABLE, and what happened is found by repeating it', {
    timeout: 60_000,
  }, async () => {
    await using under = await open()
    const intake = await newIntake(under.store, 'a', 1)
    server.faults.next(toIntakes, { kind: 'drop-after' })
    server.faults.next({ command: 'find', collection: 'intakes' }, { kind: 'drop-before' }, { times: 99 })
    await expect(under.store.accept(intake)).rejects.toMatchObject(unavailable)
    server.faults.clear()
    expect(await under.store.accept(intake)).toEqual(ACCEPTED)
  })

  test('what follows may fail: the answer is yes, and whoever claims next finds the work', async () => {
    await using under = await open()
    const intake = await newIntake(under.store, 'a', 1)
    server.faults.next({ collection: 'work', writes: true }, { kind: 'drop-before' })
    expect(await under.store.accept(intake)).toEqual(ACCEPTED)
    expect(await under.store.work.nextDue()).toBe(1)
  })

  test('what is acknowledged was asked of a majority, in its journal', async () => {
    await using under = await open()
    server.concerns.clear()
    await under.store.accept(await newIntake(under.store, 'a', 1))
    await under.store.accounts.put('a', '{}', 0)
    const box = await under.store.mailboxes.create('a', 'A', {})
    await under.store.mailboxes.append(box.id, await message(under.store, '1'))
    const writes = ['insert', 'update', 'findAndModify', 'delete'].flatMap((command) =>
      server.concerns.of(command),
    )
    expect(writes.length).toBeGreaterThan(8)
    for (const { writeConcern } of writes) expect(writeConcern).toMatchObject({ w: 'majority', j: true })
    for (const { readConcern } of server.concerns.of('find'))
      expect(readConcern).toMatchObject({ level: 'majority' })
  })
})

describe('everything else, where every tenth write fails in some way', () => {
  const faults: readonly Fault[] = [
    { kind: 'drop-before' },
    { kind: 'drop-after' },
    { kind: 'not-primary-before' },
    { kind: 'not-primary-after' },
    { kind: 'write-concern-error' },
    { kind: 'duplicate' },
    { kind: 'partial', applied: 1 },
  ]

  /** As callers do: the same call with the same key. */
  async function repeated<T>(act: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await act()
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'UNAVAILABLE') throw error
      }
    }
  }

  const withFaults = async (seed: number, act: (stores: readonly Store[]) => Promise<void>) => {
    await using under = await open()
    await using other = await under.again()
    server.faults.struck.length = 0
    server.faults.random({ seed, probability: 0.1, faults })
    await act([under.store, other])
    server.faults.clear()
    expect(server.faults.struck.length).toBeGreaterThan(2)
  }

  test.each([1, 2, 3])(
    'appends, flags and expunges: each message once, and the sums are sums (%i)',
    { timeout: 120_000 },
    (seed) =>
      withFaults(seed, async (stores) => {
        const box = await repeated(() => stores[0]!.mailboxes.create('a', `A${Math.random()}`, {}))
        await Promise.all(
          stores.map(async (store, who) => {
            for (let i = 0; i < 15; i++) {
              const op = `${who}/${i}`
              const { uid } = await repeated(async () =>
                store.mailboxes.append(box.id, await message(store, op)),
              )
              await repeated(() => store.mailboxes.store(box.id, [uid], { mode: 'add', flags: ['\\Seen'] }))
              if (i % 3 !== 0) continue
              await repeated(() =>
                store.mailboxes.store(box.id, [uid], { mode: 'add', flags: ['\\Deleted'] }),
              )
              await repeated(() => store.mailboxes.expunge(box.id, [uid]))
            }
          }),
        )
        expect(await repeated(() => stores[1]!.mailboxes.head(box.id))).toMatchObject({
          exists: 20,
          unseen: 0,
          uidNext: 31,
        })
      }),
  )

  test.each([4, 5])(
    'a purse that many count in loses nothing and gains nothing (%i)',
    { timeout: 120_000 },
    (seed) =>
      withFaults(seed, async (stores) => {
        let told = 0
        const count = async (store: Store) => {
          for (let i = 0; i < 20; ) {
            const row = await repeated(() => store.purses.get('a'))
            const before = Number(row?.document ?? 0)
            const put = await store.purses
              .put('a', String(before + 1), row?.version ?? 0)
              .catch(() => undefined)
            if (put === undefined) continue // may or may not have happened: not counted here
            if (put) told++
            i++
          }
        }
        await Promise.all(stores.map(count))
        const row = await repeated(() => stores[0]!.purses.get('a'))
        expect(Number(row?.document)).toBeGreaterThanOrEqual(told)
        expect(row?.version).toBe(Number(row?.document))
      }),
  )

  test.each([6, 7])('work is settled once, with all that it spawned (%i)', { timeout: 120_000 }, (seed) =>
    withFaults(seed, async (stores) => {
      const rows = Array.from({ length: 20 }, (_, i) => work(`i${i}`))
      await repeated(() => stores[0]!.work.insert(rows))
      let now = 1000
      const settled = new Map<string, number>()
      const run = async (store: Store) => {
        for (let idle = 0; idle < 4; ) {
          now += 60
          const claimed = await repeated(() => store.work.claim(['deliver'], { now, limit: 3, leaseMs: 100 }))
          idle = claimed.length === 0 ? idle + 1 : 0
          for (const row of claimed) {
            const spawn = [1, 2].map((recipient) => work(row.intake, { recipient, kind: 'timer' }))
            const isSettled = await store.work.settle(row, { done: true, spawn }).catch(() => false)
            if (isSettled) settled.set(row.intake, (settled.get(row.intake) ?? 0) + 1)
          }
        }
      }
      await Promise.all(stores.map(run))
      expect([...settled.values()].every((times) => times === 1)).toBe(true)
      for (const { intake } of rows) {
        const all = await repeated(() => stores[0]!.work.of(intake, { recipient: -1, slot: '' }, 9))
        expect(all.map(({ state }) => state)).toEqual(['done', 'pending', 'pending'])
      }
    }),
  )
})
