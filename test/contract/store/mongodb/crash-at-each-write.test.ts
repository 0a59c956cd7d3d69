import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openMongoStore } from '../../../../storage/mongodb/store.ts'
import type { NewChainEntry, Store } from '../../../../storage/port.ts'
import { type MongoServer, startMongoServer } from '../../../fakes/mongo-server/server.ts'
import { message, newIntake, stage, work } from '../material.ts'
import { type Case, Deathbed } from './doomed.ts'

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

const LARGE = Buffer.alloc(600_000, 7)
/** More than fit into a mailbox document: the plan is a document of its own. */
const MANY = 25

const [A, B] = ['1', '2']
const ON_THE_WAY = { lost: ['\\Deleted'], gained: ['there'] }

const boxes = async ({ mailboxes, blobs }: Store) =>
  Promise.all(
    (await mailboxes.list('a')).map(async ({ id, name }) => {
      const rows = await mailboxes.page(id, 0, 99)
      return {
        name,
        uids: [...(await mailboxes.uids(id))],
        head: await mailboxes.head(id),
        flags: rows.map((row) => row.flags),
        indexes: await Promise.all(
          rows.map(async ({ uid }) => Buffer.from((await mailboxes.index(id, uid))!).toString()),
        ),
        bodies: await Promise.all(rows.map(async ({ body }) => (await blobs.read(body)).length)),
        changes: (await mailboxes.changes(id, 0, 999)).vanished,
      }
    }),
  )

/** What a half done attempt may use up: UIDs are not among it. */
const inBoxes = (act: Case['act'], repeatable: boolean, messages = 3): Case => ({
  prepare: async (store) => {
    await store.mailboxes.create('a', 'A', {})
    await store.mailboxes.create('a', 'B', {})
    for (let op = 1; op <= messages; op++)
      await store.mailboxes.append(A!, await message(store, String(op), { flags: ['\\Deleted'] }))
  },
  act,
  view: boxes,
  repeatable,
})

const uids = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

const entry = (seq: number): NewChainEntry => ({
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

const fenceOf = async ({ chain }: Store) => (await chain.lease('l', 'me', 0, 1000))!

const inChain = (act: Case['act'], repeatable: boolean): Case => ({
  prepare: async (store) => store.chain.append(await fenceOf(store), 'c', [entry(1)]),
  act,
  view: async ({ chain }) => [
    (await chain.read('c', 0, 9)).map(({ seq }) => seq),
    (await chain.head('c'))?.seq,
    (await chain.segments('c', 0, 9)).map(({ from, upTo }) => [from, upTo]),
  ],
  repeatable,
  calm: fenceOf,
})

const accepted = async (store: Store) => [
  await store.intake('a'),
  (await store.intakesNamed('<a@client.example>')).length,
  await store.work.get('a', 0, 'submission'),
  await store.work.nextDue(),
]

async function acceptLarge(store: Store) {
  const body = await stage(store, LARGE)
  const envelope = await stage(store, Buffer.from('envelope'))
  return store.accept(
    await newIntake(store, 'a', 1, {
      body: body.ref,
      envelope: envelope.ref,
      staged: [body, envelope],
      dedup: { key: 'k', notBefore: 0 },
    }),
  )
}

const kept = async (store: Store, octets: Uint8Array) => (await stage(store, octets)).ref

const readable = (store: Store, octets: Uint8Array) =>
  kept(store, octets)
    .then((ref) => store.blobs.read(ref))
    .then(
      (read) => read.length,
      (error: { code: string }) => error.code,
    )

const cases: Record<string, Case> = {
  accept: { prepare: async () => {}, act: acceptLarge, view: accepted, repeatable: true },
  'accept after the window of another': {
    prepare: async (store) =>
      store.accept(await newIntake(store, 'old', -9, { dedup: { key: 'k', notBefore: -99 } })),
    act: acceptLarge,
    view: async (store) => [await accepted(store), await store.intake('old')],
    repeatable: true,
  },
  'void an intake': {
    prepare: async () => {},
    act: (store) => store.voidIntake('a'),
    view: async (store) =>
      store.accept(await newIntake(store, 'b', 1)).then(
        () => 'told apart by repeating',
        (error: { code: string }) => error.code,
      ),
    repeatable: true,
  },
  purge: {
    prepare: async (store) => {
      expect(await acceptLarge(store)).toEqual({ duplicateOf: undefined })
      const [row] = await store.work.claim(['accepted'], { now: 1, limit: 1, leaseMs: 1 })
      await store.work.settle(row!, { done: true })
    },
    act: (store) => store.purge('a'),
    view: async (store) => {
      await store.blobs.sweep(9)
      return [
        (await store.intake('a'))?.purged,
        (await store.finished(9, undefined, 9)).length,
        (await store.work.get('a', 0, 'submission'))?.state,
        await readable(store, LARGE),
      ]
    },
    repeatable: true,
  },
  append: inBoxes(async (store) => store.mailboxes.append(A!, await message(store, '4')), true),
  'append of a large body, with a join key': inBoxes(async (store) => {
    const body = await stage(store, LARGE)
    const large = { body: body.ref, staged: [body], joinKey: 'k' }
    return store.mailboxes.append(A!, await message(store, '4', large))
  }, true),
  'append of several, some with the same octets': inBoxes(async (store) => {
    const body = await stage(store, LARGE)
    const other = await stage(store, LARGE)
    return store.mailboxes.appendAll(A!, [
      await message(store, '4'),
      await message(store, '5', { body: body.ref, staged: [body], joinKey: 'k' }),
      await message(store, '6', { body: other.ref, staged: [other] }),
    ])
  }, true),
  'append of several, with indexes that need a plan of its own': inBoxes(async (store) => {
    const index = Buffer.alloc(200_000, 'x')
    return store.mailboxes.appendAll(A!, [
      await message(store, '4', { index }),
      await message(store, '5', { index }),
    ])
  }, true),
  replace: inBoxes(async (store) => {
    const body = await stage(store, LARGE)
    return store.mailboxes.replace(A!, 2, A!, await message(store, '4', { body: body.ref, staged: [body] }))
  }, true),
  'store flags': inBoxes(
    ({ mailboxes }) => mailboxes.store(A!, [1, 2], { mode: 'replace', flags: ['\\Seen', 'x'] }),
    true,
  ),
  'store flags of many': inBoxes(
    ({ mailboxes }) => mailboxes.store(A!, uids(MANY), { mode: 'add', flags: ['\\Seen', 'x'] }),
    true,
    MANY,
  ),
  expunge: inBoxes(({ mailboxes }) => mailboxes.expunge(A!, [1, 3]), true),
  'expunge of many': inBoxes(({ mailboxes }) => mailboxes.expunge(A!, uids(MANY)), true, MANY),
  touch: inBoxes(({ mailboxes }) => mailboxes.touch(A!), false),
  copy: inBoxes(({ mailboxes }) => mailboxes.copy(A!, [1, 2], B!, 1), false),
  'copy of many': inBoxes(({ mailboxes }) => mailboxes.copy(A!, uids(MANY), B!, 1), false, MANY),
  rename: inBoxes(({ mailboxes }) => mailboxes.rename(A!, 'New'), false),
  delete: inBoxes(({ mailboxes }) => mailboxes.delete(A!), false),
  create: inBoxes(({ mailboxes }) => mailboxes.create('a', 'C', {}), false),
  subscribe: {
    prepare: async () => {},
    act: ({ mailboxes }) => mailboxes.subscribe('a', 'x', true),
    view: ({ mailboxes }) => mailboxes.subscriptions('a'),
    repeatable: true,
  },
  'chain append': inChain(
    async (store) => store.chain.append(await fenceOf(store), 'c', [entry(2), entry(3), entry(4)]),
    false,
  ),
  seal: inChain(async (store) => {
    const staged = await stage(store, LARGE)
    const segment = { from: 1, upTo: 1, body: staged.ref, seal: Buffer.alloc(1), at: 1 }
    await store.chain.seal(await fenceOf(store), 'c', segment, staged)
  }, true),
  'a document': {
    prepare: ({ accounts }) => accounts.put('a', '1', 0),
    act: ({ accounts }) => accounts.put('a', '2', 1),
    view: ({ accounts }) => accounts.get('a'),
    repeatable: true,
  },
  'removal of a document': {
    prepare: ({ accounts }) => accounts.put('a', '1', 0),
    act: ({ accounts }) => accounts.remove('a', 1),
    view: ({ accounts }) => accounts.get('a'),
    repeatable: true,
  },
  'work that is amended': {
    prepare: ({ work: rows }) => rows.insert([work('a')]),
    act: ({ work: rows }) =>
      rows.amend({ intake: 'a', recipient: 0, slot: 'slot' }, 'pending', { held: 'x' }),
    view: ({ work: rows }) => rows.get('a', 0, 'slot'),
    repeatable: true,
  },
  'octets saved': {
    prepare: async () => {},
    act: async (store) => store.blobs.save(await stage(store, LARGE), 'archive'),
    view: async (store) => {
      const is = await readable(store, LARGE)
      // Whether its last step happened can be seen by nobody but the sweep.
      return is === 'NO_SUCH_BLOB' || (await store.blobs.sweep(9)).blobs === 1 ? 'not kept' : is
    },
    repeatable: true,
  },
  'octets kept by another too': {
    prepare: async (store) => store.blobs.save(await stage(store, LARGE), 'intake/a'),
    act: async (store) => store.blobs.keep(await kept(store, LARGE), 'hold/h'),
    view: async (store) => {
      await store.blobs.release('intake/a')
      await store.blobs.sweep(9)
      return readable(store, LARGE)
    },
    repeatable: false,
  },
  'octets released and swept': {
    prepare: async (store) => store.blobs.save(await stage(store, LARGE), 'hold/h'),
    act: async (store) => {
      await store.blobs.release('hold/h')
      await store.blobs.sweep(9)
    },
    view: async (store) => {
      await store.blobs.sweep(9)
      return readable(store, LARGE)
    },
    repeatable: true,
  },
}

describe('I3: a process that is cut off before or after any one of its writes', () => {
  test.each(Object.entries(cases))(
    '%s is kept or not kept as a whole',
    { timeout: 300_000 },
    async (_, under) => {
      const seen = async (act: boolean) => {
        const { uri } = await deathbed.copyOf(await deathbed.prepared(under.prepare))
        await using store = await openMongoStore({ uri: uri(), now: 0 })
        if (act) await under.act(store)
        return await under.view(store)
      }
      const [before, after] = [await seen(false), await seen(true)]
      const writes = await deathbed.atEachWrite(under, async (store, other) => {
        await under.calm?.(store)
        expect([before, after]).toContainEqual(await under.view(store))
        if (!under.repeatable) return
        await under.act(other)
        expect(await under.view(store)).toEqual(after)
      })
      expect(writes).toBeGreaterThan(0)
    },
  )

  test.each([2, MANY])(
    'move of %i: after recovery each message is in exactly one of the two',
    { timeout: 300_000 },
    async (count) => {
      const all = uids(count + 1)
      const moved = all.slice(1)
      const writes = await deathbed.atEachWrite(
        inBoxes(({ mailboxes }) => mailboxes.move(A!, moved, B!, 1, ON_THE_WAY), false, count + 1),
        async (store) => {
          const [a, b] = await boxes(store)
          expect([a!.uids, b!.uids]).toEqual(a!.uids.length === 1 ? [[1], uids(count)] : [all, []])
          expect(b!.flags).toEqual(b!.uids.map(() => ['there']))
          expect(b!.indexes).toEqual(a!.uids.length === 1 ? moved.map((uid) => `index of ${uid}`) : [])
        },
      )
      expect(writes).toBeGreaterThan(4)
    },
  )

  test('replace in another mailbox: after recovery both happened, or neither', {
    timeout: 300_000,
  }, async () => {
    const writes = await deathbed.atEachWrite(
      inBoxes(async (store) => {
        const body = await stage(store, LARGE)
        return store.mailboxes.replace(
          A!,
          2,
          B!,
          await message(store, '4', { body: body.ref, staged: [body] }),
        )
      }, true),
      async (store) => {
        const [a, b] = await boxes(store)
        const isDone = a!.uids.length === 2
        expect([a!.uids, b!.uids]).toEqual(isDone ? [[1, 3], [1]] : [[1, 2, 3], []])
        expect([b!.indexes, b!.bodies]).toEqual(isDone ? [['index of 4'], [LARGE.length]] : [[], []])
      },
    )
    expect(writes).toBeGreaterThan(4)
  })

  const rowsOf = (store: Store) => store.work.of('a', { recipient: 0, slot: '~' }, 9)

  /** Seen once and again after its length, by the observer's clock. */
  const lapsed = async (store: Store) => [
    ...(await store.work.claim(['deliver'], { now: 2000, limit: 9, leaseMs: 10 })),
    ...(await store.work.claim(['deliver'], { now: 2010, limit: 9, leaseMs: 10 })),
  ]

  test('claim and settle: done is never seen without what it spawned, and doing it again completes it', {
    timeout: 300_000,
  }, async () => {
    const spawn = [1, 2, 3].map((recipient) => work('a', { recipient }))
    await deathbed.atEachWrite(
      {
        prepare: (store) => store.work.insert([work('a')]),
        act: async (store) => {
          const [row] = await store.work.claim(['deliver'], { now: 1000, limit: 1, leaseMs: 10 })
          await store.work.settle(row!, { done: true, spawn })
        },
      },
      async (store) => {
        const { state } = (await store.work.get('a', 0, 'slot'))!
        if (state === 'done') expect(await rowsOf(store)).toHaveLength(3)
        for (const row of await lapsed(store)) await store.work.settle(row, { done: true, spawn })
        expect(await rowsOf(store)).toHaveLength(3)
        expect((await store.work.get('a', 0, 'slot'))?.state).toBe('done')
        for (const row of await lapsed(store)) await store.work.settle(row, { done: true })
      },
    )
  })

  test('chain append: what a dead writer left beyond the head makes way', { timeout: 300_000 }, async () => {
    const append = (store: Store, owner: string, now: number, events: string[]) =>
      store.chain.lease('l', owner, now, 1000).then((fence) =>
        store.chain.append(
          fence!,
          'c',
          events.map((eventId, i) => ({ ...entry(i + 1), eventId })),
        ),
      )
    await deathbed.atEachWrite(
      { prepare: async () => {}, act: (store) => append(store, 'a', 0, ['x', 'y', 'z']) },
      async (store) => {
        expect(await store.chain.lease('l', 'b', 0, 1000).then((fence) => fence === undefined)).toBeTypeOf(
          'boolean',
        )
        const isThere = (await store.chain.head('c')) !== undefined
        if (isThere)
          expect((await store.chain.read('c', 1, 9)).map(({ eventId }) => eventId)).toEqual(['x', 'y', 'z'])
        else {
          await append(store, 'b', 1000, ['z', 'x'])
          expect((await store.chain.read('c', 1, 9)).map(({ eventId }) => eventId)).toEqual(['z', 'x'])
          expect(await store.chain.find('c', 'y')).toBeUndefined()
        }
        await store.chain.lease('l', 'b', 5000, 1)
      },
    )
  })
})
