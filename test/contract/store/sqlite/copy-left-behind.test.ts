import { cpSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openSqliteStore } from '../../../../storage/sqlite/store.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'
import { stage } from '../material.ts'

test('a store that was used for a while without its second copy makes the copy anew, and then has all in it', async () => {
  using folder = new TemporaryFolder()
  const [first, copy] = [folder.file('first'), folder.file('copy')]
  const octets = Buffer.alloc(100_000, 'x')
  for (const [key, settings] of [
    ['with', { replica: copy }],
    ['without', {}],
    ['with again', { replica: copy }],
  ] as const) {
    await using store = await openSqliteStore(first, 1, settings)
    await store.accounts.put(key, '{}', 0)
    await store.blobs.save(await stage(store, Buffer.concat([octets, Buffer.from(key)])), 'archive')
  }
  await using alone = await openSqliteStore(copy, 1)
  expect((await alone.accounts.list('', 9)).map(({ key }) => key)).toEqual(['with', 'with again', 'without'])
  let blobs = 0
  for await (const record of alone.copy.records()) {
    if (record.kind !== 'blob') continue
    await alone.blobs.read(record.ref) // its hash is checked
    blobs++
  }
  expect(blobs).toBe(3)
})

test('a first disk that comes back empty never empties the copy, which is all that is left', async () => {
  using folder = new TemporaryFolder()
  const copy = folder.file('copy')
  {
    await using store = await openSqliteStore(folder.file('first'), 1, { replica: copy })
    await store.accounts.put('a', '{}', 0)
  }
  const refusal = openSqliteStore(folder.file('new'), 1, { replica: copy })
  await expect(refusal).rejects.toMatchObject({ code: 'NOT_EMPTY', message: expect.stringContaining(copy) })
  await using alone = await openSqliteStore(copy, 1, { replica: folder.file('another') })
  expect((await alone.accounts.get('a'))?.version).toBe(1)
})

test('a copy that knows more than the first, which was put back to an older state, is put aside', async () => {
  using folder = new TemporaryFolder()
  const [first, copy] = [folder.file('first'), folder.file('copy')]
  const open = () => openSqliteStore(first, 1, { replica: copy })
  const putOnce = async (key: string) => {
    await using store = await open()
    await store.accounts.put(key, '{}', 0)
  }
  await putOnce('old')
  cpSync(first, folder.file('snapshot'), { recursive: true })
  await putOnce('new')
  rmSync(first, { recursive: true })
  renameSync(folder.file('snapshot'), first)
  await putOnce('later')
  const aside = readdirSync(copy).find((name) => name.startsWith('kep.db.before-'))
  renameSync(join(copy, aside ?? ''), folder.file('kep.db'))
  await using before = await openSqliteStore(folder.path, 1)
  expect((await before.accounts.list('', 9)).map(({ key }) => key)).toEqual(['new', 'old'])
})
