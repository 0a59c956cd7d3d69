import { expect, test } from 'vitest'
import type { NewChainEntry, Store } from '../../../storage/port.ts'
import { Disk } from '../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../fakes/memory-store.ts'

/** Enough for every way in which the writes of two appends can lie between each other. */
const SEEDS = 300

test('I4: two writers, one of whom lost the lease in the middle of its append: what was answered is what the chain holds', async () => {
  let refused = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const disk = new Disk()
    const writers = await Promise.all([
      openMemoryStore(disk, { seed }),
      openMemoryStore(disk, { seed: seed * 7919 }),
    ])
    const told = await Promise.all(
      writers.map(async (store, i) => {
        // The second comes when the first one's lease has just lapsed.
        for (let turns = i * (seed % 40); turns > 0; turns--) await undefined
        const fence = await store.chain.lease('lease', `w${i}`, i * 1000, 1000)
        const entries = await batchOf(store, `w${i}`)
        if (fence === undefined) return { entries, kept: false }
        const kept = await store.chain.append(fence, 'c', entries).then(
          () => true,
          () => false,
        )
        return { entries, kept }
      }),
    )
    const calm = await openMemoryStore(disk)
    const chain = await calm.chain.read('c', 0, 99)
    expect(chain.map((entry) => entry.seq)).toEqual(chain.map((_, i) => i + 1))
    for (const { entries, kept } of told)
      for (const { parties: _, ...entry } of entries)
        expect(await calm.chain.find('c', entry.eventId)).toEqual(kept ? entry : undefined)
    refused += told.filter(({ kept }) => !kept).length
  }
  expect(refused).toBeGreaterThan(SEEDS / 20)
})

async function batchOf({ chain }: Store, writer: string): Promise<NewChainEntry[]> {
  const next = ((await chain.head('c'))?.seq ?? 0) + 1
  return [0, 1, 2].map((position) => ({
    seq: next + position,
    eventId: `${writer}/${next + position}`,
    prev: Buffer.alloc(0),
    hash: Buffer.alloc(0),
    sha512: Buffer.alloc(0),
    bytes: Buffer.from(writer),
    intake: undefined,
    meta: '{}',
    parties: [],
    at: 1,
    keepUntil: 1,
  }))
}
