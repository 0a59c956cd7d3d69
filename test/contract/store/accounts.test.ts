import { describe, expect, test } from 'vitest'
import { stores } from './stores.ts'

describe.each(stores)('$name: accounts', ({ open }) => {
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

  test('listed in order of key, in pages', async () => {
    await using under = await open()
    const { accounts } = under.store
    for (const address of ['c', 'a', 'd', 'b']) await accounts.put(address, '{}', 0)
    expect((await accounts.list('', 3)).map((row) => row.key)).toEqual(['a', 'b', 'c'])
    expect((await accounts.list('c', 3)).map((row) => row.key)).toEqual(['d'])
  })
})
