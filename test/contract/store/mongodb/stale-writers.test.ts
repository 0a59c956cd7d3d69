import { randomUUID } from 'node:crypto'
import type { Db } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openMongoStore } from '../../../../storage/mongodb/store.ts'
import type { NewChainEntry, Store } from '../../../../storage/port.ts'
import { type Match, type MongoServer, startMongoServer } from '../../../fakes/mongo-server/server.ts'
import { message, stage } from '../material.ts'
import { checkMongo } from '../mongodb-under-test.ts'
import { Deathbed } from './doomed.ts'

/** So long one command of the slow process is on its way: others do whole operations meanwhile. */
const LATE_MS = 400

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

interface Two extends AsyncDisposable {
  readonly db: Db
  readonly slow: Store
  readonly quick: Store
  /** The next such command of the slow one is held back, after so many that are not; resolves when it is on its way. */
  holdBack(match: Match, after?: number): Promise<void>
}

async function two(patience = ''): Promise<Two> {
  const { db, uri } = await deathbed.fresh()
  const client = `slow-${randomUUID()}`
  const slow = await openMongoStore({ uri: `${uri(client)}${patience}`, now: 0 })
  const quick = await openMongoStore({ uri: uri(), now: 0 })
  return {
    db,
    slow,
    quick,
    holdBack: (match, after = 0) => {
      const before = server.faults.struck.length
      server.faults.next({ client, ...match }, { kind: 'delay', ms: LATE_MS, when: 'before' }, { after })
      return until(() => server.faults.struck.length > before)
    },
    [Symbol.asyncDispose]: async () => {
      server.faults.clear()
      for (const store of [slow, quick]) await store[Symbol.asyncDispose]()
      await checkMongo(db, await openMongoStore({ uri: uri(), now: 0 }))
      await db.dropDatabase()
    },
  }
}

async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise((resolve) => setTimeout(resolve, 2))
}

const BODY = Buffer.from('a body')
const deleted = { flags: ['\\Deleted'] }

describe('one who was asleep while others went on', () => {
  test('lets go of a body that came back to the mailbox since: it stays', async () => {
    await using both = await two()
    const { slow, quick } = both
    const { id } = await quick.mailboxes.create('a', 'A', {})
    const add = async (store: Store, op: string) => {
      const body = await stage(store, BODY)
      return store.mailboxes.append(
        id,
        await message(store, op, { ...deleted, body: body.ref, staged: [body] }),
      )
    }
    expect(await add(quick, '1')).toMatchObject({ uid: 1, added: true })
    const held = both.holdBack({ command: 'find', collection: 'keepers' })
    const expunged = slow.mailboxes.expunge(id, [1])
    await held
    expect(await add(quick, '2')).toMatchObject({ uid: 2, added: true })
    expect(await expunged).toEqual([1])
    await quick.blobs.sweep(9)
    const [row] = await quick.mailboxes.rows(id, [2])
    expect(Buffer.from(await quick.blobs.read(row!.body))).toEqual(BODY)
  })

  test('sweeps octets that somebody has stored again since: they stay', async () => {
    await using both = await two()
    const { slow, quick, db } = both
    const ref = await quick.blobs.save(await stage(quick, BODY), 'intake/a')
    await quick.blobs.release('intake/a')
    const held = both.holdBack({ command: 'update', collection: 'blobs' }, 1)
    const swept = slow.blobs.sweep(9)
    await held
    expect(await db.collection('blobs').findOne({ state: 'trash' })).not.toBeNull()
    await quick.blobs.save(await stage(quick, BODY), 'hold/h')
    expect(await swept).toEqual({ blobs: 0, octets: 0 })
    expect(Buffer.from(await quick.blobs.read(ref))).toEqual(BODY)
  })

  test('writes into a mailbox that was deleted since: nothing of it stays', async () => {
    await using both = await two()
    const { slow, quick, db } = both
    const { id } = await quick.mailboxes.create('a', 'A', {})
    const held = both.holdBack({ command: 'insert', collection: 'messages' })
    const appended = slow.mailboxes.append(id, await message(slow, '1'))
    await held
    await quick.mailboxes.delete(id)
    await appended
    expect(await db.collection('messages').countDocuments({ mailbox: id })).toBe(0)
  })

  test('completes a change upon which others have built: the later flags stay', async () => {
    await using both = await two()
    const { slow, quick } = both
    const { id } = await quick.mailboxes.create('a', 'A', {})
    await quick.mailboxes.append(id, await message(quick, '1'))
    const held = both.holdBack({ command: 'update', collection: 'messages' })
    const stored = slow.mailboxes.store(id, [1], { mode: 'replace', flags: ['first'] })
    await held
    await quick.mailboxes.store(id, [1], { mode: 'replace', flags: ['second'] })
    await stored
    expect((await quick.mailboxes.rows(id, [1]))[0]?.flags).toEqual(['second'])
  })
})

const entry = (seq: number, eventId: string): NewChainEntry => ({
  seq,
  eventId,
  prev: Buffer.alloc(1),
  hash: Buffer.alloc(1),
  sha512: Buffer.alloc(1),
  bytes: Buffer.alloc(1),
  intake: undefined,
  meta: '{}',
  parties: [],
  at: 1,
  keepUntil: 1,
})

/** It gives up before its command arrives. */
const IMPATIENT = '&socketTimeoutMS=80'

test.each([
  ['the move of the head', { command: 'update', collection: 'heads' }],
  ['the entries', { command: 'insert', collection: 'entries' }],
])(
  'I4: %s, given up and arriving late, is not in the way of what the same writer appended since',
  async (_, late) => {
    await using both = await two(IMPATIENT)
    const { slow, quick } = both
    const fence = await slow.chain.lease('l', 'me', 0, 1000)
    await slow.chain.append(fence!, 'c', [entry(1, 'a')])
    const held = both.holdBack(late)
    const given = slow.chain.append(fence!, 'c', [entry(2, 'x'), entry(3, 'y'), entry(4, 'z')])
    await Promise.all([held, expect(given).rejects.toMatchObject({ code: 'UNAVAILABLE' })])
    await slow.chain.append(fence!, 'c', [entry(2, 'y')])
    await new Promise((resolve) => setTimeout(resolve, LATE_MS))
    expect((await quick.chain.read('c', 0, 9)).map(({ eventId }) => eventId)).toEqual(['a', 'y'])
    await slow.chain.append(fence!, 'c', [entry(3, 'x'), entry(4, 'w')])
    expect((await quick.chain.read('c', 0, 9)).map(({ eventId }) => eventId)).toEqual(['a', 'y', 'x', 'w'])
  },
)

test('a document whose first write arrives late is not written over by it', async () => {
  await using both = await two(IMPATIENT)
  const { slow, quick } = both
  const held = both.holdBack({ command: 'insert', collection: 'account' })
  const given = slow.accounts.put('a', 'late', 0)
  await Promise.all([held, expect(given).rejects.toMatchObject({ code: 'UNAVAILABLE' })])
  expect(await quick.accounts.put('a', 'first', 0)).toBe(true)
  await new Promise((resolve) => setTimeout(resolve, LATE_MS))
  expect((await quick.accounts.get('a'))?.document).toBe('first')
})
