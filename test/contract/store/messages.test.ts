import { describe, expect, test } from 'vitest'
import type { Store } from '../../../storage/port.ts'
import { message, stage } from './material.ts'
import { stores } from './stores.ts'

const SEEN = '\\Seen'
const DELETED = '\\Deleted'

async function boxes(store: Store, ...names: string[]): Promise<string[]> {
  const ids: string[] = []
  for (const name of names) ids.push((await store.mailboxes.create('a', name, {})).id)
  return ids
}

describe.each(stores)('$name: messages', ({ open }) => {
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

  test('I3: what was expunged or moved does not come back when its append is repeated', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a, b] = await boxes(under.store, 'A', 'B')
    const expunged = await mailboxes.append(a!, await message(under.store, '1', { flags: [DELETED] }))
    const moved = await mailboxes.append(a!, await message(under.store, '2'))
    await mailboxes.expunge(a!, [expunged.uid])
    await mailboxes.move(a!, [moved.uid], b!, 9)
    const store = await under.reopen()
    for (const [op, { uid }] of [
      ['1', expunged],
      ['2', moved],
    ] as const)
      expect(await store.mailboxes.append(a!, await message(store, op))).toMatchObject({ uid, added: false })
    expect(await store.mailboxes.head(a!)).toMatchObject({ exists: 0, uidNext: 3 })
    expect((await store.mailboxes.head(b!))?.exists).toBe(1)
  })

  test('one operation id in two mailboxes is two messages', async () => {
    await using under = await open()
    const [a, b] = await boxes(under.store, 'A', 'B')
    for (const box of [a!, b!])
      expect(await under.store.mailboxes.append(box, await message(under.store, 'op'))).toMatchObject({
        uid: 1,
        added: true,
      })
  })

  test('a join key is free again when its message is gone, and stays behind when it is copied', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a, b] = await boxes(under.store, 'A', 'B')
    const add = async (box: string, op: string) =>
      mailboxes.append(box, await message(under.store, op, { joinKey: 'k', flags: [DELETED] }))
    expect(await add(a!, '1')).toMatchObject({ uid: 1, added: true })
    expect((await mailboxes.copy(a!, [1], a!, 1)).pairs).toEqual([[1, 2]])
    expect((await mailboxes.copy(a!, [1], b!, 1)).pairs).toEqual([[1, 1]])
    expect(await add(a!, '2')).toMatchObject({ uid: 1, added: false })
    expect(await add(b!, '2')).toMatchObject({ uid: 2, added: true })
    await mailboxes.expunge(a!, [1])
    expect(await add(a!, '3')).toMatchObject({ uid: 3, added: true })
  })

  test('of many appends at once each has its UID; with one operation id or one join key they are one', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a] = await boxes(under.store, 'A')
    const many = await Promise.all(
      Array.from({ length: 30 }, async (_, i) =>
        mailboxes.append(
          a!,
          await message(
            under.store,
            i < 10 ? `m${i}` : i < 20 ? 'op' : `j${i}`,
            i < 20 ? {} : { joinKey: 'k' },
          ),
        ),
      ),
    )
    expect(many.filter(({ added }) => added)).toHaveLength(12)
    expect([...(await mailboxes.uids(a!))]).toEqual(Array.from({ length: 12 }, (_, i) => i + 1))
    expect(new Set(many.slice(10, 20).map(({ uid }) => uid)).size).toBe(1)
    expect(new Set(many.slice(20).map(({ uid }) => uid)).size).toBe(1)
  })

  test('a row comes back as it was written; its octets too, large and small, also without staging them again', async () => {
    await using under = await open()
    const [a] = await boxes(under.store, 'A')
    const delivery = { intake: 'i', recipient: 2, contentStart: 10, contentEnd: 20 }
    const body = await stage(under.store, Buffer.alloc(100_000, 7))
    const large = { body: body.ref, staged: [body], origin: 'pipeline', delivery } as const
    await under.store.mailboxes.append(a!, await message(under.store, 'x', { ...large, flags: ['$MDNSent'] }))
    await under.store.mailboxes.append(
      a!,
      await message(under.store, 'y', { ...large, staged: [], date: 1e12 }),
    )
    const store = await under.reopen()
    const [first, second] = await store.mailboxes.page(a!, 0, 9)
    expect(first).toEqual({
      uid: 1,
      modseq: expect.any(Number),
      flags: ['$MDNSent'],
      size: 100_000,
      date: 5,
      saved: 6,
      body: body.ref,
      origin: 'pipeline',
      delivery,
    })
    expect(second).toMatchObject({ uid: 2, date: 1e12, flags: [] })
    expect((await store.blobs.read(first!.body)).length).toBe(100_000)
    expect(Buffer.from((await store.mailboxes.index(a!, 1))!).toString()).toBe('index of x')
    expect(await store.mailboxes.index(a!, 3)).toBeUndefined()
    expect((await store.mailboxes.page(a!, 1, 9)).map((row) => row.uid)).toEqual([2])
    expect((await store.mailboxes.page(a!, 0, 1)).map((row) => row.uid)).toEqual([1])
    expect((await store.mailboxes.rows(a!, [2, 7])).map((row) => row.uid)).toEqual([2])
  })

  test('copy and move keep origin, delivery, flags, date and index; saved is the copy’s own', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a, b] = await boxes(under.store, 'A', 'B')
    const delivery = { intake: 'i', recipient: 1, contentStart: 1, contentEnd: 2 }
    await mailboxes.append(
      a!,
      await message(under.store, '1', { origin: 'pipeline', delivery, flags: [SEEN, 'Önemli'], date: 77 }),
    )
    await mailboxes.append(a!, await message(under.store, '2'))
    const [original] = await mailboxes.rows(a!, [1])
    const { pairs, uidValidity } = await mailboxes.copy(a!, [1], b!, 88)
    expect([pairs, uidValidity]).toEqual([[[1, 1]], (await mailboxes.head(b!))!.uidValidity])
    expect((await mailboxes.move(a!, [1, 2], b!, 99)).pairs).toEqual([
      [1, 2],
      [2, 3],
    ])
    const rows = await mailboxes.page(b!, 0, 9)
    expect(rows.map((row) => row.saved)).toEqual([88, 99, 99])
    for (const row of rows.slice(0, 2))
      expect({ ...row, uid: 1, modseq: 0, saved: 0 }).toEqual({ ...original, modseq: 0, saved: 0 })
    for (const uid of [1, 2])
      expect(Buffer.from((await mailboxes.index(b!, uid))!).toString()).toBe('index of 1')
    expect(await mailboxes.head(a!)).toMatchObject({ exists: 0, bytes: 0, uidNext: 3 })
    expect((await mailboxes.changes(a!, 0, 9)).vanished).toEqual([1, 2])
  })

  test('a move within one mailbox gives new UIDs', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a] = await boxes(under.store, 'A')
    for (const op of ['1', '2']) await mailboxes.append(a!, await message(under.store, op))
    expect((await mailboxes.move(a!, [1], a!, 9)).pairs).toEqual([[1, 3]])
    expect([...(await mailboxes.uids(a!))]).toEqual([2, 3])
    expect(await mailboxes.head(a!)).toMatchObject({ exists: 2, unseen: 2, uidNext: 4 })
  })

  test('a message that two moves want goes to one place, and moves against each other end', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a, b, c] = await boxes(under.store, 'A', 'B', 'C')
    const uids = Array.from({ length: 10 }, (_, i) => i + 1)
    for (const uid of uids) await mailboxes.append(a!, await message(under.store, `a${uid}`))
    for (const uid of uids) await mailboxes.append(b!, await message(under.store, `b${uid}`))
    const moves = await Promise.all([
      mailboxes.move(a!, uids, b!, 1),
      mailboxes.move(b!, uids, a!, 1),
      mailboxes.move(a!, uids, c!, 1),
      mailboxes.move(b!, uids, c!, 1),
    ])
    expect(moves.reduce((sum, { pairs }) => sum + pairs.length, 0)).toBe(20)
    const heads = await Promise.all([a!, b!, c!].map((box) => mailboxes.head(box)))
    expect(heads.reduce((sum, head) => sum + head!.exists, 0)).toBe(20)
  })

  describe('flags', () => {
    test.each([
      ['add', ['\\seen', 'FOO', 'Bar'], [SEEN, 'Foo', 'Bar']],
      ['remove', ['foo', '\\FLAGGED', 'none'], []],
      ['replace', ['Bar', 'fOO', '\\DRAFT'], ['\\Draft', 'Foo', 'Bar']],
      ['replace', [], []],
    ] as const)('%s %j compares without case and keeps the first spelling', async (mode, flags, after) => {
      await using under = await open()
      const { mailboxes } = under.store
      const [a] = await boxes(under.store, 'A')
      await mailboxes.append(a!, await message(under.store, '1', { flags: ['Foo', 'foo', '\\flagged'] }))
      const wanted = mode === 'add' ? ['\\Flagged', ...after] : after
      const { changed } = await mailboxes.store(a!, [1], { mode, flags })
      expect(changed[0]!.flags.toSorted()).toEqual(wanted.toSorted())
      expect((await mailboxes.rows(a!, [1]))[0]!.flags.toSorted()).toEqual(wanted.toSorted())
    })

    test.each([
      ['add', ['B', SEEN]],
      ['remove', ['c', '\\Flagged']],
      ['replace', ['b', '\\seen', 'a']],
    ] as const)('%s %j that changes nothing moves no modseq', async (mode, flags) => {
      await using under = await open()
      const { mailboxes } = under.store
      const [a] = await boxes(under.store, 'A')
      await mailboxes.append(a!, await message(under.store, '1', { flags: ['a', 'b', SEEN] }))
      const [before] = await mailboxes.rows(a!, [1])
      const head = await mailboxes.head(a!)
      const { changed, refused } = await mailboxes.store(a!, [1, 9], { mode, flags })
      expect(changed.map((row) => ({ ...row, flags: row.flags.toSorted() }))).toEqual([
        { ...before, flags: before!.flags.toSorted() },
      ])
      expect(refused).toEqual([])
      expect(await mailboxes.head(a!)).toEqual(head)
    })

    test('expunge takes only what carries \\Deleted, of the UIDs that it was given', async () => {
      await using under = await open()
      const { mailboxes } = under.store
      const [a] = await boxes(under.store, 'A')
      for (const op of ['1', '2', '3'])
        await mailboxes.append(a!, await message(under.store, op, { flags: op === '2' ? [] : [DELETED] }))
      const head = await mailboxes.head(a!)
      expect(await mailboxes.expunge(a!, [2, 9])).toEqual([])
      expect(await mailboxes.head(a!)).toEqual(head)
      expect(await mailboxes.expunge(a!, [1, 2])).toEqual([1])
      expect([...(await mailboxes.uids(a!))]).toEqual([2, 3])
    })
  })

  test('I7: one who follows the changes while others write misses nothing and sees no UID out of order', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a, b] = await boxes(under.store, 'A', 'B')
    let writing = true
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let i = 0; i < 40; i++) {
        const { uid } = await mailboxes.append(a!, await message(under.store, `w${writer}/${i}`))
        await mailboxes.store(a!, [uid, uid - 1], { mode: 'add', flags: [i % 3 === 0 ? DELETED : SEEN] })
        if (i % 5 === 0) await mailboxes.expunge(a!, [uid])
        if (i % 7 === 0) await mailboxes.move(a!, [uid - 1], b!, 1)
      }
    })
    const written = Promise.all(writers).finally(() => {
      writing = false
    })
    const known = new Map<number, string>()
    const state = (flags: readonly string[]) => flags.toSorted().join(' ')
    let since = 0
    let newest = 0
    for (let last = false; !last; ) {
      last = !writing
      const told = await mailboxes.changes(a!, since, 1000)
      expect(told.modseq).toBeGreaterThanOrEqual(since)
      for (const row of told.changed) {
        expect(row.modseq).toBeGreaterThan(since)
        expect(row.modseq).toBeLessThanOrEqual(told.modseq)
        if (!known.has(row.uid)) expect(row.uid).toBeGreaterThan(newest)
        known.set(row.uid, state(row.flags))
      }
      for (const uid of told.vanished) known.delete(uid)
      const rows = await mailboxes.page(a!, newest, 1000)
      const head = await mailboxes.head(a!)
      for (const row of rows) {
        expect(row.uid).toBeLessThan(head!.uidNext)
        expect(row.modseq).toBeLessThanOrEqual(head!.modseq)
      }
      newest = Math.max(newest, ...known.keys(), ...told.vanished)
      since = told.modseq
      await new Promise(setImmediate)
    }
    await written
    const rows = await mailboxes.page(a!, 0, 9999)
    expect(known).toEqual(new Map(rows.map((row) => [row.uid, state(row.flags)])))
  })
})
