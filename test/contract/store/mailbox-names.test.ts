import { describe, expect, test } from 'vitest'
import type { Store } from '../../../storage/port.ts'
import { message } from './material.ts'
import { stores } from './stores.ts'

const namesOf = async (store: Store, account = 'a') =>
  (await store.mailboxes.list(account)).map((row) => row.name).sort()

async function make(store: Store, names: readonly string[], account = 'a') {
  const ids = new Map<string, string>()
  for (const name of names) ids.set(name, (await store.mailboxes.create(account, name, {})).id)
  return (name: string) => ids.get(name) ?? ''
}

describe.each(stores)('$name: mailbox names', ({ name, open }) => {
  test('what was made is listed and found by exactly its name, in its account, after a restart', async () => {
    await using under = await open()
    const made = await under.store.mailboxes.create('a', 'Gönderilmiş', { specialUse: '\\Sent', fixed: true })
    expect(made).toMatchObject({ account: 'a', name: 'Gönderilmiş', specialUse: '\\Sent', fixed: true })
    const plain = await under.store.mailboxes.create('a', 'X', {})
    const { mailboxes } = await under.reopen()
    expect(await mailboxes.list('a')).toEqual(expect.arrayContaining([made, plain]))
    expect(await mailboxes.byName('a', 'Gönderilmiş')).toEqual(made)
    for (const other of ['gönderilmiş', 'Gönderilmi%', 'Gönderilmi_', 'Go\u0308nderilmiş'])
      expect(await mailboxes.byName('a', other)).toBeUndefined()
    expect(await mailboxes.byName('b', 'X')).toBeUndefined()
    expect(await mailboxes.list('b')).toEqual([])
    await expect(mailboxes.create('a', 'X', {})).rejects.toMatchObject({ code: 'MAILBOX_EXISTS' })
    expect(await mailboxes.head(plain.id)).toEqual({
      uidValidity: plain.uidValidity,
      uidNext: 1,
      modseq: expect.any(Number),
      exists: 0,
      unseen: 0,
      deleted: 0,
      bytes: 0,
    })
  })

  // That server now and then gives one number to two who count up at once, which MongoDB does not.
  const counts = test.skipIf(name === 'mongo-java-server')
  counts('of many that make one name at once, one does; all validities differ', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const made = await Promise.allSettled(Array.from({ length: 8 }, () => mailboxes.create('a', 'X', {})))
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const others = await Promise.all(Array.from({ length: 8 }, (_, i) => mailboxes.create('a', `Y${i}`, {})))
    expect(new Set(others.map((row) => row.uidValidity)).size).toBe(8)
    expect(new Set(others.map((row) => row.id)).size).toBe(8)
  })

  test('deleting takes the messages, leaves the names below, and never brings the id back', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const id = await make(under.store, ['X', 'X/Y'])
    for (const op of ['1', '2']) await mailboxes.append(id('X'), await message(under.store, op))
    await mailboxes.store(id('X'), [1], { mode: 'add', flags: ['\\Deleted'] })
    await mailboxes.expunge(id('X'), [1])
    await mailboxes.delete(id('X'))
    expect(await namesOf(under.store)).toEqual(['X/Y'])
    expect(await mailboxes.head(id('X'))).toBeUndefined()
    expect(await mailboxes.page(id('X'), 0, 9)).toEqual([])
    expect(await mailboxes.rows(id('X'), [2])).toEqual([])
    expect([...(await mailboxes.uids(id('X')))]).toEqual([])
    expect(await mailboxes.index(id('X'), 2)).toBeUndefined()
    const again = await mailboxes.create('a', 'X', {})
    expect(again.id).not.toBe(id('X'))
    expect((await mailboxes.head(again.id))?.exists).toBe(0)
  })

  test('a mailbox to which messages came since is not deleted', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const id = await make(under.store, ['X'])
    const { uidNext } = (await mailboxes.head(id('X')))!
    await mailboxes.append(id('X'), await message(under.store, '1'))
    expect(await mailboxes.delete(id('X'), uidNext)).toBe(false)
    expect(await mailboxes.head(id('X'))).toMatchObject({ exists: 1 })
    expect(await mailboxes.delete(id('X'), uidNext + 1)).toBe(true)
    expect(await mailboxes.head(id('X'))).toBeUndefined()
    await expect(mailboxes.delete(id('X'), uidNext + 1)).rejects.toMatchObject({ code: 'NO_SUCH_MAILBOX' })
  })

  test('every change of a mailbox that is gone says so', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const id = await make(under.store, ['Gone', 'There'])
    await mailboxes.append(id('There'), await message(under.store, '1'))
    await mailboxes.delete(id('Gone'))
    const appended = await message(under.store, '2')
    for (const change of [
      () => mailboxes.delete(id('Gone')),
      () => mailboxes.rename(id('Gone'), 'New'),
      () => mailboxes.append(id('Gone'), appended),
      () => mailboxes.store(id('Gone'), [1], { mode: 'add', flags: [] }),
      () => mailboxes.expunge(id('Gone'), [1]),
      () => mailboxes.changes(id('Gone'), 0, 10),
      () => mailboxes.copy(id('Gone'), [1], id('There'), 1),
      () => mailboxes.copy(id('There'), [1], id('Gone'), 1),
      () => mailboxes.move(id('Gone'), [1], id('There'), 1),
      () => mailboxes.move(id('There'), [1], id('Gone'), 1),
    ])
      await expect(change()).rejects.toMatchObject({ code: 'NO_SUCH_MAILBOX' })
    expect([...(await mailboxes.uids(id('There')))]).toEqual([1])
    expect(await mailboxes.head(id('There'))).toMatchObject({ exists: 1, uidNext: 2 })
  })

  describe('RFC 9051 §6.3.6: renaming takes exactly the names below along', () => {
    test.each([
      [
        'Turkish',
        ['İş', 'İş/Alt', 'İşler', 'iş', 'İ', 'is/Alt'],
        'İş',
        'Iş',
        ['Iş', 'Iş/Alt', 'İşler', 'iş', 'İ', 'is/Alt'],
      ],
      [
        'two forms of one letter',
        ['\u00d6', '\u00d6/a', 'O\u0308', 'O\u0308/a'],
        '\u00d6',
        'O',
        ['O', 'O/a', 'O\u0308', 'O\u0308/a'],
      ],
      [
        'wildcards of SQL',
        ['a%', 'a%/x', 'abc', 'abc/x', 'a_', 'a_/x'],
        'a%',
        'b',
        ['b', 'b/x', 'abc', 'abc/x', 'a_', 'a_/x'],
      ],
      ['one character of SQL', ['a_', 'a_/x', 'ab', 'ab/x'], 'a_', '%', ['%', '%/x', 'ab', 'ab/x']],
      ['beyond the BMP', ['📁', '📁/a', '📁/a/📄', '📁b'], '📁', 'x', ['x', 'x/a', 'x/a/📄', '📁b']],
      ['deep', ['a', 'a/b', 'a/b/c', 'a/b/c/d'], 'a/b', 'q/r', ['a', 'q/r', 'q/r/c', 'q/r/c/d']],
      ['the old name again inside', ['a', 'a/a', 'a/a/a'], 'a', 'b', ['b', 'b/a', 'b/a/a']],
      ['below itself', ['a', 'a/c', 'a/b/b'], 'a', 'a/b', ['a/b', 'a/b/c', 'a/b/b/b']],
      ['above itself', ['a/a', 'a/a/a', 'a/a/a/a'], 'a/a', 'a', ['a', 'a/a', 'a/a/a']],
      ['to an empty place beside its own', ['a', 'a/b'], 'a', 'ab', ['ab', 'ab/b']],
      ['quotes', [`a'b"`, `a'b"/x`], `a'b"`, `c\\`, [`c\\`, `c\\/x`]],
    ])('%s', async (_, before, from, to, after) => {
      await using under = await open()
      const id = await make(under.store, before)
      await make(under.store, before, 'another account')
      await under.store.mailboxes.append(id(from), await message(under.store, '1'))
      const found = await under.store.mailboxes.byName('a', from)
      await under.store.mailboxes.rename(id(from), to)
      expect(await namesOf(under.store)).toEqual([...after].sort())
      expect(await namesOf(under.store, 'another account')).toEqual([...before].sort())
      expect(await under.store.mailboxes.byName('a', to)).toEqual({ ...found, name: to })
      expect((await under.store.mailboxes.head(id(from)))?.exists).toBe(1)
    })

    test.each([
      ['the name itself', ['a', 'b'], 'a', 'b'],
      ['its own name', ['a', 'a/b'], 'a', 'a'],
      ['a name below', ['a', 'a/x', 'b/x'], 'a', 'b'],
    ])('where %s is taken, nothing is renamed', async (_, before, from, to) => {
      await using under = await open()
      const id = await make(under.store, before)
      await expect(under.store.mailboxes.rename(id(from), to)).rejects.toMatchObject({
        code: 'MAILBOX_EXISTS',
      })
      expect(await namesOf(under.store)).toEqual([...before].sort())
    })
  })

  test('subscriptions are names, with or without a mailbox, of one account', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    for (const name of ['ş', 'b', 'ş']) await mailboxes.subscribe('a', name, true)
    await mailboxes.subscribe('other', 'c', true)
    await mailboxes.subscribe('a', 'never', false)
    expect((await mailboxes.subscriptions('a')).sort()).toEqual(['b', 'ş'])
    await mailboxes.subscribe('a', 'b', false)
    const store = await under.reopen()
    expect(await store.mailboxes.subscriptions('a')).toEqual(['ş'])
  })

  test('a watcher is told of the mailbox that changed, and of both that a move changed, until it stops', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const id = await make(under.store, ['A', 'B'])
    let told = new Set<string>()
    const unwatch = mailboxes.watch((mailbox) => told.add(mailbox))
    const hints = async (act: () => Promise<unknown>) => {
      told = new Set()
      await act()
      return told
    }
    const [one, two] = [await message(under.store, '1'), await message(under.store, '2')]
    expect(await hints(() => mailboxes.append(id('A'), one))).toEqual(new Set([id('A')]))
    const deleted = { mode: 'add', flags: ['\\Deleted'] } as const
    expect(await hints(() => mailboxes.store(id('A'), [1], deleted))).toEqual(new Set([id('A')]))
    expect(await hints(() => mailboxes.copy(id('A'), [1], id('B'), 1))).toEqual(new Set([id('B')]))
    expect(await hints(() => mailboxes.expunge(id('B'), [1]))).toEqual(new Set([id('B')]))
    expect(await hints(() => mailboxes.move(id('A'), [1], id('B'), 1))).toEqual(new Set([id('A'), id('B')]))
    expect(await hints(() => mailboxes.delete(id('B')))).toEqual(new Set([id('B')]))
    unwatch()
    expect(await hints(() => mailboxes.append(id('A'), two))).toEqual(new Set())
  })
})
