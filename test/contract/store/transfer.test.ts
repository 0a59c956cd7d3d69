import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { StoreKeys } from '../../../storage/encryption/store-key.ts'
import type { Store, StoreRecord } from '../../../storage/port.ts'
import { backUp } from '../../../storage/transfer/back-up.ts'
import { fillStore } from '../../../storage/transfer/fill-store.ts'
import { openBackup } from '../../../storage/transfer/read-backup.ts'
import { storeSource } from '../../../storage/transfer/source.ts'
import { writeBackup } from '../../../storage/transfer/write-backup.ts'
import { Disk } from '../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../fakes/memory-store.ts'
import { TemporaryFolder } from '../../fakes/temporary-folder.ts'
import { bodiesAreThere, furnish, viewOf } from './furnished.ts'
import { message, newIntake, stage } from './material.ts'
import { stores } from './stores.ts'

const NOW = Date.UTC(2026, 5, 1)

/** Nothing is given out a second time. */
async function goesOn(store: Store): Promise<void> {
  const known = await store.mailboxes.list('u')
  const fresh = await store.mailboxes.create('u', 'new', {})
  for (const { id, uidValidity } of known) {
    expect(Number(fresh.id)).toBeGreaterThan(Number(id))
    expect(fresh.uidValidity).toBeGreaterThan(uidValidity)
  }
  const box = known.find(({ name }) => name === 'A')!
  expect(await store.mailboxes.append(box.id, await message(store, '2'))).toMatchObject({ added: false })
  expect((await store.mailboxes.append(box.id, await message(store, '4'))).uid).toBe(4)
  expect(
    await store.accept(await newIntake(store, 'again', 7, { dedup: { key: 'k', notBefore: 0 } })),
  ).toEqual({ duplicateOf: 'one' })
  await expect(store.accept(await newIntake(store, 'three', 7))).rejects.toMatchObject({ code: 'VOIDED' })
  expect(await store.work.claim(['send'], { now: 99, limit: 9, leaseMs: 9, queue: 'hs99' })).toHaveLength(1)
}

const pairs = stores.flatMap((from) => stores.map((to) => ({ from, to, name: `${from.name} → ${to.name}` })))

describe.each(pairs)('$name', ({ from, to }) => {
  test('a store that is filled from another shows the same and goes on from there', async () => {
    await using source = await from.open()
    await using target = await to.open()
    await furnish(source.store)
    await fillStore(target.store, storeSource(source.store))
    const store = await target.reopen()
    expect(await viewOf(store)).toEqual(await viewOf(source.store))
    await bodiesAreThere(store)
    await goesOn(store)
    await store.blobs.sweep(99)
    await bodiesAreThere(store)
  })
})

describe.each(stores)('$name: backups', ({ open }) => {
  test.each([
    ['in the clear', undefined],
    ['sealed', new StoreKeys([randomBytes(32)])],
  ])('%s: what is restored shows the same, under a greater UIDVALIDITY', async (_, keys) => {
    using folder = new TemporaryFolder()
    await using source = await open()
    await using target = await open()
    await furnish(source.store)
    const manifest = await writeBackup(storeSource(source.store), folder.file('b'), { keys, now: NOW })
    expect(manifest.counts).toMatchObject({
      intake: 2,
      voided: 1,
      mailbox: 2,
      message: 4,
      vanished: 1,
      entry: 2,
    })
    if (keys !== undefined) expect((await readFile(folder.file('b', 'records'))).includes('hs99')).toBe(false)
    await using backup = await openBackup(folder.file('b'), keys)
    await fillStore(target.store, backup, { wentBackAt: NOW })
    const [before, after] = [await viewOf(source.store), await viewOf(target.store)]
    const validities = (view: typeof before) => view.boxes.map(({ row }) => row.uidValidity)
    expect(Math.min(...validities(after))).toBeGreaterThan(Math.max(...validities(before)))
    const without = (view: typeof before) => ({
      ...view,
      boxes: view.boxes.map(({ row, head, ...box }) => ({
        ...box,
        row: { ...row, uidValidity: 0 },
        head: { ...head, uidValidity: 0 },
      })),
    })
    expect(without(after)).toEqual(without(before))
    await bodiesAreThere(target.store)
    await goesOn(target.store)
  })

  test('what is deleted while a backup is made is left out of it, and ends nothing', async () => {
    using folder = new TemporaryFolder()
    await using source = await open()
    await furnish(source.store)
    const { records, open: bodies } = storeSource(source.store)
    const deleting = {
      open: bodies,
      records: async function* () {
        for await (const record of records()) {
          if (record.kind === 'blob') await source.store.blobs.release('hold/x')
          yield record
        }
      },
    }
    await source.store.blobs.save(await stage(source.store, Buffer.from('held alone')), 'hold/x')
    await writeBackup(deleting, folder.file('b'), { keys: undefined, now: NOW })
    await source.store.blobs.sweep(9)
    await using target = await open()
    await using backup = await openBackup(folder.file('b'), undefined)
    await fillStore(target.store, backup)
    await bodiesAreThere(target.store)
  })

  test('a store that holds something is not filled', async () => {
    await using source = await open()
    await furnish(source.store)
    await expect(fillStore(source.store, storeSource(source.store))).rejects.toMatchObject({
      code: 'NOT_EMPTY',
    })
  })

  test('records that are written twice are there once', async () => {
    await using source = await open()
    await using target = await open()
    await furnish(source.store)
    const records: StoreRecord[] = await Array.fromAsync(source.store.copy.records())
    const rest = records.filter(({ kind }) => kind !== 'blob')
    await target.store.copy.load(rest)
    await target.store.copy.load(rest)
    expect((await viewOf(target.store)).chain).toEqual((await viewOf(source.store)).chain)
    await fillBlobs(target.store, source.store, records)
    expect(await viewOf(target.store)).toEqual(await viewOf(source.store))
  })
})

async function fillBlobs(to: Store, from: Store, records: readonly StoreRecord[]): Promise<void> {
  for (const record of records) {
    if (record.kind !== 'blob') continue
    const octets = await from.blobs.read(record.ref)
    for (const keeper of record.keepers) await to.blobs.save(await stage(to, octets), keeper)
  }
}

describe('a backup that is damaged is refused before anything is written', () => {
  test.each(['records', 'bodies', 'manifest.json'])('%s', async (name) => {
    using folder = new TemporaryFolder()
    await using source = await stores[0]!.open()
    await furnish(source.store)
    await writeBackup(storeSource(source.store), folder.file('b'), { keys: undefined, now: NOW })
    const octets = await readFile(folder.file('b', name))
    for (const damaged of [
      octets.map((octet, i) => (i === 20 && name !== 'manifest.json' ? octet ^ 1 : octet ^ Number(i === 0))),
      octets.subarray(0, -5),
      Buffer.concat([octets, octets]),
    ]) {
      await writeFile(folder.file('b', name), damaged)
      await expect(openBackup(folder.file('b'), undefined)).rejects.toMatchObject({ code: 'CORRUPT' })
    }
  })

  test('sealed, and the key is not given or another', async () => {
    using folder = new TemporaryFolder()
    await using source = await stores[0]!.open()
    const keys = new StoreKeys([randomBytes(32)])
    await writeBackup(storeSource(source.store), folder.file('b'), { keys, now: NOW })
    for (const other of [undefined, new StoreKeys([randomBytes(32)])])
      await expect(openBackup(folder.file('b'), other)).rejects.toMatchObject({
        code: 'CORRUPT',
        message: expect.stringContaining(keys.id),
      })
  })

  test('records that are fewer than the manifest tells of', async () => {
    using folder = new TemporaryFolder()
    await using source = await stores[0]!.open()
    await using target = await openMemoryStore(new Disk())
    await furnish(source.store)
    await writeBackup(storeSource(source.store), folder.file('b'), { keys: undefined, now: NOW })
    const path = folder.file('b', 'manifest.json')
    const manifest = JSON.parse(await readFile(path, 'utf8'))
    manifest.counts.message++
    await writeFile(path, JSON.stringify(manifest))
    await using backup = await openBackup(folder.file('b'), undefined)
    await expect(fillStore(target, backup)).rejects.toMatchObject({
      code: 'CORRUPT',
      message: expect.stringContaining('message'),
    })
  })
})

test('a backup during which another swept is none', async () => {
  using folder = new TemporaryFolder()
  await using source = await stores[0]!.open()
  await furnish(source.store)
  const { store } = source
  // The daemon stood still for longer than its lease, and somebody took it.
  let asked = 0
  const chain = {
    ...store.chain,
    lease: async (...args: Parameters<Store['chain']['lease']>) =>
      asked++ === 0 ? store.chain.lease(...args) : undefined,
  }
  await expect(
    backUp({ copy: store.copy, blobs: store.blobs, chain }, folder.file('b'), {
      keys: undefined,
      now: () => NOW,
    }),
  ).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await expect(readFile(folder.file('b', 'manifest.json'))).rejects.toMatchObject({ code: 'ENOENT' })
})
