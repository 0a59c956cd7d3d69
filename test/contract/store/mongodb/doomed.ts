import { randomInt, randomUUID } from 'node:crypto'
import { type Db, MongoClient } from 'mongodb'
import { expect } from 'vitest'
import { openMongoStore } from '../../../../storage/mongodb/store.ts'
import type { Store } from '../../../../storage/port.ts'
import type { MongoServer } from '../../../fakes/mongo-server/server.ts'
import { amount, steps } from '../../../fakes/thorough.ts'
import { checkMongo } from '../mongodb-under-test.ts'

/** More writes than any call makes: the loops below end by themselves before. */
const MANY = 200
/** How long a dead process looks for its server: nobody waits for it. A busy machine that runs the tests is not a dead server. */
const PATIENCE_MS = 2_000
/** …and how often: a dead process that looks all the time takes the machine from those that live. */
const SELDOM_MS = 500
/** Whoever lives looks again so soon for a primary that stepped down: the driver's own half a second would be slept away at each fault. */
const SOON_MS = 10

/** For a process that is going to die under this name. */
export const mortal = (uri: string): string =>
  `${uri.replace(/([?&]minHeartbeatFrequencyMS)=\d+/, `$1=${SELDOM_MS}`)}&serverSelectionTimeoutMS=${PATIENCE_MS}`

export type Death = 'die-before' | 'die-after'
const DEATHS: readonly Death[] = ['die-before', 'die-after']

/** Before its next write or after its last one a process leaves the same behind: of a slice one of the two, by chance. */
const deaths = (): readonly Death[] => {
  const first = randomInt(DEATHS.length)
  return amount({ whole: DEATHS, slice: DEATHS.slice(first, first + 1) })
}

export interface Case {
  prepare(store: Store): Promise<unknown>
  act(store: Store): Promise<unknown>
  /** What anyone can see of it. */
  view(store: Store): Promise<unknown>
  /** Repeating the call changes nothing once it has happened. */
  repeatable: boolean
  /** What the dead process held goes back. */
  calm?(store: Store): Promise<unknown>
}

/** Databases on one server, and processes that are cut off from it. */
export class Deathbed implements AsyncDisposable {
  readonly #server: MongoServer
  readonly #client: MongoClient

  constructor(server: MongoServer) {
    this.#server = server
    this.#client = new MongoClient(server.uri)
  }

  async fresh(): Promise<{ db: Db; uri: (app?: string) => string }> {
    const db = this.#client.db(`kep-${randomUUID()}`)
    const named = this.#server.uri.replace('/?', `/${db.databaseName}?`)
    const base = `${named}&minHeartbeatFrequencyMS=${SOON_MS}`
    return { db, uri: (app) => (app === undefined ? base : `${base}&appName=${app}`) }
  }

  /** As `prepare` left it, once and for all: what follows is done to copies. */
  async prepared(prepare: Case['prepare']): Promise<Db> {
    const { db, uri } = await this.fresh()
    await using store = await openMongoStore({ uri: uri(), now: 0 })
    await prepare(store)
    return db
  }

  async copyOf(original: Db) {
    const fresh = await this.fresh()
    this.#server.copyDatabase(original.databaseName, fresh.db.databaseName)
    return fresh
  }

  /** False where `act` ended before its `step`-th write. */
  async dies(uri: (app?: string) => string, act: Case['act'], step: number, death: Death): Promise<boolean> {
    const name = `doomed-${randomUUID()}`
    const doomed = await openMongoStore({ uri: mortal(uri(name)), now: 0 })
    const nthWrite = this.#server.clients.written(name) + step
    const remove = this.#server.faults.next({ client: name, nthWrite }, { kind: death })
    const ended = act(doomed).then(
      () => true,
      (error: unknown) => {
        if (!this.#server.clients.isDead(name)) throw error
        return false
      },
    )
    const died = this.#isDead(name, ended)
    const hasDied = await Promise.race([died, ended.then(() => false)])
    remove()
    // It looks for its server some more times; that changes nothing, so nobody waits for it.
    ended
      .catch(() => {})
      .then(() => doomed[Symbol.asyncDispose]())
      .catch(() => {})
    return hasDied || this.#server.clients.isDead(name)
  }

  async #isDead(name: string, ended: Promise<unknown>): Promise<boolean> {
    let over = false
    ended.then(
      () => {
        over = true
      },
      () => {
        over = true
      },
    )
    while (!this.#server.clients.isDead(name) && !over) await new Promise(setImmediate)
    return this.#server.clients.isDead(name)
  }

  /**
   * Dies before and after its writes in turn; `check` sees it after two processes recovered it at once. Answers with the
   * last write at which it died.
   */
  async atEachWrite(
    { prepare, act }: Pick<Case, 'prepare' | 'act'>,
    check: (store: Store, other: Store) => Promise<void>,
  ): Promise<number> {
    const original = await this.prepared(prepare)
    let last = 0
    for (const death of deaths()) {
      last = 0
      for (const step of steps()) {
        expect(step).toBeLessThan(MANY)
        const { db, uri } = await this.copyOf(original)
        const hasDied = await this.dies(uri, act, step, death)
        if (!hasDied) {
          await db.dropDatabase()
          break
        }
        last = step
        const open = () => openMongoStore({ uri: uri(), now: 0 })
        {
          const both = await Promise.all([open(), open()])
          await using _ = both[0]
          await using __ = both[1]
          await check(both[0], both[1])
        }
        await checkMongo(db, await open()).catch((error: unknown) => {
          throw new Error(`${death} ${step}: ${String(error)}`)
        })
        await db.dropDatabase()
      }
    }
    return last
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close()
  }
}
