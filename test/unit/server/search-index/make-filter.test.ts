import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MimeIndexer } from '../../../../mail/mime-index.ts'
import { turkishCasemap } from '../../../../mail/turkish-fold.ts'
import { UnknownText } from '../../../../server/imap/search/documents/pdf-reader.ts'
import { headerSpan, SearchedTexts } from '../../../../server/imap/search/texts.ts'
import { filterOf } from '../../../../server/search-index/make-filter.ts'
import { Needle, TextFilter } from '../../../../server/search-index/text-filter.ts'
import { attachedDocument, sourceOf } from '../../../fakes/attached-document.ts'

const HEADER_OCTETS = 65_536

const letters = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '<b>',
      '&ccedil;',
      'i',
      'I',
      'İ',
      'ı',
      '\u0307',
      'ß',
      'ş',
      'Ğ',
      'ﬁ',
      'ǅ',
      '𐐨',
      ' ',
      '=',
      '\r\n ',
    ),
    fc.string({ unit: 'grapheme', maxLength: 1 }),
  ),
  maxLength: 60,
})
const encoded = new Map<string, (text: string) => string>([
  ['8bit', (text) => text],
  ['base64', (text) => Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\r\n')],
  [
    'quoted-printable',
    (text) =>
      [...Buffer.from(text)]
        .map((octet) => (octet === 0x61 ? 'a' : `=${octet.toString(16).padStart(2, '0')}`))
        .join('')
        .replace(/.{66}/g, '$&=\r\n'),
  ],
  ['x-unknown', (text) => text],
])
const part = fc.record({
  encoding: fc.constantFrom(...encoded.keys()),
  charset: fc.constantFrom('utf-8', 'iso-8859-9', 'x-none'),
  subtype: fc.constantFrom('plain', 'html'),
  nested: fc.boolean(),
  text: letters,
  /** Beyond what is read as a whole. */
  padding: fc.constantFrom(0, 0, 0, 0, 0, 65_500),
})

test('whatever a search finds in a message, its filter lets through [property]', async () => {
  await fc.assert(
    fc.asyncProperty(
      letters,
      fc.array(part, { maxLength: 4 }),
      fc.nat(),
      fc.nat(),
      async (subject, parts, from, length) => {
        const bodies = parts.map(({ encoding, charset, subtype, nested, text, padding }) => {
          const body = encoded.get(encoding)?.(`${'ab '.repeat(padding / 3)}${text}`) ?? ''
          const typed = `Content-Type: text/${subtype}; charset=${charset}\r\nContent-Transfer-Encoding: ${encoding}\r\n`
          return nested
            ? `Content-Type: message/rfc822\r\n\r\nSubject: ${subject.replaceAll('\r\n', '')}x\r\n${typed}\r\n${body}`
            : `${typed}\r\n${body}`
        })
        const word = `=?utf-8?b?${Buffer.from(subject).toString('base64')}?=`
        const octets = Buffer.from(
          `Subject: ${word}\r\nContent-Type: multipart/mixed; boundary=qqq\r\n\r\n${bodies.map((body) => `--qqq\r\n${body}\r\n`).join('')}--qqq--\r\n`,
        )
        const indexer = new MimeIndexer()
        indexer.push(octets)
        const index = indexer.end()
        const source = sourceOf(octets)
        const body = { hash: '', size: octets.length }
        const filter = TextFilter.read(
          await filterOf(source, { body, delivery: undefined }, index, HEADER_OCTETS),
        )
        for (const text of new SearchedTexts(source, body).of(index, headerSpan(index, HEADER_OCTETS))) {
          const whole = (await Array.fromAsync(text.folded())).join('')
          for (const begin of [from % (whole.length + 1), Math.max(0, whole.length - 20)]) {
            const needle = new Needle(turkishCasemap(whole.slice(begin, begin + 3 + (length % 12))))
            if (needle.trigrams.length === 0 || !whole.includes(needle.folded)) continue
            expect(filter?.mayHoldOutside(needle)).toBe(true)
          }
        }
      },
    ),
    { numRuns: 100 },
  )
})

test('of a delivery the content alone is inside', async () => {
  const octets = Buffer.from('Subject: teslim\r\n\r\ngizli metin\r\n')
  const indexer = new MimeIndexer()
  indexer.push(octets)
  const delivery = { intake: 'i', recipient: 1, contentStart: 19, contentEnd: octets.length }
  const row = { body: { hash: '', size: octets.length }, delivery }
  const filter = TextFilter.read(await filterOf(sourceOf(octets), row, indexer.end(), HEADER_OCTETS))
  const says = (text: string) => {
    const needle = new Needle(turkishCasemap(text))
    return [filter?.mayHoldOutside(needle), filter?.mayHoldInside(needle)]
  }
  expect(says('teslim')).toEqual([true, false])
  expect(says('gizli')).toEqual([false, true])
})

test('where a document was given up, the filter says nothing, and it is not tried again', async () => {
  const { index, source, body } = attachedDocument(Buffer.from('%PDF'), 'application/pdf', 'x', 'given-up')
  let opened = 0
  const filterAfter = async (isLasting: boolean) => {
    source.parts.store.blobs.open = () => {
      opened++
      throw new UnknownText(isLasting)
    }
    return TextFilter.read(await filterOf(source, { body, delivery: undefined }, index, HEADER_OCTETS))
  }
  expect([await filterAfter(false), opened]).toEqual([undefined, 1])
  expect([await filterAfter(true), opened]).toEqual([undefined, 2])
  expect([await filterAfter(true), opened]).toEqual([undefined, 2])
})
