import { randomBytes } from 'node:crypto'
import { chmod, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { readStoreKeys, StoreKeyError } from '../../../../storage/encryption/read-keys.ts'
import { DoesNotOpen } from '../../../../storage/encryption/sealed-octets.ts'
import { StoreKeys } from '../../../../storage/encryption/store-key.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'

const octets = randomBytes(32)

describe('the keys of a store', () => {
  test('what was wrapped opens for its use alone', () => {
    const keys = new StoreKeys([randomBytes(32)])
    const wrapped = keys.wrap(octets, 'one')
    expect(Buffer.from(keys.unwrap(wrapped, 'one')).equals(octets)).toBe(true)
    expect(() => keys.unwrap(wrapped, 'other')).toThrow(DoesNotOpen)
    expect(wrapped.includes(octets)).toBe(false)
    expect(keys.wrap(octets, 'one').equals(wrapped)).toBe(false)
  })

  test('a new key wraps, an old one still opens; without it the error names which is missing', () => {
    const [old, fresh] = [randomBytes(32), randomBytes(32)]
    const before = new StoreKeys([old])
    const wrapped = before.wrap(octets, 'one')
    const both = new StoreKeys([fresh, old])
    expect(Buffer.from(both.unwrap(wrapped, 'one')).equals(octets)).toBe(true)
    expect(both.id).not.toBe(before.id)
    const after = new StoreKeys([fresh])
    expect(() => after.unwrap(wrapped, 'one')).toThrow(before.id)
    expect(Buffer.from(after.unwrap(both.wrap(octets, 'one'), 'one')).equals(octets)).toBe(true)
  })

  test('a key has 32 octets', () => {
    for (const length of [0, 16, 31, 33])
      expect(() => new StoreKeys([randomBytes(length)])).toThrow(RangeError)
    expect(() => new StoreKeys([])).toThrow(RangeError)
  })
})

describe('where a key comes from', () => {
  test.each([
    ['octets', octets],
    ['hex', Buffer.from(`${octets.toString('hex')}\n`)],
    ['base64', Buffer.from(` ${octets.toString('base64')} \n`)],
  ])('a file of %s', async (_, content) => {
    using folder = new TemporaryFolder()
    await writeFile(folder.file('key'), content)
    const keys = await readStoreKeys([{ file: folder.file('key') }])
    expect(keys?.id).toBe(new StoreKeys([octets]).id)
  })

  test('a program, which is run without a shell', async () => {
    using folder = new TemporaryFolder()
    const program = folder.file('give')
    await writeFile(program, `#!/bin/sh\nprintf '%s' "$1"\n`)
    await chmod(program, 0o700)
    const keys = await readStoreKeys([{ command: [program, octets.toString('hex'), '$(reboot)'] }])
    expect(keys?.id).toBe(new StoreKeys([octets]).id)
  })

  test('nowhere: then nothing is sealed', async () => {
    expect(await readStoreKeys([])).toBeUndefined()
  })

  test('what cannot be had, and what is no key, is refused with its source and without its content', async () => {
    using folder = new TemporaryFolder()
    await writeFile(folder.file('short'), 'gizli')
    for (const source of [
      { file: folder.file('none') },
      { file: folder.file('short') },
      { command: ['/nonexistent'] },
      { command: ['/bin/false'] },
      { command: ['/bin/echo', 'gizli'] },
    ]) {
      const error = await readStoreKeys([source]).catch((cause: unknown) => cause)
      expect(error).toBeInstanceOf(StoreKeyError)
      expect(String(error)).toContain('file' in source ? source.file : source.command[0])
      expect(String(error)).not.toContain('gizli')
    }
  })
})
