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
