import { describe, expect, test } from 'vitest'
import type { Fence, NewChainEntry, Segment, Store } from '../../../storage/port.ts'
import { stage } from './material.ts'
import { stores } from './stores.ts'

const entry = (seq: number): NewChainEntry => ({
  seq,
  eventId: `e${seq}`,
  prev: Buffer.alloc(1),
  hash: Buffer.alloc(1),
  sha512: Buffer.alloc(1),
  bytes: Buffer.alloc(1),
  intake: undefined,
  meta: '{}',
  parties: [],
  at: seq,
  keepUntil: 99,
})

async function chainOf(store: Store, length: number): Promise<Fence> {
  const fence = await store.chain.lease('pen', 'me', 0, 1000)
  if (fence === undefined) throw new Error('nobody else is there')
  await store.chain.append(
    fence,
    'c',
    Array.from({ length }, (_, i) => entry(i + 1)),
  )
  return fence
}

async function segment(store: Store, from: number, upTo: number) {
  const staged = await stage(store, Buffer.from(`entries ${from} to ${upTo}`))
  const sealed: Segment = { from, upTo, body: staged.ref, seal: Buffer.from('signed'), at: 7 }
  return [sealed, staged] as const
}

describe.each(stores)('$name: segments of a chain', ({ open }) => {
  test('follow each other without a gap and end at or below the head', async () => {
    await using under = await open()
    const { store } = under
    const fence = await chainOf(store, 5)
    const conflict = { code: 'CHAIN_CONFLICT' }
    for (const [from, upTo] of [
      [2, 3],
      [1, 6],
      [1, 0],
      [0, 2],
    ] as const)
      await expect(store.chain.seal(fence, 'c', ...(await segment(store, from, upTo)))).rejects.toMatchObject(
        conflict,
      )
    await store.chain.seal(fence, 'c', ...(await segment(store, 1, 3)))
    for (const [from, upTo] of [
      [1, 3.5],
      [3, 4],
      [5, 5],
      [1, 4],
    ] as const)
      await expect(store.chain.seal(fence, 'c', ...(await segment(store, from, upTo)))).rejects.toMatchObject(
        conflict,
      )
    await store.chain.seal(fence, 'c', ...(await segment(store, 4, 5)))
    const again = await under.reopen()
    const [first, second] = await again.chain.segments('c', 0, 9)
    expect([first?.from, first?.upTo, second?.from, second?.upTo]).toEqual([1, 3, 4, 5])
    expect(Buffer.from(first!.seal).toString()).toBe('signed')
    expect(Buffer.from(await again.blobs.read(second!.body)).toString()).toBe('entries 4 to 5')
    expect(await again.chain.segments('c', 3, 9)).toHaveLength(1)
    expect(await again.chain.segments('c', 0, 1)).toHaveLength(1)
    expect(await again.chain.segments('d', 0, 9)).toEqual([])
  })

  test('one is sealed once, also when the call is repeated, and its octets are swept by nobody', async () => {
    await using under = await open()
    const { store } = under
    const fence = await chainOf(store, 2)
    const [sealed, staged] = await segment(store, 1, 2)
    await store.chain.seal(fence, 'c', sealed, staged)
    await store.chain.seal(fence, 'c', sealed, staged)
    await store.blobs.sweep(9)
    expect(await store.chain.segments('c', 0, 9)).toHaveLength(1)
    expect((await store.blobs.read(sealed.body)).length).toBe(sealed.body.size)
  })

  test('a writer whose lease went to another seals nothing', async () => {
    await using under = await open()
    const { store } = under
    const fence = await chainOf(store, 2)
    await store.chain.lease('pen', 'other', 5000, 1000)
    const stale = { code: 'STALE_FENCE' }
    await expect(store.chain.seal(fence, 'c', ...(await segment(store, 1, 2)))).rejects.toMatchObject(stale)
    expect(await store.chain.segments('c', 0, 9)).toEqual([])
  })
})
