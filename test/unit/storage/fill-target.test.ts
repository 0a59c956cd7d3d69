import { mkdirSync, readdirSync, renameSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openFillTarget } from '../../../storage/fill-target.ts'
import { openStore } from '../../../storage/open-store.ts'
import { TemporaryFolder } from '../../fakes/temporary-folder.ts'

const SETTINGS = { keys: [], checkAtStart: 'small' } as const
const NOW = Date.UTC(2026, 0, 1)
const fill = (folder: TemporaryFolder, replaces = false) =>
  openFillTarget(folder.path, SETTINGS, { now: NOW, what: 'a backup', replaces })
const start = async (folder: TemporaryFolder) =>
  (await openStore(folder.path, SETTINGS, NOW)).store[Symbol.asyncDispose]()

test('a filling that died: no new, empty store takes its place; repeated, it comes to its end', async () => {
  using folder = new TemporaryFolder()
  const died = await fill(folder)
  await died.store.mailboxes.create('a@x', 'INBOX', {})
  await died.store[Symbol.asyncDispose]()
  await expect(start(folder)).rejects.toMatchObject({
    code: 'BEING_FILLED',
    message: expect.stringContaining(folder.file('store.filling')),
  })
  await using target = await fill(folder)
  expect(await target.store.copy.isEmpty()).toBe(true)
  await target.store.mailboxes.create('a@x', 'INBOX', {})
  expect(await target.finish()).toBeUndefined()
  await start(folder)
  expect(readdirSync(folder.path)).toEqual(['store'])
})

test('one that was refused leaves nothing behind', async () => {
  using folder = new TemporaryFolder()
  await (await fill(folder))[Symbol.asyncDispose]()
  expect(readdirSync(folder.path)).toEqual([])
})

test('a look whether it may be filled does not leave the second copy behind', async () => {
  using folder = new TemporaryFolder()
  const settings = { ...SETTINGS, replica: folder.file('copy') }
  const withCopy = async () => (await openStore(folder.path, settings, NOW)).store
  {
    await using store = await withCopy()
    await store.mailboxes.create('a@x', 'INBOX', {})
  }
  await expect(fill(folder)).rejects.toMatchObject({ code: 'NOT_EMPTY' })
  await (await withCopy())[Symbol.asyncDispose]()
  expect(readdirSync(folder.file('copy')).filter((name) => name.includes('before'))).toEqual([])
})

test('power lost between the two renames of a replacement: the same', async () => {
  using folder = new TemporaryFolder()
  await start(folder)
  mkdirSync(folder.file('store.filling'))
  await start(folder) // one that has not begun to take its place is in nobody's way
  renameSync(folder.file('store'), folder.file('store.before-2026'))
  await expect(start(folder)).rejects.toMatchObject({ code: 'BEING_FILLED' })
})

test('a store that holds something is filled only where it may be put aside', async () => {
  using folder = new TemporaryFolder()
  {
    await using store = (await openStore(folder.path, SETTINGS, NOW)).store
    await store.mailboxes.create('a@x', 'INBOX', {})
  }
  await expect(fill(folder)).rejects.toMatchObject({ code: 'NOT_EMPTY' })
  await using target = await fill(folder, true)
  expect(await target.finish()).toBe(folder.file('store.before-2026-01-01T000000.000Z'))
})
