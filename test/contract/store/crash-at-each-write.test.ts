import { describe, expect, test } from 'vitest'
import type { Store } from '../../../storage/port.ts'
import { Disk } from '../../fakes/memory-store/disk.ts'
import { Crashed, crashesAt } from '../../fakes/memory-store/documents.ts'
import { openMemoryStore } from '../../fakes/memory-store.ts'
import { message, newIntake, work } from './material.ts'
import { checkMemory } from './stores.ts'

/** More writes than any call makes: the loops below end by themselves before. */
const MANY = 100

interface Case {
  prepare(store: Store): Promise<unknown>
  act(store: Store): Promise<unknown>
  /** What anyone can see of it. */
  view(store: Store): Promise<unknown>
  /** Repeating the call changes nothing once it has happened. */
  repeatable: boolean
}

const [A, B] = ['1001', '1002']
const ON_THE_WAY = { lost: ['\\Deleted'], gained: ['there'] }

const boxes = async ({ mailboxes }: Store) =>
  Promise.all(
    (await mailboxes.list('a')).map(async ({ id, name }) => ({
      name,
      uids: [...(await mailboxes.uids(id))],
      exists: (await mailboxes.head(id))?.exists,
      flags: (await mailboxes.page(id, 0, 9)).map((row) => row.flags),
    })),
  )

async function twoBoxes(store: Store) {
  await store.mailboxes.create('a', 'A', {})
  await store.mailboxes.create('a', 'B', {})
  for (const op of ['1', '2', '3'])
    await store.mailboxes.append(A!, await message(store, op, { flags: ['\\Deleted'] }))
}

const inBoxes = (act: Case['act'], repeatable: boolean): Case => ({
  prepare: twoBoxes,
  act,
  view: boxes,
  repeatable,
})

const entries = [1, 2, 3].map((seq) => ({
  seq,
  eventId: `e${seq}`,
  prev: Buffer.alloc(1),
  hash: Buffer.alloc(1),
  sha512: Buffer.alloc(1),
  bytes: Buffer.alloc(1),
  intake: undefined,
  meta: '{}',
  parties: [],
  at: 1,
  keepUntil: 1,
}))

const cases: Record<string, Case> = {
  accept: {
    prepare: async () => {},
    act: async (store) => store.accept(await newIntake(store, 'a', 1, { dedup: { key: 'k', notBefore: 0 } })),
    view: async (store) => [
      await store.intake('a'),
      (await store.intakesNamed('<a@client.example>')).length,
      await store.work.get('a', 0, 'submission'),
      await store.work.nextDue(),
    ],
    repeatable: true,
  },
  append: inBoxes(async (store) => store.mailboxes.append(A!, await message(store, '4')), true),
  'append of several': inBoxes(
    async (store) =>
      store.mailboxes.appendAll(A!, [
        await message(store, '4'),
        await message(store, '5', { flags: ['\\Seen'], joinKey: 'k' }),
        await message(store, '6', { joinKey: 'k' }),
        await message(store, '7'),
      ]),
    true,
  ),
  replace: inBoxes(async (store) => store.mailboxes.replace(A!, 2, A!, await message(store, '4')), true),
  'store flags': inBoxes(
    ({ mailboxes }) => mailboxes.store(A!, [1, 2], { mode: 'replace', flags: ['\\Seen', 'x'] }),
    true,
  ),
  expunge: inBoxes(({ mailboxes }) => mailboxes.expunge(A!, [1, 3]), true),
  touch: inBoxes(({ mailboxes }) => mailboxes.touch(A!), false),
  copy: inBoxes(({ mailboxes }) => mailboxes.copy(A!, [1, 2], B!, 1), false),
  rename: inBoxes(({ mailboxes }) => mailboxes.rename(A!, 'New'), false),
  delete: inBoxes(({ mailboxes }) => mailboxes.delete(A!), false),
  create: inBoxes(({ mailboxes }) => mailboxes.create('a', 'C', {}), false),
  'chain append': {
    prepare: async () => {},
    act: async ({ chain }) => {
      const fence = await chain.lease('l', 'me', 0, 1000)
      await chain.append(fence!, 'c', entries)
    },
    view: async ({ chain }) => [
      (await chain.read('c', 0, 9)).map(({ seq }) => seq),
      (await chain.head('c'))?.seq,
    ],
    repeatable: false,
  },
  account: {
    prepare: async () => {},
    act: ({ accounts }) => accounts.put('a', '{}', 0),
    view: ({ accounts }) => accounts.get('a'),
    repeatable: true,
  },
}

/** Dies after each of its writes in turn; `check` sees the disk after two processes recovered it at once. */
async function dieAfterEachWrite(
  { prepare, act }: Pick<Case, 'prepare' | 'act'>,
  check: (store: Store, disk: Disk) => Promise<void>,
): Promise<number> {
  for (let step = 1; step < MANY; step++) {
    const disk = new Disk()
    await prepare(await openMemoryStore(disk))
    const doomed = await openMemoryStore(disk, { crasher: crashesAt(step) })
    const died = await act(doomed).then(
      () => false,
      (error: unknown) => {
        if (!(error instanceof Crashed)) throw error
        return true
      },
    )
    if (!died) return step - 1
    await expect(doomed.intake('a')).rejects.toThrow(Crashed)
    const [store] = await Promise.all([
      openMemoryStore(disk, { seed: step }),
      openMemoryStore(disk, { seed: 7 }),
    ])
    await check(store, disk)
    checkMemory(disk)
  }
  throw new Error('it never ended')
}

describe('I3: a process that dies after any one of its writes', () => {
  test.each(Object.entries(cases))('%s is kept or not kept as a whole', async (_, under) => {
    const fresh = await openMemoryStore(new Disk())
    await under.prepare(fresh)
    const before = await under.view(fresh)
    await under.act(fresh)
    const after = await under.view(fresh)
    const writes = await dieAfterEachWrite(under, async (store) => {
      expect([before, after]).toContainEqual(await under.view(store))
      if (!under.repeatable) return
      await under.act(store)
      expect(await under.view(store)).toEqual(after)
    })
    expect(writes).toBeGreaterThan(0)
  })

  test('move: after recovery each message is in exactly one of the two', async () => {
    const writes = await dieAfterEachWrite(
      inBoxes(({ mailboxes }) => mailboxes.move(A!, [1, 3], B!, 1, ON_THE_WAY), false),
      async (store) => {
        const [a, b] = await boxes(store)
        expect([a!.uids, b!.uids]).toEqual(a!.uids.length === 3 ? [[1, 2, 3], []] : [[2], [1, 2]])
        expect(b!.flags).toEqual(a!.uids.length === 3 ? [] : [['there'], ['there']])
      },
    )
    expect(writes).toBeGreaterThan(4)
  })

  test('replace in another mailbox: after recovery both happened, or neither', async () => {
    const writes = await dieAfterEachWrite(
      inBoxes(async (store) => store.mailboxes.replace(A!, 2, B!, await message(store, '4')), true),
      async (store) => {
        const [a, b] = await boxes(store)
        expect([a!.uids, b!.uids]).toEqual(a!.uids.length === 3 ? [[1, 2, 3], []] : [[1, 3], [1]])
      },
    )
    expect(writes).toBeGreaterThan(4)
  })

  test('settle: done is never seen without what it spawned, and doing it again completes it', async () => {
    const spawn = [1, 2, 3].map((recipient) => work('a', { recipient }))
    await dieAfterEachWrite(
      {
        prepare: (store) => store.work.insert([work('a')]),
        act: async (store) => {
          const [row] = await store.work.claim(['deliver'], { now: 1000, limit: 1, leaseMs: 10 })
          await store.work.settle(row!, { done: true, spawn })
        },
      },
      async (store) => {
        const spawned = () => store.work.of('a', { recipient: 0, slot: '~' }, 9)
        const { state } = (await store.work.get('a', 0, 'slot'))!
        if (state === 'done') expect(await spawned()).toHaveLength(3)
        const rows = await store.work.claim(['deliver'], { now: 2000, limit: 9, leaseMs: 10 })
        const row = rows.find(({ recipient }) => recipient === 0)
        if (row !== undefined) await store.work.settle(row, { done: true, spawn })
        expect(await spawned()).toHaveLength(3)
        expect((await store.work.get('a', 0, 'slot'))?.state).toBe('done')
      },
    )
  })
})
