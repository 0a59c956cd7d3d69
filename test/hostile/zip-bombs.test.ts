import { deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { checkSizes, MAX_INFLATED, readEntry } from '../../mail/zip-content.ts'
import { MAX_ENTRIES, readZipDirectory, type StoredOctets } from '../../mail/zip-directory.ts'
import { stored, type ZipPart, type ZipShape, zip } from '../fakes/zip.ts'

const signal = new AbortController().signal

async function readAll(file: StoredOctets): Promise<string[]> {
  const entries = await readZipDirectory(file)
  checkSizes(entries)
  for (const entry of entries) await readEntry(file, entry, signal)
  return entries.map(({ name }) => name)
}
const a: ZipPart = { name: 'a', content: 'Merhaba' }
const b: ZipPart = { name: 'b', content: 'Dünya' }
const first = zip([a]).indexOf(Buffer.from([0x50, 0x4b, 1, 2]))

test.each<[string, ZipPart[], ZipShape]>([
  ['deflated and stored', [a, { ...b, stored: true }], {}],
  ['streamed', [{ ...a, claims: { flags: 8 }, local: { size: 0, compressed: 0, crc: 0 } }, b], {}],
  ['streamed with 64-bit sizes', [{ ...a, wide: true, local: { flags: 8, size: 0, compressed: 0 } }], {}],
  ['with 64-bit sizes', [{ ...a, wide: true }], {}],
  ['with a comment', [a, b], { comment: Buffer.from('a comment') }],
  [
    'an empty file in a folder',
    [
      { name: 'x/', stored: true },
      { name: 'x/y', stored: true },
    ],
    {},
  ],
  ['nothing in it', [], {}],
])('lawful: %s', async (_, parts, shape) => {
  expect(await readAll(stored(zip(parts, shape)))).toEqual(parts.map(({ name }) => name))
})

const bomb = deflateRawSync(Buffer.alloc(3_000_000))
const lies: [string, string, ZipPart[], ZipShape][] = [
  ['MALFORMED', 'octets before the first entry', [a], { prefix: Buffer.from('#!/bin/sh\n') }],
  ['MALFORMED', 'a list that lies elsewhere', [a], { shift: -1 }],
  ['MALFORMED', 'fewer in the list than said', [a], { count: 2 }],
  ['MALFORMED', 'more in the list than said', [a, b], { count: 1 }],
  ['MALFORMED', 'another name at the entry', [{ ...a, claims: { localName: 'z' } }], {}],
  ['MALFORMED', 'another method at the entry', [{ ...a, local: { method: 0 } }], {}],
  ['MALFORMED', 'another size at the entry', [{ ...a, local: { size: 8 } }], {}],
  ['MALFORMED', 'another length at the entry', [{ ...a, local: { compressed: 1 } }], {}],
  ['MALFORMED', 'another checksum at the entry', [{ ...a, local: { crc: 1 } }], {}],
  ['MALFORMED', 'none of these, though it is not streamed', [{ ...a, local: { crc: 0 } }], {}],
  ['MALFORMED', 'others, though it is streamed', [{ ...a, local: { flags: 8, size: 8 } }], {}],
  ['MALFORMED', 'another 64-bit size at the entry', [{ ...a, wide: true, local: { size: 8 } }], {}],
  ['ENCRYPTED', 'a password at the entry alone', [{ ...a, local: { flags: 1 } }], {}],
  ['MALFORMED', 'stored, but of two sizes', [{ ...a, stored: true, claims: { size: 1 } }], {}],
  ['TOO_MANY_ENTRIES', 'a list without end', [a], { count: MAX_ENTRIES + 1 }],
  [
    'TWO_DIRECTORIES',
    'a second end record in the comment',
    [a],
    { comment: Buffer.from([0x50, 0x4b, 5, 6, ...Buffer.alloc(18)]) },
  ],
  ['DUPLICATE_NAME', 'a name twice', [a, { ...a, content: 'x' }], {}],
  ['DUPLICATE_NAME', 'a name twice but for its case', [a, { ...b, name: 'A' }], {}],
  ['ENCRYPTED', 'a password', [{ ...a, claims: { flags: 1 } }], {}],
  ['UNKNOWN_METHOD', 'another compression', [{ ...a, claims: { method: 12 } }], {}],
  ['OVERLAP', 'two entries in the same octets', [a, { ...b, name: 'a2', claims: { offset: 0 } }], {}],
  ['OVERLAP', 'an entry that runs into the list', [{ ...a, claims: { compressed: first } }], {}],
  ['OVERLAP', 'an entry beyond the file', [a, { ...b, claims: { offset: 1_000_000 } }], {}],
  ['BOMB', 'what grows a thousandfold', [{ name: 'a', content: Buffer.alloc(3_000_000) }], {}],
  ['BROKEN_CONTENT', 'a bomb that claims to be small', [{ ...a, packed: bomb }], {}],
  ['BROKEN_CONTENT', 'less than it claims', [{ ...a, claims: { size: 8 } }], {}],
  ['BROKEN_CONTENT', 'another checksum', [{ ...a, claims: { crc: 1 } }], {}],
  ['BROKEN_CONTENT', 'no deflate', [{ ...a, packed: Buffer.from('junk junk') }], {}],
  [
    'BROKEN_CONTENT',
    'octets behind the content',
    [{ ...a, packed: Buffer.concat([deflateRawSync(Buffer.from('Merhaba')), Buffer.from('hidden')]) }],
    {},
  ],
  [
    'BROKEN_CONTENT',
    'an end that is missing',
    [{ ...a, packed: deflateRawSync(Buffer.from('Merhaba')).subarray(0, -2) }],
    {},
  ],
  ...['/etc/passwd', '../x', 'x/../../y', 'x/..', 'C:\\x', 'C:x', 'x\\y', 'x\0y', '', 'x//y', './x'].map(
    (name): [string, string, ZipPart[], ZipShape] => [
      'UNSAFE_NAME',
      JSON.stringify(name),
      [{ ...a, name }],
      {},
    ],
  ),
  ['UNSAFE_NAME', 'a name without end', [{ ...a, name: 'x'.repeat(2000) }], {}],
]
test.each(lies)('%s: %s', async (code, _, parts, shape) => {
  await expect(readAll(stored(zip(parts, shape)))).rejects.toMatchObject({ code })
})

test('octets that are no ZIP file', async () => {
  for (const octets of ['', 'Merhaba', 'x'.repeat(70_000)])
    await expect(readAll(stored(Buffer.from(octets)))).rejects.toMatchObject({ code: 'NOT_A_ZIP' })
})

test('every octet changed alone: an error of its own kind or a file that says the same, never anything else', async () => {
  const octets = zip([a, b])
  for (let at = 0; at < octets.length; at++) {
    const changed = Buffer.from(octets)
    changed[at] = changed[at]! ^ 0x55
    const result = await readAll(stored(changed)).catch((error: unknown) => error)
    if (!Array.isArray(result)) expect(result).toMatchObject({ name: 'ZipError' })
  }
})

describe('work is bounded', () => {
  test('more than can be inflated in time is refused by what the list says, before anything is read', () => {
    const entry = {
      name: 'x',
      deflated: true,
      crc32: 0,
      compressed: MAX_INFLATED / 20,
      size: MAX_INFLATED / 2,
      dataStart: 0,
    }
    checkSizes([entry, entry])
    expect(() => checkSizes([entry, entry, { ...entry, size: 1, compressed: 1 }])).toThrow('TOO_LARGE')
  })

  test('a bomb is left with the first octets too many', async () => {
    const file = stored(zip([{ ...a, packed: deflateRawSync(Buffer.alloc(50_000_000)) }]))
    const [entry] = await readZipDirectory(file)
    let seen = 0
    const read = readEntry(file, entry!, signal, (piece) => {
      seen += piece.length
    })
    await expect(read).rejects.toMatchObject({ code: 'BROKEN_CONTENT' })
    expect(seen).toBe(0)
  })

  test('who waits no longer stops it', async () => {
    const abort = new AbortController()
    const content = Buffer.alloc(900_000, 'abcdefgh')
    const file = stored(zip([{ name: 'a', content }]))
    const [entry] = await readZipDirectory(file)
    await expect(readEntry(file, entry!, abort.signal, () => abort.abort())).rejects.toMatchObject({
      name: 'AbortError',
    })
  })
})
