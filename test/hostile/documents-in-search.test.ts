import { deflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { MimeIndexer } from '../../mail/mime-index.ts'
import { HtmlText } from '../../server/imap/html-text.ts'
import { documentText, MAX_DOCUMENT, MAX_XML } from '../../server/imap/search/documents/document-text.ts'
import { XmlText } from '../../server/imap/search/documents/xml-text.ts'
import { Slice } from '../../server/imap/slice.ts'
import { stored, type ZipPart, zip } from '../fakes/zip.ts'

/** The text that is found, and how many octets were read for it. */
async function read(octets: Buffer, size = octets.length): Promise<{ text: string; opened: number }> {
  const indexer = new MimeIndexer()
  indexer.push(Buffer.from('Content-Type: application/zip; name=a.docx\r\n\r\n'))
  const { root } = indexer.end()
  let opened = 0
  const open = async function* (_: unknown, range = { start: 0, end: octets.length }) {
    for await (const piece of stored(octets).open(range)) {
      opened += piece.length
      yield piece
    }
  }
  const source = {
    parts: { events: { pdfUnread: () => {} }, store: { blobs: { read: async () => octets, open } } },
    slice: new Slice(),
  }
  const part = { ...root, bodyStart: 0, bodyEnd: size }
  const text = (await Array.fromAsync(documentText(source, { hash: '', size }, part))).join('')
  return { text, opened }
}
const fine: ZipPart = { name: 'word/document.xml', content: '<p>bulunur</p>' }
const second: ZipPart = { name: 'word/comments.xml', content: '<p>sonraki</p>' }

test.each<[string, Buffer]>([
  ['no ZIP at all', Buffer.from('PK')],
  ['cut short', zip([fine]).subarray(0, 60)],
  [
    'a bomb by its claim',
    zip([{ ...fine, packed: deflateRawSync(Buffer.alloc(3_000_000)), claims: { size: 3_000_000 } }]),
  ],
  ['more than it claims', zip([{ ...fine, packed: deflateRawSync(Buffer.alloc(3_000_000, 'a')) }])],
  ['two entries over each other', zip([fine, { ...second, claims: { offset: 0 } }])],
  ['encrypted', zip([{ ...fine, claims: { flags: 1 } }])],
])('%s: nothing is found, and the next document is read', async (_, octets) => {
  expect((await read(octets)).text).toBe('')
  expect((await read(zip([fine]))).text.trim()).toBe('bulunur')
})

test('a broken file behind a whole one: what was read before it counts', async () => {
  expect((await read(zip([fine, { ...second, claims: { crc: 1 } }]))).text.trim()).toBe('bulunur')
})

test('a document beyond the bound is not opened', async () => {
  expect(await read(zip([fine]), MAX_DOCUMENT + 1)).toEqual({ text: '', opened: 0 })
})

test('an XML file beyond the bound is passed over', async () => {
  const large = Buffer.alloc(MAX_XML + 1, `<p>${'gizli '.repeat(50)}</p>`)
  expect(
    (await read(zip([{ name: 'word/document.xml', content: large, stored: true }, second]))).text.trim(),
  ).toBe('sonraki')
})

test('a search that stops in the middle, and one that fails, give their turn back', async () => {
  const octets = zip([fine])
  const indexer = new MimeIndexer()
  const part = { ...indexer.end().root, type: 'application', bodyStart: 0, bodyEnd: octets.length }
  const failing = async function* () {
    yield* [] as Buffer[]
    throw new Error('the store is gone')
  }
  const sourceOf = (open: () => AsyncIterable<Buffer>) => ({
    parts: { events: { pdfUnread: () => {} }, store: { blobs: { read: async () => octets, open } } },
    slice: new Slice(),
  })
  await expect(Array.fromAsync(documentText(sourceOf(failing), { hash: '', size: 1 }, part))).rejects.toThrow(
    'gone',
  )
  const whole = () => stored(octets).open({ start: 0, end: octets.length })
  for await (const _ of documentText(sourceOf(whole), { hash: '', size: 1 }, part)) break
  expect((await read(octets)).text.trim()).toBe('bulunur')
})

test.each([
  ['a tag that never ends', '<a '],
  ['a comment that never ends', '<!--'],
  ['references without end', '&#'],
  ['100,000 nested elements', ''],
])('%s: no more is held and given than came', (_, begin) => {
  const reader = new XmlText()
  let given = 0
  const piece = begin === '' ? '<x>'.repeat(5_000) : begin + 'a'.repeat(16_000)
  for (let n = 0; n < 20; n++) given += reader.push(piece).length
  given += reader.end().length
  expect(given).toBeLessThanOrEqual(begin === '&#' ? 20 * piece.length : 0)
})

test.each([
  ['a tag that never ends', '<a ', false],
  ['a quoted value that never ends', '<a b="', false],
  ['a comment that never ends', '<!--', false],
  ['a declaration that never ends', '<!', false],
  ['a script that never ends', '<script>', false],
  ['a name that never ends', '<a', false],
  ['a reference that never ends', '&', true],
  ['marks alone', '<1'.repeat(1_000), true],
  ['references without end', '&#'.repeat(1_000), true],
])('HTML, %s: in single letters as in large pieces, no more is given than came', (_, begin, isShown) => {
  const pieces = [begin, ...Array(20).fill('a'.repeat(16_000))]
  const given = (cut: readonly string[]) => {
    const reader = new HtmlText()
    return cut.reduce((sum, piece) => sum + reader.push(piece).length, 0) + reader.end().length
  }
  expect(given(pieces)).toBe(isShown ? pieces.join('').length : 0)
  expect(given([...pieces.join('')])).toBe(given(pieces))
})
