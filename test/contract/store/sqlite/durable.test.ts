import { randomBytes } from 'node:crypto'
import type * as Promises from 'node:fs/promises'
import { basename } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { Database } from '../../../../storage/sqlite/database.ts'
import { openSqliteStore } from '../../../../storage/sqlite/store.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'
import { message, stage } from '../material.ts'

/** What was asked of the file system, in order; and how many octets it takes at a time. */
const disk = vi.hoisted(() => {
  vi.resetModules() // a file that ran before in this worker may have loaded the store with the real module
  return { log: [] as string[], takes: Infinity }
})
afterAll(() => {
  vi.resetModules()
})

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof Promises>()
  return {
    ...real,
    open: async (path: string, flags: string, mode?: number) => {
      const handle = await real.open(path, flags, mode)
      const writev = handle.writev.bind(handle)
      vi.spyOn(handle, 'writev').mockImplementation(async (pieces) => {
        const octets = pieces.reduce((sum, piece) => sum + piece.byteLength, 0)
        if (octets <= disk.takes) return writev(pieces)
        return { bytesWritten: disk.takes, buffers: [] }
      })
      for (const name of ['sync', 'datasync'] as const) {
        const sync = handle[name].bind(handle)
        vi.spyOn(handle, name).mockImplementation(async () => {
          await sync()
          disk.log.push(`${name} ${path.includes('incoming') ? 'file' : basename(path)}`)
        })
      }
      return handle
    },
    rename: async (from: string, to: string) => {
      await real.rename(from, to)
      disk.log.push('rename')
    },
  }
})

test('the writer’s connection is durable by its settings, whatever SQLite was built with', () => {
  using folder = new TemporaryFolder()
  const db = new Database(folder.file('kep.db'), 'writer')
  const setting = (name: string) => Object.values(db.get(`PRAGMA ${name}`) ?? {})[0]
  expect(setting('journal_mode')).toBe('wal')
  expect(setting('synchronous')).toBe(2) // FULL: each commit is synced, not each checkpoint
  expect(setting('foreign_keys')).toBe(1)
  expect(setting('busy_timeout')).toBeGreaterThan(0)
  db.close()
  const reader = new Database(folder.file('kep.db'), 'reader')
  expect(() => reader.exec('CREATE TABLE x (y)')).toThrow()
  reader.close()
})

test('a large blob: its octets are synced, then named, then each folder on the way down, before the row names it', async () => {
  using folder = new TemporaryFolder()
  await using store = await openSqliteStore(folder.path, 1)
  const box = await store.mailboxes.create('a', 'A', {})
  const octets = randomBytes(200_000)
  for (const [turn, folders] of [
    [1, 3],
    [2, 1],
  ] as const) {
    disk.log.length = 0
    const staged = await stage(store, octets)
    expect(disk.log).toEqual(['datasync file'])
    const appending = store.mailboxes.append(
      box.id,
      await message(store, `${turn}`, { body: staged.ref, staged: [staged] }),
    )
    const unnamed = store.mailboxes.rows(box.id, [turn])
    expect(await unnamed).toEqual([])
    await appending
    const { hash } = staged.ref
    const down = [`sync ${hash.slice(0, 2)}`, 'sync blobs']
    expect(disk.log).toEqual([
      'datasync file',
      ...(folders === 3 ? down : []),
      'rename',
      `sync ${hash.slice(2, 4)}`,
    ])
  }
})

test('a folder that another blob is just making is waited for, not taken for durable', async () => {
  using folder = new TemporaryFolder()
  await using store = await openSqliteStore(folder.path, 1)
  const octets = randomBytes(200_000)
  const staged = await Promise.all([stage(store, octets), stage(store, octets)])
  disk.log.length = 0
  await Promise.all(staged.map((blob) => store.blobs.save(blob, 'archive')))
  expect(disk.log.indexOf('rename')).toBeGreaterThan(disk.log.indexOf('sync blobs'))
  expect(disk.log.filter((entry) => entry === 'sync blobs')).toHaveLength(1)
})

test('a disk that takes only a part of a write: no blob comes of it', async () => {
  using folder = new TemporaryFolder()
  await using store = await openSqliteStore(folder.path, 1)
  const writer = store.blobs.create(1_000_000)
  disk.takes = 1000
  await expect(writer.write(randomBytes(200_000))).rejects.toMatchObject({ code: 'FULL' })
  disk.takes = Infinity
  for (const further of [() => writer.write(Buffer.alloc(1)), () => writer.finish()])
    await expect(further()).rejects.toMatchObject({ code: 'FULL' })
  await writer.abort()
})
