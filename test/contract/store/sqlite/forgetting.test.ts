/** What is deleted is not on the disk any more; what came before a crash is not left in the log. */
import { randomBytes } from 'node:crypto'
import { cpSync, readFileSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { StoreKeys } from '../../../../storage/encryption/store-key.ts'
import { openSqliteStore } from '../../../../storage/sqlite/store.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'
import { stage } from '../material.ts'

/** Enough that whole pages are given back when they are deleted. */
const BODIES = 300

test('wrapped keys that were deleted are overwritten in the database', async () => {
  using folder = new TemporaryFolder()
  const keys = new StoreKeys([randomBytes(32)])
  const open = () => openSqliteStore(folder.path, 1, { keys })
  const wrapped = () => {
    using db = new DatabaseSync(folder.file('kep.db'), { readOnly: true })
    return db
      .prepare('SELECT key FROM kept')
      .all()
      .map(({ key }) => Buffer.from(key as Uint8Array))
  }
  const onDisk = (all: readonly Buffer[]) => {
    const file = readFileSync(folder.file('kep.db'))
    return all.filter((key) => file.includes(key)).length
  }
  {
    await using store = await open()
    const staged = await Promise.all(
      Array.from({ length: BODIES }, (_, i) => stage(store, Buffer.from(`body ${i}`))),
    )
    await Promise.all(staged.map((blob, i) => store.blobs.save(blob, `intake/${i}`)))
  }
  const before = wrapped()
  expect(before).toHaveLength(BODIES)
  expect(onDisk(before)).toBe(BODIES)
  {
    await using store = await open()
    await Promise.all(before.map((_, i) => store.blobs.release(`intake/${i}`)))
    await store.blobs.sweep(BODIES)
  }
  expect(onDisk(before)).toBe(0)
})

test('what a process that died left in the log is in the database before the first new write', async () => {
  using folder = new TemporaryFolder()
  using found = new TemporaryFolder()
  {
    await using store = await openSqliteStore(folder.path, 1)
    for (let i = 0; i < 20; i++)
      await store.blobs.save(await stage(store, Buffer.from(`body ${i}`)), 'archive')
    for (const end of ['', '-wal']) cpSync(folder.file(`kep.db${end}`), found.file(`kep.db${end}`))
  }
  expect(statSync(found.file('kep.db-wal')).size).toBeGreaterThan(100_000)
  await using store = await openSqliteStore(found.path, 2)
  // Opening writes a little itself; nothing of what was found may lie under it.
  expect(statSync(found.file('kep.db-wal')).size).toBeLessThan(100_000)
  await using check = new DatabaseSync(found.file('kep.db'), { readOnly: true })
  expect(check.prepare('SELECT count(*) AS n FROM blobs').get()).toEqual({ n: 20 })
  await store.blobs.save(await stage(store, Buffer.from('one more')), 'archive')
})
