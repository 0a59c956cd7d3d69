import { describe, expect, test } from 'vitest'
import type { Fence, NewChainEntry, Store } from '../../../storage/port.ts'
import { stores } from './stores.ts'

const octets = (text: string) => new Uint8Array(Buffer.from(text))

const entry = (seq: number, over: Partial<NewChainEntry> = {}): NewChainEntry => ({
  seq,
  eventId: `e${seq}`,
  prev: octets(`p${seq}`),
  hash: octets(`h${seq}`),
  sha512: octets(`s${seq}`),
  bytes: octets(`<evidence ${seq}/>`),
  intake: `i${seq % 2}`,
  meta: '{}',
  parties: [],
  at: seq * 10,
  keepUntil: 1e12,
  ...over,
})

async function fenceOf(store: Store, owner = 'me', now = 0): Promise<Fence> {
  const fence = await store.chain.lease('lease', owner, now, 1000)
  if (fence === undefined) throw new Error('somebody else holds the lease')
  return fence
}

const seqs = (entries: readonly { seq: number }[]) => entries.map(({ seq }) => seq)

describe.each(stores)('$name: chain', ({ open }) => {
  test('what was appended comes back octet for octet after a restart', async () => {
    await using under = await open()
    await under.store.chain.append(await fenceOf(under.store), 'c', [
      entry(1, {
        intake: undefined,
        bytes: Uint8Array.from({ length: 256 }, (_, i) => i),
        parties: ['a', 'a'],
      }),
      entry(2),
    ])
    const { chain } = await under.reopen()
    const { parties: _, ...first } = entry(1, {
      intake: undefined,
      bytes: Uint8Array.from({ length: 256 }, (_, i) => i),
    })
    expect(await chain.find('c', 'e1')).toEqual(first)
    expect((await chain.head('c'))?.seq).toBe(2)
    expect(await chain.head('other')).toBeUndefined()
    expect(await chain.find('other', 'e1')).toBeUndefined()
    expect(await chain.read('other', 0, 10)).toEqual([])
  })

  test('a lease is one owner’s until it lapses; renewing keeps the token, taking it over grows it', async () => {
    await using under = await open()
    const { chain } = under.store
    const first = await chain.lease('lease', 'a', 0, 1000)
    expect(await chain.lease('lease', 'b', 999, 1000)).toBeUndefined()
    expect(await chain.lease('lease', 'a', 900, 1000)).toEqual(first)
    expect(await chain.lease('lease', 'b', 1000, 1000)).toBeUndefined()
    const second = await chain.lease('lease', 'b', 1900, 1000)
    expect(second!.token).toBeGreaterThan(first!.token)
    expect(await chain.lease('lease', 'a', 1901, 1000)).toBeUndefined()
    expect((await chain.lease('another', 'a', 0, 1000))?.name).toBe('another')
    const third = await chain.lease('lease', 'a', 9000, 1000)
    expect(third!.token).toBeGreaterThan(second!.token)
  })

  test('of many that want a lease at once, one has it', async () => {
    await using under = await open()
    const owners = Array.from({ length: 10 }, (_, i) => `o${i}`)
    const fences = await Promise.all(owners.map((owner) => under.store.chain.lease('lease', owner, 0, 1000)))
    expect(fences.filter((fence) => fence !== undefined)).toHaveLength(1)
  })

  test('a writer whose lease went to another is refused, and nothing of it is kept', async () => {
    await using under = await open()
    const { chain } = under.store
    const old = await fenceOf(under.store, 'a')
    await chain.append(old, 'c', [entry(1)])
    const fresh = await fenceOf(under.store, 'b', 1000)
    await expect(chain.append(old, 'c', [entry(2)])).rejects.toMatchObject({ code: 'STALE_FENCE' })
    await expect(chain.append({ name: 'never taken', token: 1 }, 'c', [entry(2)])).rejects.toMatchObject({
      code: 'STALE_FENCE',
    })
    expect((await chain.head('c'))?.seq).toBe(1)
    await chain.append(fresh, 'c', [entry(2, { eventId: 'of b' })])
    expect((await chain.head('c'))?.eventId).toBe('of b')
  })

  test.each([
    ['a gap', [entry(2), entry(4)]],
    ['a number that is taken', [entry(1, { eventId: 'x' })]],
    ['a number twice', [entry(2), entry(2, { eventId: 'x' })]],
    ['out of order', [entry(3), entry(2)]],
    ['an event id that is taken', [entry(2, { eventId: 'x' }), entry(3, { eventId: 'e1' })]],
    ['an event id twice', [entry(2, { eventId: 'x' }), entry(3, { eventId: 'x' })]],
  ])('I4: %s appends nothing at all', async (_, entries) => {
    await using under = await open()
    const { chain } = under.store
    const fence = await fenceOf(under.store)
    await chain.append(fence, 'c', [entry(1)])
    await expect(chain.append(fence, 'c', entries)).rejects.toMatchObject({ code: 'CHAIN_CONFLICT' })
    expect(seqs(await chain.read('c', 0, 10))).toEqual([1])
    expect(await chain.find('c', 'x')).toBeUndefined()
    await chain.append(fence, 'c', [entry(2), entry(3)])
    expect(seqs(await chain.read('c', 0, 10))).toEqual([1, 2, 3])
  })

  test('chains are apart: each has its own numbers and event ids', async () => {
    await using under = await open()
    const fence = await fenceOf(under.store)
    for (const chain of ['c', 'd']) await under.store.chain.append(fence, chain, [entry(1)])
    expect(await under.store.chain.read('d', 0, 10)).toHaveLength(1)
  })

  test('a reader sees a batch whole or not at all', async () => {
    await using under = await open()
    const { chain } = under.store
    const fence = await fenceOf(under.store)
    const appending = (async () => {
      for (let from = 1; from <= 200; from += 10)
        await chain.append(
          fence,
          'c',
          Array.from({ length: 10 }, (_, i) => entry(from + i)),
        )
    })()
    for (let seen = 0; seen < 200; ) {
      const read = seqs(await chain.read('c', 0, 999))
      expect(read).toEqual(Array.from({ length: read.length }, (_, i) => i + 1))
      expect(read.length % 10).toBe(0)
      seen = read.length
      await new Promise(setImmediate)
    }
    await appending
  })

  test('reading, by intake, by time and by party, in pages in order', async () => {
    await using under = await open()
    const { chain } = under.store
    const all = Array.from({ length: 20 }, (_, i) =>
      entry(i + 1, { parties: i % 3 === 0 ? ['ayşe@hs01', 'can@hs01'] : ['can@hs01'], at: (i + 1) * 10 }),
    )
    await chain.append(await fenceOf(under.store), 'c', all)
    expect(seqs(await chain.read('c', 18, 10))).toEqual([18, 19, 20])
    expect(seqs(await chain.read('c', 3, 2))).toEqual([3, 4])
    expect(seqs(await chain.ofIntake('c', 'i0', 4, 3))).toEqual([6, 8, 10])
    expect(seqs(await chain.ofIntake('c', 'i0', 20, 3))).toEqual([])
    expect(seqs(await chain.list('c', {}, 17, 10))).toEqual([18, 19, 20])
    expect(seqs(await chain.list('c', { from: 50, to: 80 }, 0, 10))).toEqual([5, 6, 7])
    expect(seqs(await chain.list('c', { party: 'ayşe@hs01' }, 0, 3))).toEqual([1, 4, 7])
    expect(seqs(await chain.list('c', { party: 'ayşe@hs01' }, 7, 3))).toEqual([10, 13, 16])
    expect(seqs(await chain.list('c', { party: 'ayşe@hs01', from: 50, to: 110 }, 0, 9))).toEqual([7, 10])
    expect(await chain.list('c', { party: 'ay%' }, 0, 9)).toEqual([])
  })
})
