import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { StoreKeys } from '../../../storage/encryption/store-key.ts'
import { openMongoStore } from '../../../storage/mongodb/store.ts'
import type { Store } from '../../../storage/port.ts'
import { openSqliteStore } from '../../../storage/sqlite/store.ts'
import { fillStore } from '../../../storage/transfer/fill-store.ts'
import { startMongoServer } from '../../fakes/mongo-server/server.ts'
import { TemporaryFolder } from '../../fakes/temporary-folder.ts'
import { message } from './material.ts'
import { stores } from './stores.ts'

const FILTER = Buffer.from('gizli-sozlesme')
const filters = (...uids: number[]) => new Map(uids.map((uid) => [uid, FILTER]))

async function boxWith(store: Store, name: string, count: number): Promise<string> {
  const { id } = await store.mailboxes.create('a', name, {})
  for (let n = 0; n < count; n++) await store.mailboxes.append(id, await message(store, `${name}${n}`))
  return id
}

const filtersIn = async ({ mailboxes }: Store, id: string) =>
  [...(await mailboxes.textFilters(id, [1, 2, 3, 4, 5, 6, 7, 8]))]
    .map(([uid, octets]) => [uid, Buffer.from(octets).toString()])
    .sort()

describe.each(stores)('$name: text filters', ({ open }) => {
  test('they lie beside messages that are there, are made anew, and last', async () => {
    await using under = await open()
    const box = await boxWith(under.store, 'A', 3)
    const { mailboxes } = under.store
    expect(await mailboxes.withoutTextFilter(box, 0, 9)).toEqual({ uids: [1, 2, 3], next: undefined })
    await mailboxes.setTextFilters(box, new Map([[1, Buffer.from('first')], ...filters(3, 7)]))
    await mailboxes.setTextFilters(box, filters(1))
    expect((await mailboxes.withoutTextFilter(box, 0, 9)).uids).toEqual([2])
    expect(await mailboxes.withoutTextFilter(box, 2, 9)).toEqual({ uids: [], next: undefined })
    const store = await under.reopen()
    expect(await filtersIn(store, box)).toEqual([
      [1, 'gizli-sozlesme'],
      [3, 'gizli-sozlesme'],
    ])
    expect([...(await store.mailboxes.textFilters(box, [2, 3])).keys()]).toEqual([3])
    await store.mailboxes.setTextFilters('999999', filters(1))
    expect(await store.mailboxes.textFilters('999999', [1])).toEqual(new Map())
  })

  test('so many are looked at and no more', async () => {
    await using under = await open()
    const box = await boxWith(under.store, 'A', 6)
    await under.store.mailboxes.setTextFilters(box, filters(1, 4))
    expect(await under.store.mailboxes.withoutTextFilter(box, 0, 3)).toEqual({ uids: [2, 3], next: 3 })
    expect(await under.store.mailboxes.withoutTextFilter(box, 3, 3)).toEqual({ uids: [5, 6], next: 6 })
    expect(await under.store.mailboxes.withoutTextFilter(box, 6, 3)).toEqual({ uids: [], next: undefined })
  })

  test('nobody is told of them', async () => {
    await using under = await open()
    const box = await boxWith(under.store, 'A', 1)
    const before = await under.store.mailboxes.head(box)
    await under.store.mailboxes.setTextFilters(box, filters(1))
    await under.store.mailboxes.clearTextFilters(box)
    expect(await under.store.mailboxes.head(box)).toEqual(before)
    expect((await under.store.mailboxes.changes(box, before!.modseq, 9)).changed).toEqual([])
  })

  test('flags leave them alone; copies and moves take them along, what goes takes them away', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a, b] = [await boxWith(under.store, 'A', 4), await boxWith(under.store, 'B', 0)]
    await mailboxes.setTextFilters(a, filters(1, 2, 3))
    await mailboxes.store(a, [1, 2], { mode: 'add', flags: ['\\Deleted'] })
    await mailboxes.copy(a, [1, 4], b, 7)
    await mailboxes.copy(a, [1], a, 7)
    await mailboxes.move(a, [3, 4], b, 7)
    expect((await filtersIn(under.store, b)).map(([uid]) => uid)).toEqual([1, 3])
    expect((await filtersIn(under.store, a)).map(([uid]) => uid)).toEqual([1, 2, 5])
    await mailboxes.expunge(a, [1, 2])
    expect((await filtersIn(under.store, a)).map(([uid]) => uid)).toEqual([5])
    await mailboxes.setTextFilters(a, filters(1, 3))
    expect((await filtersIn(under.store, a)).map(([uid]) => uid)).toEqual([5])
    await mailboxes.delete(b)
    expect(await mailboxes.textFilters(b, [1, 3])).toEqual(new Map())
  })

  test('those of one mailbox are cleared, however many', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a, b] = [await boxWith(under.store, 'A', 1), await boxWith(under.store, 'B', 1)]
    const many = await Promise.all(
      Array.from({ length: 450 }, (_, n) => message(under.store, 'same', { opId: `m${n}` })),
    )
    await mailboxes.appendAll(a, many)
    await mailboxes.setTextFilters(a, filters(...(await mailboxes.uids(a))))
    await mailboxes.setTextFilters(b, filters(1))
    expect((await mailboxes.withoutTextFilter(a, 0, 1_000)).uids).toEqual([])
    expect(await mailboxes.clearTextFilters(a)).toBe(451)
    expect(await mailboxes.clearTextFilters(a)).toBe(0)
    expect((await mailboxes.withoutTextFilter(a, 0, 1_000)).uids.length).toBe(451)
    expect(await mailboxes.textFilters(a, [1, 400])).toEqual(new Map())
    expect((await mailboxes.textFilters(b, [1])).size).toBe(1)
  })

  test('a copy of the store has none, and says of all that they have none', async () => {
    await using from = await open()
    await using to = await open()
    const box = await boxWith(from.store, 'A', 2)
    await from.store.mailboxes.setTextFilters(box, filters(1, 2))
    const source = {
      records: () => from.store.copy.records(),
      open: (ref: Parameters<Store['blobs']['open']>[0]) => from.store.blobs.open(ref),
    }
    await fillStore(to.store, source)
    expect((await to.store.mailboxes.withoutTextFilter(box, 0, 9)).uids).toEqual([1, 2])
  })

  test('MIME indexes of many messages come by one question', async () => {
    await using under = await open()
    const box = await boxWith(under.store, 'A', 3)
    await under.store.mailboxes.setTextFilters(box, filters(1))
    await under.store.mailboxes.move(box, [2], await boxWith(under.store, 'B', 0), 7)
    const found = await under.store.mailboxes.indexes(box, [1, 2, 3, 9])
    expect([...found].sort().map(([uid, octets]) => [uid, Buffer.from(octets).toString()])).toEqual([
      [1, 'index of A0'],
      [3, 'index of A2'],
    ])
    expect(await under.store.mailboxes.indexes('999999', [1])).toEqual(new Map())
  })
})

test('SQLite: filters are sealed where bodies are, and without the key there are none', async () => {
  using folder = new TemporaryFolder()
  const keys = new StoreKeys([randomBytes(32)])
  const sealed = await openSqliteStore(folder.path, 1, { keys })
  const box = await boxWith(sealed, 'A', 1)
  await sealed.mailboxes.setTextFilters(box, filters(1))
  await sealed.mailboxes.copy(box, [1], box, 2)
  expect((await filtersIn(sealed, box)).length).toBe(2)
  for (const file of readdirSync(folder.path).filter((name) => name.startsWith('kep.db')))
    expect(readFileSync(folder.file(file)).includes(FILTER)).toBe(false)
  await sealed[Symbol.asyncDispose]()
  await using without = await openSqliteStore(folder.path, 1)
  expect(await filtersIn(without, box)).toEqual([])
})

test('MongoDB: filters are sealed where bodies are, also on their way, and without the key there are none', async () => {
  await using server = await startMongoServer()
  const uri = server.uri.replace('/?', '/filters?')
  let isTold = false
  server.onWrite({
    before: ({ body }) => {
      isTold ||= holds(body)
    },
  })
  await using sealed = await openMongoStore({ uri, now: 0, keys: new StoreKeys([randomBytes(32)]) })
  const box = await boxWith(sealed, 'A', 1)
  await sealed.mailboxes.setTextFilters(box, filters(1))
  await sealed.mailboxes.copy(box, [1], box, 2)
  expect((await filtersIn(sealed, box)).length).toBe(2)
  expect(isTold).toBe(false)
  await using without = await openMongoStore({ uri, now: 0 })
  expect(await filtersIn(without, box)).toEqual([])
})

function holds(value: unknown): boolean {
  if (value instanceof Uint8Array) return Buffer.from(value).includes(FILTER)
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some(holds)
}
