import { randomUUID } from 'node:crypto'
import type { Db } from 'mongodb'
import { expect, test } from 'vitest'
import { openMongoStore } from '../../../../storage/mongodb/store.ts'
import { type Store, StoreError } from '../../../../storage/port.ts'
import { seeded } from '../../../fakes/memory-store/documents.ts'
import { type Fault, type MongoServer, startMongoServer } from '../../../fakes/mongo-server/server.ts'
import { message, newIntake, work } from '../material.ts'
import { checkMongo } from '../mongodb-under-test.ts'
import { Deathbed, mortal } from './doomed.ts'

const MACHINES = 3
const STEPS = 50
/** Of each write: the process ends there, or stands still while others do whole operations. */
const DEATH = 0.02
const DELAY = 0.1
const LEASE = 40

/** A machine whose process dies all the time and is started again; what was not answered is done again. */
class Machine {
  readonly #server: MongoServer
  readonly #uri: (app?: string) => string
  #name = ''
  #store: Store | undefined
  deaths = 0

  constructor(server: MongoServer, uri: (app?: string) => string) {
    this.#server = server
    this.#uri = uri
  }

  async until<T>(act: (store: Store) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await this.#alive(act)
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'UNAVAILABLE') throw error
      }
      if (this.#server.clients.isDead(this.#name)) void this.#bury()
    }
  }

  async #alive<T>(act: (store: Store) => Promise<T>): Promise<T> {
    if (this.#store === undefined) {
      this.#name = `walker-${randomUUID()}`
      this.#store = await openMongoStore({ uri: mortal(this.#uri(this.#name)), now: 0 })
    }
    const name = this.#name
    const acted = act(this.#store)
    let over = false
    const watched = (async () => {
      while (!over && !this.#server.clients.isDead(name))
        await new Promise((resolve) => setTimeout(resolve, 2))
      if (over) return acted
      throw new StoreError('UNAVAILABLE', 'the process died')
    })()
    acted
      .catch(() => {})
      .finally(() => {
        over = true
      })
    return Promise.race([acted, watched])
  }

  /** Its ghost looks for the server some more times; that changes nothing, so nobody has to wait for it. */
  async #bury(): Promise<void> {
    this.deaths++
    const store = this.#store
    this.#store = undefined
    await Promise.resolve(store?.[Symbol.asyncDispose]()).catch(() => {})
  }

  end(): Promise<void> {
    return this.#bury()
  }
}

const forgiving = async (act: () => Promise<unknown>, ...codes: string[]): Promise<void> => {
  try {
    await act()
  } catch (error) {
    if (!(error instanceof StoreError) || !codes.includes(error.code)) throw error
  }
}

// They wait for processes that die, each on a server of its own: together they take as long as one.
test.concurrent.each([1, 2, 3])(
  'I3: machines that die all the time lose nothing and do nothing twice (%i)',
  { timeout: 300_000 },
  async (seed) => {
    await using server = await startMongoServer()
    await using deathbed = new Deathbed(server)
    const { db, uri } = await deathbed.fresh()
    const [a, b, c] = await prepare(uri())
    const chance = seeded(seed)
    server.faults.rule(({ isWrite, client }): Fault | undefined => {
      if (!isWrite || !client.startsWith('walker')) return undefined
      const number = chance()
      if (number < DEATH) return { kind: number < DEATH / 2 ? 'die-before' : 'die-after' }
      return number < DEATH + DELAY ? { kind: 'delay', ms: Math.floor(chance() * 20) } : undefined
    })
    const machines = Array.from({ length: MACHINES }, () => new Machine(server, uri))
    let now = 0
    await Promise.all(
      machines.map(async (machine, who) => {
        for (let step = 0; step < STEPS; step++) {
          const op = `${who}/${step}`
          const number = chance()
          const some = [1, 2, 3, 4, 5, 6].map((uid) => uid + Math.floor(chance() * 30))
          now += 7
          if (number < 0.3) {
            const box = chance() < 0.5 ? a : b
            await machine.until(async (store) => store.mailboxes.append(box, await message(store, op)))
          } else if (number < 0.5)
            await machine.until((store) =>
              store.mailboxes.move(
                ...(chance() < 0.5 ? ([a, some, b, 1] as const) : ([b, some, a, 1] as const)),
              ),
            )
          else if (number < 0.6)
            await machine.until((store) =>
              store.mailboxes.store(a, some, { mode: 'add', flags: ['\\Seen', op] }),
            )
          else if (number < 0.7) {
            const { uid } = await machine.until(async (store) =>
              store.mailboxes.append(c, await message(store, `c${op}`, { flags: ['\\Deleted'] })),
            )
            await machine.until((store) => store.mailboxes.expunge(c, [uid, uid - 1]))
          } else if (number < 0.8)
            await machine.until(async (store) => {
              await forgiving(() => store.mailboxes.create('a', `D${who}`, {}), 'MAILBOX_EXISTS')
              const row = await store.mailboxes.byName('a', `D${who}`)
              if (row === undefined) return
              await forgiving(
                async () => store.mailboxes.append(row.id, await message(store, op)),
                'NO_SUCH_MAILBOX',
              )
              await forgiving(() => store.mailboxes.move(a, some.slice(0, 0), row.id, 1), 'NO_SUCH_MAILBOX')
              await forgiving(() => store.mailboxes.delete(row.id), 'NO_SUCH_MAILBOX')
            })
          else if (number < 0.9) {
            await machine.until(async (store) => store.accept(await newIntake(store, `i${op}`, 1)))
            await machine.until(async (store) => {
              for (const row of await store.work.claim(['accepted'], { now, limit: 2, leaseMs: LEASE }))
                await store.work.settle(row, {
                  done: true,
                  spawn: [work(row.intake, { recipient: 1 }), work(row.intake, { recipient: 2 })],
                })
            })
          } else await machine.until((store) => store.blobs.sweep(5))
        }
      }),
    )
    server.faults.clear()
    for (const machine of machines) await machine.end()
    expect(machines.reduce((sum, { deaths }) => sum + deaths, 0)).toBeGreaterThan(10)
    await finish(uri())
    await check(db, [a, b])
    await checkMongo(db, await openMongoStore({ uri: uri(), now: 0 }))
  },
)

async function prepare(uri: string): Promise<[string, string, string]> {
  await using store = await openMongoStore({ uri, now: 0 })
  const [a, b, c] = [
    await store.mailboxes.create('a', 'A', {}),
    await store.mailboxes.create('a', 'B', {}),
    await store.mailboxes.create('a', 'C', {}),
  ]
  return [a.id, b.id, c.id]
}

/** Leases of the dead lapse by the clock of who looks. */
async function finish(uri: string): Promise<void> {
  await using store = await openMongoStore({ uri, now: 0 })
  for (const now of [1e6, 1e6 + LEASE])
    for (const row of await store.work.claim(['accepted'], { now, limit: 999, leaseMs: LEASE }))
      await store.work.settle(row, {
        done: true,
        spawn: [1, 2].map((recipient) => work(row.intake, { recipient })),
      })
}

async function check(db: Db, boxes: readonly string[]): Promise<void> {
  const there = await db
    .collection('messages')
    .find({ mailbox: { $in: [...boxes] }, gone: false })
    .toArray()
  const appended = await db
    .collection('messages')
    .find({ mailbox: { $in: [...boxes] }, opId: /^\d+\/\d+$/ })
    .toArray()
  // Each was appended under one id in one mailbox, and moved from then on: wherever it is, it is there once.
  expect(there.map((row) => row['hash']).sort()).toEqual(appended.map((row) => row['hash']).sort())
  const work = await db.collection('work').find().toArray()
  for (const intake of new Set(work.map((row) => row['intake'])))
    expect(work.filter((row) => row['intake'] === intake).map(({ state }) => state)).toHaveLength(3)
}
