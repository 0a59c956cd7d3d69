import { describe, expect, test } from 'vitest'
import { stores } from './stores.ts'

describe.each(stores)('$name: documents', ({ name, open }) => {
  test('a document is written only over the version that was read', async () => {
    await using under = await open()
    const { accounts } = under.store
    expect(await accounts.get('a')).toBeUndefined()
    expect(await accounts.put('a', '{"v":1}', 1)).toBe(false)
    expect(await accounts.put('a', '{"v":1}', 0)).toBe(true)
    expect(await accounts.put('a', '{"v":2}', 0)).toBe(false)
    expect(await accounts.put('a', '{"v":2}', 1)).toBe(true)
    expect(await accounts.put('a', '{"v":3}', 1)).toBe(false)
    const store = await under.reopen()
    expect(await store.accounts.get('a')).toEqual({ key: 'a', version: 2, document: '{"v":2}' })
  })

  test('of many who write at once, no change is lost', async () => {
    await using under = await open()
    const { accounts } = under.store
    await accounts.put('a', '0', 0)
    const add = async () => {
      for (;;) {
        const row = await accounts.get('a')
        if (await accounts.put('a', String(Number(row!.document) + 1), row!.version)) return
      }
    }
    await Promise.all(Array.from({ length: 10 }, add))
    expect(await accounts.get('a')).toEqual({ key: 'a', version: 11, document: '10' })
  })

  test('only the version that was read is removed, and its versions begin anew', async () => {
    await using under = await open()
    const { purses, ledger } = under.store
    await purses.put('a', '1', 0)
    await purses.put('a', '2', 1)
    await ledger.put('a', 'another collection', 0)
    expect(await purses.remove('a', 1)).toBe(false)
    expect(await purses.remove('b', 0)).toBe(false)
    expect(await purses.remove('a', 2)).toBe(true)
    expect(await purses.get('a')).toBeUndefined()
    expect(await purses.put('a', '3', 0)).toBe(true)
    expect((await under.store.ledger.get('a'))?.document).toBe('another collection')
  })

  // That server orders text by UTF-16, which MongoDB does not.
  test.skipIf(name === 'mongo-java-server')("listed in the order of their keys' UTF-8 octets", async () => {
    await using under = await open()
    const keys = ['z', 'ş', 'a/1', 'a/10', 'a', 'ü/x', '\u{1F4E7}', '\uFFFD']
    for (const key of keys) await under.store.listings.put(key, '{}', 0)
    const listed = (await under.store.listings.list('', 20)).map((row) => row.key)
    expect(listed).toEqual(['a', 'a/1', 'a/10', 'z', 'ü/x', 'ş', '\uFFFD', '\u{1F4E7}'])
    expect((await under.store.listings.list('ü', 1)).map((row) => row.key)).toEqual(['ü/x'])
  })

  test('listed in order of key, in pages', async () => {
    await using under = await open()
    const { accounts } = under.store
    for (const address of ['c', 'a', 'd', 'b']) await accounts.put(address, '{}', 0)
    expect((await accounts.list('', 3)).map((row) => row.key)).toEqual(['a', 'b', 'c'])
    expect((await accounts.list('c', 3)).map((row) => row.key)).toEqual(['d'])
  })
})
