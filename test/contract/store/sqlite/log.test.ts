/** The log of the embedded store ends somewhere, whoever reads and however much is written. */
import { randomBytes } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import type { Store } from '../../../../storage/port.ts'
import { openSqliteStore } from '../../../../storage/sqlite/store.ts'
import { eventually } from '../../../fakes/eventually.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'
import { stage } from '../material.ts'

/** As in the product, and so small that a test comes to them. */
const limits = { carryOverAt: 200, beginAnewAt: 1_000, mostPages: 4_000, mostPagesOfCopying: 400 }
/** One commit's: a body of 60 KB with its row, and indexes. */
const PAGES_A_WRITE = 40

const write = async (store: Store): Promise<void> => {
  await store.blobs.save(await stage(store, randomBytes(60_000)), 'archive')
}

/** The log's own size: its file keeps the size that it once had. */
function pagesIn(folder: TemporaryFolder): number {
  using db = new DatabaseSync(folder.file('kep.db'))
  return Number(db.prepare('PRAGMA wal_checkpoint(NOOP)').get()?.['log'])
}

/** Another program that reads one state and does not end. */
function reader(folder: TemporaryFolder): DatabaseSync {
  const db = new DatabaseSync(folder.file('kep.db'), { readOnly: true })
  db.exec('BEGIN')
  db.prepare('SELECT count(*) FROM sqlite_schema').get()
  return db
}

test('a foreign reader of an old state: writing goes on to the bound, then FULL names the file, and goes on without it', async () => {
  using folder = new TemporaryFolder()
  await using store = await openSqliteStore(folder.path, 1, { limits })
  await write(store)
  const foreign = reader(folder)
  let written = 0
  const full = await (async () => {
    for (;;) {
      try {
        await write(store)
        written++
      } catch (error) {
        return error
      }
    }
  })()
  expect(full).toMatchObject({ code: 'FULL', message: expect.stringContaining(folder.file('kep.db-wal')) })
  expect(full).toMatchObject({ message: expect.stringContaining('lsof') })
  expect(written).toBeGreaterThan(limits.mostPages / PAGES_A_WRITE)
  const bound = limits.mostPages + PAGES_A_WRITE
  for (let i = 0; i < 5; i++) await expect(write(store)).rejects.toMatchObject({ code: 'FULL' })
  expect(pagesIn(folder)).toBeLessThanOrEqual(bound)
  foreign.close()
  await eventually(
    () =>
      write(store).then(
        () => true,
        () => undefined,
      ),
    'writing again',
    5_000,
  )
  for (let i = 0; i < 100; i++) await write(store)
  expect(pagesIn(folder)).toBeLessThanOrEqual(bound)
})

test('a foreign reader does not hold up writes before the bound', async () => {
  using folder = new TemporaryFolder()
  await using store = await openSqliteStore(folder.path, 1, { limits })
  await write(store)
  const foreign = reader(folder)
  let slowest = 0
  for (let i = 0; i < 150; i++) {
    const began = performance.now()
    await write(store)
    slowest = Math.max(slowest, performance.now() - began)
  }
  foreign.close()
  expect(slowest).toBeLessThan(2_000)
})

test('writes and reads without a pause: the log begins anew again and again', async () => {
  using folder = new TemporaryFolder()
  const wide = { ...limits, mostPages: 10 * limits.beginAnewAt }
  await using store = await openSqliteStore(folder.path, 1, { limits: wide })
  const box = await store.mailboxes.create('a', 'A', {})
  let longest = 0
  let isWriting = true
  const reading = (async () => {
    while (isWriting) {
      await store.mailboxes.changes(box.id, 0, 10)
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  const lane = async () => {
    for (let i = 0; i < 200; i++) {
      await write(store)
      longest = Math.max(longest, pagesIn(folder))
    }
  }
  try {
    await Promise.all([lane(), lane(), lane(), lane()])
  } finally {
    isWriting = false
    await reading
  }
  expect(longest).toBeLessThanOrEqual(4 * limits.beginAnewAt)
})

test('copying gives up before writers are refused', async () => {
  using folder = new TemporaryFolder()
  const wide = { ...limits, mostPages: 20 * limits.mostPagesOfCopying }
  await using store = await openSqliteStore(folder.path, 1, { limits: wide })
  for (let i = 0; i < 400; i++) await write(store)
  let isCopying = true
  const writing = (async () => {
    while (isCopying) await Promise.all(Array.from({ length: 8 }, () => write(store)))
  })()
  const copying = (async () => {
    for await (const _ of store.copy.records());
  })()
  await expect(copying).rejects.toMatchObject({ code: 'FULL' })
  isCopying = false
  await writing // none was refused
  await write(store)
})
