import { expect, test } from 'vitest'
import { checkChain } from '../../../../evidence/index.ts'
import { systemClock } from '../../../../mail/clock.ts'
import { ChainArchive, EVENT_CHAIN } from '../../../../server/archive/chain-archive.ts'
import type { Store } from '../../../../storage/port.ts'
import { Disk } from '../../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../../fakes/memory-store.ts'

const EACH = 60

const event = (id: string) => ({
  eventId: id,
  bytes: Buffer.from(id),
  intake: undefined,
  meta: '{}',
  parties: [],
  at: 1,
  keepUntil: 2,
})

const walk = async (store: Store) =>
  checkChain(
    EVENT_CHAIN,
    (async function* () {
      for (const { seq, bytes, hash, sha512 } of await store.chain.read(EVENT_CHAIN, 1, 9999))
        yield {
          chain: EVENT_CHAIN,
          sequence: seq,
          algorithm: 'sha256' as const,
          octets: bytes,
          leaf: { hash, sha512 },
        }
    })(),
  )

test('writers of several processes take turns: each gives the pen back when nothing waits', async () => {
  const disk = new Disk()
  const stores = [
    await openMemoryStore(disk, { seed: 1 }),
    await openMemoryStore(disk, { seed: 2 }),
    await openMemoryStore(disk, { seed: 3 }),
  ]
  const archives = stores.map((store) => new ChainArchive(store, systemClock, EVENT_CHAIN))
  await Promise.all(
    archives.map(async (archive, who) => {
      for (let i = 0; i < EACH; i += 3)
        await Promise.all([0, 1, 2].map((j) => archive.append(event(`${who}/${i + j}`))))
    }),
  )
  expect(await walk(stores[0]!)).toMatchObject({ ok: true, entries: archives.length * EACH })
})

test('a writer that was taken the pen from writes what it had in hand after the other', async () => {
  const store = await openMemoryStore(new Disk())
  const lone = new ChainArchive(store, systemClock, EVENT_CHAIN, 'kepd') // never gives it back by itself
  await lone.append(event('1'))
  // Its lease lapses unseen, and another takes the pen.
  await store.chain.lease(`chain/${EVENT_CHAIN}`, 'kepd', 0, 0)
  const other = new ChainArchive(store, systemClock, EVENT_CHAIN)
  await other.append(event('2'))
  await lone.append(event('3'))
  expect((await store.chain.read(EVENT_CHAIN, 1, 9)).map(({ eventId }) => eventId)).toEqual(['1', '2', '3'])
  expect((await walk(store)).ok).toBe(true)
})
