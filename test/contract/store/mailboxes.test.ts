import { describe, expect, test } from 'vitest'
import type { NewMessage, Store } from '../../../storage/port.ts'
import { stores } from './stores.ts'

async function message(store: Store, opId: string, over: Partial<NewMessage> = {}): Promise<NewMessage> {
  const writer = store.blobs.create(1000)
  await writer.write(Buffer.from(opId))
  const staged = await writer.finish()
  return {
    opId,
    body: staged.ref,
    staged: [staged],
    index: Buffer.from(`index of ${opId}`),
    flags: [],
    date: 5,
    saved: 6,
    origin: 'client',
    ...over,
  }
}

describe.each(stores)('$name: mailboxes', ({ open }) => {
  test('RFC 9051 §2.3.1.1: UIDs grow, and a name that comes back has a new UIDVALIDITY', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const box = await mailboxes.create('a', 'X', {})
    const first = await mailboxes.append(box.id, await message(under.store, '1'))
    const second = await mailboxes.append(box.id, await message(under.store, '2'))
    expect([first.uid, second.uid]).toEqual([1, 2])
    await mailboxes.store(box.id, [2], { mode: 'add', flags: ['\\Deleted'] })
    expect(await mailboxes.expunge(box.id, [1, 2])).toEqual([2])
    expect((await mailboxes.append(box.id, await message(under.store, '3'))).uid).toBe(3)
    await mailboxes.delete(box.id)
    expect((await mailboxes.create('a', 'X', {})).uidValidity).toBeGreaterThan(box.uidValidity)
  })

  test('I3: an append is one message however often it is repeated, also across a restart', async () => {
    await using under = await open()
    const box = await under.store.mailboxes.create('a', 'X', {})
    const once = await under.store.mailboxes.append(box.id, await message(under.store, 'op'))
    const store = await under.reopen()
    expect(await store.mailboxes.append(box.id, await message(store, 'op'))).toEqual({
      ...once,
      added: false,
    })
    expect((await store.mailboxes.head(box.id))?.exists).toBe(1)
  })

  test('two appends with one join key are one message, whichever comes first', async () => {
    await using under = await open()
    const box = await under.store.mailboxes.create('a', 'X', {})
    const client = await under.store.mailboxes.append(
      box.id,
      await message(under.store, 'c', { joinKey: 'k' }),
    )
    const filed = await under.store.mailboxes.append(
      box.id,
      await message(under.store, 'p', { joinKey: 'k', origin: 'pipeline' }),
    )
    expect(filed).toEqual({ ...client, added: false })
  })

  test('counters are exact after every kind of change', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const a = await mailboxes.create('a', 'A', {})
    const b = await mailboxes.create('a', 'B', {})
    for (let i = 0; i < 10; i++)
      await mailboxes.append(a.id, await message(under.store, `m${i}`, { flags: i < 3 ? ['\\Seen'] : [] }))
    await mailboxes.store(a.id, [1, 4, 5], { mode: 'add', flags: ['\\Seen', 'Etiket'] })
    await mailboxes.store(a.id, [9, 10], { mode: 'replace', flags: ['\\Deleted'] })
    expect((await mailboxes.copy(a.id, [1, 9], b.id, 7)).pairs).toEqual([
      [1, 1],
      [9, 2],
    ])
    expect((await mailboxes.move(a.id, [4, 99], b.id, 7)).pairs).toEqual([[4, 3]])
    await mailboxes.expunge(a.id, [9, 10])
    for (const box of [a, b]) {
      const rows = await mailboxes.page(box.id, 0, 100)
      expect(await mailboxes.head(box.id)).toMatchObject({
        exists: rows.length,
        unseen: rows.filter((row) => !row.flags.includes('\\Seen')).length,
        deleted: rows.filter((row) => row.flags.includes('\\Deleted')).length,
        bytes: rows.reduce((sum, row) => sum + row.size, 0),
        modseq: expect.any(Number),
      })
    }
    expect(Buffer.from((await mailboxes.index(b.id, 3))!).toString()).toBe('index of m3')
  })

  test('I7: changes tell every change once, in order, in pages of any size', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const box = await mailboxes.create('a', 'A', {})
    for (let i = 0; i < 12; i++) await mailboxes.append(box.id, await message(under.store, `m${i}`))
    await mailboxes.store(box.id, [1, 2, 3, 4], { mode: 'add', flags: ['\\Deleted'] })
    await mailboxes.expunge(box.id, [1, 2, 3])
    const head = await mailboxes.head(box.id)
    for (const limit of [1, 2, 3, 5, 100]) {
      const present = new Set<number>()
      const gone = new Set<number>()
      let since = 0
      for (let turn = 0; since < head!.modseq && turn < 50; turn++) {
        const told = await mailboxes.changes(box.id, since, limit)
        expect(told.modseq).toBeGreaterThan(since)
        for (const row of told.changed) present.add(row.uid)
        for (const uid of told.vanished) gone.add(uid)
        since = told.modseq
      }
      expect([...present].sort((x, y) => x - y)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12])
      expect([...gone]).toEqual([1, 2, 3])
    }
  })

  test('RFC 7162 §3.1.3: UNCHANGEDSINCE leaves newer messages alone', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const box = await mailboxes.create('a', 'A', {})
    const { modseq } = await mailboxes.append(box.id, await message(under.store, '1'))
    await mailboxes.append(box.id, await message(under.store, '2'))
    const { changed, refused } = await mailboxes.store(box.id, [1, 2], {
      mode: 'add',
      flags: ['\\Seen'],
      unchangedSince: modseq,
    })
    expect([changed.map((row) => row.uid), refused]).toEqual([[1], [2]])
  })

  test('renaming takes the names below along', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const box = await mailboxes.create('a', 'İş', {})
    await mailboxes.create('a', 'İş/Alt', {})
    await mailboxes.create('a', 'İşler', {})
    await mailboxes.rename(box.id, 'Yeni')
    expect((await mailboxes.list('a')).map((row) => row.name).sort()).toEqual(
      ['Yeni', 'Yeni/Alt', 'İşler'].sort(),
    )
  })
})
