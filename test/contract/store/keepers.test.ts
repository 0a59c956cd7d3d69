import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { BlobRef, Store } from '../../../storage/port.ts'
import { message, newIntake, stage, work } from './material.ts'
import { stores } from './stores.ts'

const gone = { code: 'NO_SUCH_BLOB' }
/** Either side of where a blob is kept in a row or in a file. */
const SIZES = [1000, 200_000]

const sweepAll = async ({ blobs }: Store) => {
  const swept = { blobs: 0, octets: 0 }
  for (;;) {
    const some = await blobs.sweep(10)
    if (some.blobs === 0) return swept
    swept.blobs += some.blobs
    swept.octets += some.octets
  }
}
const kept = (store: Store, ref: BlobRef) =>
  store.blobs.read(ref, { start: 0, end: 1 }).then(
    () => true,
    () => false,
  )

describe.each(stores)('$name: who keeps octets', ({ open }) => {
  test.each(SIZES)('%i octets are there until the last keeper lets go, and swept then', async (size) => {
    await using under = await open()
    const { store } = under
    const ref = await store.blobs.save(await stage(store, randomBytes(size)), 'intake/1')
    await store.blobs.keep(ref, 'hold/a')
    await store.blobs.keep(ref, 'hold/a')
    await store.blobs.release('intake/1')
    expect(await sweepAll(store)).toEqual({ blobs: 0, octets: 0 })
    expect((await store.blobs.read(ref)).length).toBe(size)
    await store.blobs.release('hold/a')
    await expect(store.blobs.keep(ref, 'hold/b')).rejects.toMatchObject(gone)
    expect(await sweepAll(store)).toEqual({ blobs: 1, octets: size })
    await expect((await under.reopen()).blobs.read(ref)).rejects.toMatchObject(gone)
  })

  test.each(SIZES)(
    '%i octets that nobody kept come back with whoever brings them, swept or not',
    async (size) => {
      await using under = await open()
      const { store } = under
      const octets = randomBytes(size)
      for (const swept of [false, true]) {
        const ref = await store.blobs.save(await stage(store, octets), 'intake/1')
        await store.blobs.release('intake/1')
        if (swept) await sweepAll(store)
        await store.blobs.save(await stage(store, octets), 'intake/2')
        await sweepAll(store)
        expect(octets.equals(await store.blobs.read(ref))).toBe(true)
        await store.blobs.release('intake/2')
      }
    },
  )

  test('of those who bring the same octets while they are swept none is left without', async () => {
    await using under = await open()
    const { store } = under
    for (const size of SIZES) {
      const octets = randomBytes(size)
      for (let round = 0; round < 20; round++) {
        const staged = await stage(store, octets)
        const [ref] = await Promise.all([
          store.blobs.save(staged, `intake/${round}`),
          round > 0 ? store.blobs.release(`intake/${round - 1}`) : undefined,
          store.blobs.sweep(10),
          store.blobs.sweep(10),
        ])
        await store.blobs.sweep(10)
        expect(octets.equals(await store.blobs.read(ref))).toBe(true)
      }
    }
  })

  test('a mailbox keeps a body while one message of it has it', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a, b] = [await mailboxes.create('x', 'A', {}), await mailboxes.create('x', 'B', {})]
    const first = await message(under.store, '1', { flags: ['\\Deleted'] })
    await mailboxes.append(a.id, first)
    await mailboxes.append(a.id, { ...first, opId: '2', staged: [] })
    await mailboxes.copy(a.id, [1], b.id, 7)
    await mailboxes.expunge(a.id, [1])
    expect(await kept(under.store, first.body)).toBe(true)
    await mailboxes.expunge(a.id, [2])
    await sweepAll(under.store)
    expect(await kept(under.store, first.body)).toBe(true)
    await mailboxes.move(b.id, [1], a.id, 8)
    await sweepAll(under.store)
    expect(await kept(under.store, first.body)).toBe(true)
    await mailboxes.delete(a.id)
    await sweepAll(under.store)
    expect(await kept(under.store, first.body)).toBe(false)
  })

  test('a message whose body nobody keeps is not appended', async () => {
    await using under = await open()
    const { mailboxes, blobs } = under.store
    const { id } = await mailboxes.create('x', 'A', {})
    const lost = await message(under.store, '1')
    await blobs.save(lost.staged[0]!, 'intake/1')
    await blobs.release('intake/1')
    await expect(mailboxes.append(id, { ...lost, staged: [] })).rejects.toMatchObject(gone)
    expect((await mailboxes.head(id))?.exists).toBe(0)
  })
})

describe.each(stores)('$name: octets that two have brought', ({ open }) => {
  test.each([1000, 200_000])(
    '%i of them: whoever came second and names his own again, after all others let go, is kept',
    async (size) => {
      await using under = await open()
      const { store } = under
      const octets = randomBytes(size)
      const [one, other] = [await stage(store, octets), await stage(store, octets)]
      await store.blobs.save(one, 'intake/a')
      await store.blobs.save(other, 'intake/b')
      await store.blobs.release('intake/a')
      await store.blobs.release('intake/b')
      await store.blobs.save(other, 'intake/c')
      await sweepAll(store)
      await other.discard()
      await one.discard()
      await sweepAll(store)
      expect(Buffer.from(await (await under.reopen()).blobs.read(one.ref)).equals(octets)).toBe(true)
    },
  )
})

describe.each(stores)('$name: the end of a message', ({ open }) => {
  test('it is purged when all of its work is done: the octets go, the row and the record stay', async () => {
    await using under = await open()
    const { store } = under
    const [body, envelope] = [await stage(store, randomBytes(9)), await stage(store, Buffer.from('record'))]
    const staged = [body, envelope]
    await store.accept(await newIntake(store, 'a', 5, { body: body.ref, envelope: envelope.ref, staged }))
    const made = await store.blobs.save(await stage(store, Buffer.from('dispatch')), 'intake/a')
    expect(await store.finished(6, undefined, 9)).toEqual([])
    expect(await store.purge('a')).toBe(false)
    const [row] = await store.work.claim(['accepted'], { now: 5, limit: 1, leaseMs: 9 })
    await store.work.settle(row!, { done: true, spawn: [work('a', { slot: 'other', due: 6 })] })
    expect(await store.purge('a')).toBe(false)
    const [other] = await store.work.claim(['deliver'], { now: 6, limit: 1, leaseMs: 9 })
    await store.work.settle(other!, { held: true, error: 'x' })
    expect([await store.finished(6, undefined, 9), await store.purge('a')]).toEqual([[], false])
    await store.work.amend(other!, 'held', { due: 7 })
    const [again] = await store.work.claim(['deliver'], { now: 7, limit: 1, leaseMs: 9 })
    await store.work.settle(again!, { done: true })
    expect((await store.finished(6, undefined, 9)).map(({ id }) => id)).toEqual(['a'])
    expect(await store.finished(5, undefined, 9)).toEqual([])
    expect([await store.purge('a'), await store.purge('a'), await store.purge('b')]).toEqual([
      true,
      true,
      false,
    ])
    expect(await store.finished(6, undefined, 9)).toEqual([])
    await sweepAll(store)
    for (const ref of [body.ref, made]) await expect(store.blobs.read(ref)).rejects.toMatchObject(gone)
    expect(Buffer.from(await store.blobs.read(envelope.ref)).toString()).toBe('record')
    expect(await (await under.reopen()).intake('a')).toMatchObject({ body: body.ref, purged: true })
    expect((await under.store.work.get('a', 0, 'submission'))?.state).toBe('done')
  })

  test('those that are finished come in order of time, page by page', async () => {
    await using under = await open()
    const { store } = under
    for (const [id, at] of [
      ['c', 1],
      ['a', 2],
      ['b', 2],
    ] as const) {
      await store.accept(await newIntake(store, id, at))
      const [row] = await store.work.claim(['accepted'], { now: 9, limit: 1, leaseMs: 9 })
      await store.work.settle(row!, { done: true })
    }
    const ids = async (after?: { at: number; id: string }) =>
      (await store.finished(3, after, 2)).map(({ id }) => id)
    expect(await ids()).toEqual(['c', 'a'])
    expect(await ids({ at: 2, id: 'a' })).toEqual(['b'])
  })
})
