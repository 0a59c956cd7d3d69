import { describe, expect, test } from 'vitest'
import type { Store } from '../../../storage/port.ts'
import { message, stage } from './material.ts'
import { stores } from './stores.ts'

async function boxes(store: Store, ...names: string[]): Promise<string[]> {
  const ids: string[] = []
  for (const name of names) ids.push((await store.mailboxes.create('a', name, {})).id)
  return ids
}

const LARGE = Buffer.alloc(100_000, 7)

async function large(store: Store, op: string, over = {}) {
  const body = await stage(store, LARGE)
  return message(store, op, { body: body.ref, staged: [body], ...over })
}

describe.each(stores)('$name: several messages in one change', ({ open }) => {
  test('they have UIDs in a row in their order, one modseq, and are counted; repeated, they are the same', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a] = await boxes(under.store, 'A')
    await mailboxes.append(a!, await message(under.store, '0'))
    const made = async (store: Store) => [
      await message(store, 'one', { flags: ['\\Seen'] }),
      await large(store, 'two', { flags: ['\\Deleted'] }),
      // The same octets twice.
      await large(store, 'three'),
    ]
    const all = await mailboxes.appendAll(a!, await made(under.store))
    expect(all.map(({ uid, added }) => [uid, added])).toEqual([2, 3, 4].map((uid) => [uid, true]))
    expect(new Set(all.map(({ modseq }) => modseq)).size).toBe(1)
    const store = await under.reopen()
    expect(await store.mailboxes.head(a!)).toMatchObject({
      exists: 4,
      unseen: 3,
      deleted: 1,
      bytes: 1 + 3 + 200_000,
      uidNext: 5,
      modseq: all[0]!.modseq,
    })
    const rows = await store.mailboxes.page(a!, 1, 9)
    for (const [at, op] of ['one', 'two', 'three'].entries()) {
      expect((await store.blobs.read(rows[at]!.body)).length).toBe(rows[at]!.size)
      expect(Buffer.from((await store.mailboxes.index(a!, at + 2))!).toString()).toBe(`index of ${op}`)
    }
    expect(await store.mailboxes.appendAll(a!, await made(store))).toEqual(
      all.map((appended) => ({ ...appended, added: false })),
    )
    expect(await store.mailboxes.appendAll(a!, [])).toEqual([])
    expect((await store.mailboxes.head(a!))?.exists).toBe(4)
  })

  test('all or none: where one cannot be, none is, and nothing of them is kept', async () => {
    await using under = await open()
    const { mailboxes, blobs } = under.store
    const [a] = await boxes(under.store, 'A')
    const before = await mailboxes.head(a!)
    const gone = await large(under.store, 'gone')
    await gone.staged[0]!.discard()
    const unkept = await message(under.store, 'unkept')
    for (const bad of [gone, { ...unkept, staged: [] }]) {
      const good = [await message(under.store, 'good'), await message(under.store, 'other')]
      await expect(mailboxes.appendAll(a!, [good[0]!, bad, good[1]!])).rejects.toMatchObject({
        code: 'NO_SUCH_BLOB',
      })
      expect([...(await mailboxes.uids(a!))]).toEqual([])
      expect(await mailboxes.head(a!)).toEqual(before)
    }
    const lost = await message(under.store, 'to nowhere')
    await expect(mailboxes.appendAll('4711', [lost])).rejects.toMatchObject({ code: 'NO_SUCH_MAILBOX' })
    await expect(Array.fromAsync(blobs.open(lost.body))).rejects.toMatchObject({ code: 'NO_SUCH_BLOB' })
  })

  test('two of them with one join key or one operation id are one message', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a] = await boxes(under.store, 'A')
    await mailboxes.append(a!, await message(under.store, 'filed', { joinKey: 'k' }))
    const all = await mailboxes.appendAll(a!, [
      await message(under.store, '1', { joinKey: 'new' }),
      await message(under.store, '2', { joinKey: 'k' }),
      await message(under.store, '3', { joinKey: 'new' }),
      await message(under.store, '1'),
      await message(under.store, '4'),
    ])
    expect(all.map(({ uid, added }) => [uid, added])).toEqual([
      [2, true],
      [1, false],
      [2, false],
      [2, false],
      [3, true],
    ])
    expect((await mailboxes.head(a!))?.exists).toBe(3)
  })
})

describe.each(stores)('$name: a message in the place of another', ({ open }) => {
  test('in one mailbox, and from one into another; what was replaced has vanished', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a, b] = await boxes(under.store, 'A', 'B')
    for (const op of ['1', '2', '3']) await mailboxes.append(a!, await message(under.store, op))
    const { modseq } = (await mailboxes.head(a!))!
    expect(await mailboxes.replace(a!, 2, a!, await large(under.store, 'new'))).toMatchObject({
      uid: 4,
      added: true,
    })
    expect(await mailboxes.replace(a!, 1, b!, await large(under.store, 'sent'))).toMatchObject({
      uid: 1,
      added: true,
    })
    const store = await under.reopen()
    expect([...(await store.mailboxes.uids(a!))]).toEqual([3, 4])
    const changes = await store.mailboxes.changes(a!, modseq, 9)
    expect([changes.changed.map(({ uid }) => uid), changes.vanished]).toEqual([[4], [1, 2]])
    expect(changes.modseq).toBe(modseq + 2)
    expect(await store.mailboxes.head(a!)).toMatchObject({ exists: 2, unseen: 2, bytes: 100_001, uidNext: 5 })
    expect(await store.mailboxes.head(b!)).toMatchObject({ exists: 1, bytes: 100_000, uidNext: 2 })
    for (const [box, uid, op] of [
      [a!, 4, 'new'],
      [b!, 1, 'sent'],
    ] as const) {
      const [row] = await store.mailboxes.rows(box, [uid])
      expect(Buffer.from(await store.blobs.read(row!.body))).toEqual(LARGE)
      expect(Buffer.from((await store.mailboxes.index(box, uid))!).toString()).toBe(`index of ${op}`)
    }
    // Once the last message with these octets goes, nobody keeps them: neither mailbox holds them for the other.
    await store.mailboxes.store(a!, [4], { mode: 'add', flags: ['\\Deleted'] })
    await store.mailboxes.store(b!, [1], { mode: 'add', flags: ['\\Deleted'] })
    const [row] = await store.mailboxes.rows(b!, [1])
    await store.mailboxes.expunge(a!, [4])
    expect((await store.blobs.read(row!.body)).length).toBe(100_000)
    await store.mailboxes.expunge(b!, [1])
    await store.blobs.sweep(9)
    await expect(store.blobs.read(row!.body)).rejects.toMatchObject({ code: 'NO_SUCH_BLOB' })
  })

  test('where the other is gone, or a mailbox is, nothing is written; repeated, it answers as before', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a, b] = await boxes(under.store, 'A', 'B')
    for (const op of ['1', '2']) await mailboxes.append(a!, await message(under.store, op))
    for (const to of [a!, b!]) {
      expect(await mailboxes.replace(a!, 9, to, await message(under.store, 'x'))).toBeUndefined()
      const uid = to === a ? 1 : 2
      const once = await mailboxes.replace(a!, uid, to, await message(under.store, `new ${uid}`))
      expect(await mailboxes.replace(a!, uid, to, await message(under.store, `new ${uid}`))).toEqual({
        ...once,
        added: false,
      })
    }
    for (const [from, to] of [
      [a!, '4711'],
      ['4711', a!],
    ] as const)
      await expect(mailboxes.replace(from, 3, to, await message(under.store, 'y'))).rejects.toMatchObject({
        code: 'NO_SUCH_MAILBOX',
      })
    expect([...(await mailboxes.uids(a!))]).toEqual([3])
    expect([...(await mailboxes.uids(b!))]).toEqual([1])
    // The mailbox is as free as before: nothing waits to leave it.
    expect((await mailboxes.move(a!, [3], b!, 1)).pairs).toEqual([[3, 2]])
  })

  test('it joins another message, never the one that goes; the same octets stay', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a, b] = await boxes(under.store, 'A', 'B')
    const keyed = (op: string) => large(under.store, op, { joinKey: 'k' })
    await mailboxes.append(a!, await keyed('1'))
    expect(await mailboxes.replace(a!, 1, a!, await keyed('2'))).toMatchObject({ uid: 2, added: true })
    await mailboxes.append(b!, await keyed('filed'))
    expect(await mailboxes.replace(a!, 2, b!, await keyed('3'))).toMatchObject({ uid: 1, added: false })
    expect(await mailboxes.head(a!)).toMatchObject({ exists: 0 })
    const [row] = await mailboxes.page(b!, 0, 9)
    expect(Buffer.from(await under.store.blobs.read(row!.body))).toEqual(LARGE)
  })

  test('of many that replace one message at once, one does', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a, b] = await boxes(under.store, 'A', 'B')
    await mailboxes.append(a!, await message(under.store, '1'))
    const all = await Promise.all(
      Array.from({ length: 8 }, async (_, i) =>
        mailboxes.replace(a!, 1, i % 2 === 0 ? a! : b!, await message(under.store, `r${i}`)),
      ),
    )
    expect(all.filter((one) => one !== undefined)).toHaveLength(1)
    const heads = await Promise.all([a!, b!].map((box) => mailboxes.head(box)))
    expect(heads[0]!.exists + heads[1]!.exists).toBe(1)
  })
})
