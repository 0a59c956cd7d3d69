import { describe, expect, test } from 'vitest'
import { formatEnvelope } from '../../../../mail/imap-envelope.ts'
import { structurePieces } from '../../../../mail/imap-structure.ts'
import { MimeIndexer } from '../../../../mail/mime-index.ts'
import { multipartSigned } from '../../../../scripts/client/signed-message.ts'
import { Cursor } from '../../../../server/imap/cursor.ts'
import { FieldSelection } from '../../../../server/imap/fetch/header-fields.ts'
import { parseFetchItems } from '../../../../server/imap/fetch/items.ts'
import { cut, spanOf } from '../../../../server/imap/fetch/section.ts'
import { mimeShapes } from '../../../fakes/mime-shapes.ts'

function section(message: Buffer, text: string): string | undefined {
  const indexer = new MimeIndexer()
  indexer.push(message)
  const { root } = indexer.end()
  const [item] = parseFetchItems(new Cursor(`BODY${text}`))
  if (item?.kind !== 'SECTION') throw new Error('no section')
  const span = spanOf(root, message.length, item.section)
  if (span === undefined) return undefined
  const { start, end } = cut(span, item.partial)
  return message.subarray(start, end).toString('latin1')
}

const lines = (...all: string[]) => Buffer.from(all.join('\r\n'))

const nested = lines(
  'Subject: dis',
  'Content-Type: multipart/mixed; boundary=o',
  '',
  'preamble',
  '--o',
  'Content-Type: text/plain',
  '',
  'bir',
  '--o',
  'Content-Type: message/rfc822',
  '',
  'Subject: ic',
  'Content-Type: multipart/alternative; boundary=i',
  '',
  '--i',
  '',
  'duz',
  '--i',
  'Content-Type: text/html',
  '',
  '<p>',
  '--i--',
  '--o',
  'Content-Type: message/rfc822',
  '',
  'Subject: tek',
  '',
  'govde',
  '--o--',
  '',
)

describe('sections of nested messages [RFC 9051 §6.4.5.1]', () => {
  test.each([
    ['[1]', 'bir'],
    ['[1.MIME]', 'Content-Type: text/plain\r\n\r\n'],
    ['[1.HEADER]', undefined],
    ['[1.1]', undefined],
    ['[2.HEADER]', 'Subject: ic\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n'],
    ['[2.TEXT]', '--i\r\n\r\nduz\r\n--i\r\nContent-Type: text/html\r\n\r\n<p>\r\n--i--'],
    ['[2.1]', 'duz'],
    ['[2.1.MIME]', '\r\n'],
    ['[2.2]', '<p>'],
    ['[2.3]', undefined],
    ['[3.1]', 'govde'],
    ['[3.1.MIME]', 'Subject: tek\r\n\r\n'],
    ['[3.2]', undefined],
    ['[3.TEXT]', 'govde'],
    ['[3.TEXT]<1.3>', 'ovd'],
    ['[3.TEXT]<5.1>', ''],
    ['[3.TEXT]<9007199254740991.4294967295>', ''],
    ['[4]', undefined],
    ['[HEADER]', 'Subject: dis\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n'],
  ])('BODY%s', (text, octets) => {
    expect(section(nested, text)).toBe(octets)
  })
  test('a message without parts is its own part 1', () => {
    const plain = lines('Subject: x', '', 'govde')
    expect(section(plain, '[1]')).toBe('govde')
    expect(section(plain, '[1.MIME]')).toBe('Subject: x\r\n\r\n')
    expect(section(plain, '[2]')).toBeUndefined()
    expect(section(plain, '[TEXT]')).toBe('govde')
  })
})

describe('the nine S/MIME shapes are sliced, never rebuilt', () => {
  test.each([...mimeShapes])('%s', (_, shape) => {
    const message = multipartSigned('From: a@hs98.kep.tr\r\n', shape, 'AAAA')
    expect(section(message, '[]')).toBe(message.toString('latin1'))
    expect(`${section(message, '[HEADER]')}${section(message, '[TEXT]')}`).toBe(message.toString('latin1'))
    expect(`${section(message, '[1.MIME]')}${section(message, '[1]')}`).toBe(shape.toString('latin1'))
    expect(section(message, '[2]')).toBe('AAAA')
  })
})

describe('BODYSTRUCTURE and ENVELOPE [RFC 9051 §7.5.2]', () => {
  const structure = (message: Buffer, extended: boolean) => {
    const indexer = new MimeIndexer()
    indexer.push(message)
    return [...structurePieces(indexer.end().root, extended)].join('')
  }
  test('a nested message shows its envelope and its own structure', async () => {
    expect(structure(nested, false)).toBe(
      '(("text" "plain" NIL NIL NIL "7bit" 3 0)' +
        '("message" "rfc822" NIL NIL NIL "7bit" 118 (NIL "ic" NIL NIL NIL NIL NIL NIL NIL NIL) ' +
        '(("text" "plain" NIL NIL NIL "7bit" 3 0)("text" "html" NIL NIL NIL "7bit" 3 0) "alternative") 10)' +
        '("message" "rfc822" NIL NIL NIL "7bit" 21 (NIL "tek" NIL NIL NIL NIL NIL NIL NIL NIL) ' +
        '("text" "plain" NIL NIL NIL "7bit" 5 0) 2) "mixed")',
    )
  })
  test('extension data, parameters and 8-bit values', async () => {
    const message = Buffer.concat([
      lines('Content-Type: application/pdf; name="a\\"b.pdf"', 'Content-Disposition: attachment; filename='),
      Buffer.from('"ş.pdf"\r\nContent-Language: tr\r\nContent-ID: <1@x>\r\nContent-MD5: q\r\n\r\nx'),
    ])
    expect(structure(message, true)).toBe(
      '("application" "pdf" ("name" "a\\"b.pdf") "<1@x>" NIL "7bit" 1 "q" ("attachment" ("filename" {6}\r\n' +
        `${Buffer.from('ş.pdf').toString('latin1')})) "tr" NIL)`,
    )
  })
  test('a multipart without parts still has the form of a body', async () => {
    expect(structure(lines('Content-Type: multipart/mixed', '', 'x'), false)).toBe(
      '("multipart" "mixed" NIL NIL NIL "7bit" 1)',
    )
  })
  test('a nested message that is encoded cannot be looked into, and says so in the right form', async () => {
    const encoded = lines('Content-Type: message/rfc822', 'Content-Transfer-Encoding: base64', '', 'AAAA')
    expect(structure(encoded, false)).toBe(
      '("message" "rfc822" NIL NIL NIL "base64" 4 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ' +
        '("text" "plain" NIL NIL NIL "7bit" 0 0) 0)',
    )
  })
  test('addresses, groups and defaults', () => {
    expect(
      formatEnvelope({
        from: '"Ali Veli" <ali@x.tr>',
        to: 'Ekip: a@x.tr, b@x.tr;',
        subject: 'a "b"',
        date: 'D',
      }),
    ).toBe(
      '("D" "a \\"b\\"" (("Ali Veli" NIL "ali" "x.tr")) (("Ali Veli" NIL "ali" "x.tr")) (("Ali Veli" NIL "ali" "x.tr")) ' +
        '((NIL NIL "Ekip" NIL)(NIL NIL "a" "x.tr")(NIL NIL "b" "x.tr")(NIL NIL NIL NIL)) NIL NIL NIL NIL)',
    )
  })
})

describe('HEADER.FIELDS keeps the octets of what it takes [RFC 9051 §6.4.5.1]', () => {
  const header = Buffer.from(
    'Subject: a\r\n b\r\nX-A : 1\r\nsubject: c\r\nTo:d\r\nnonsense\r\n\r\nSubject: body\r\n',
  )
  test.each([
    [['subject'], false, 'Subject: a\r\n b\r\nsubject: c\r\n\r\n'],
    [['x-a'], false, 'X-A : 1\r\n\r\n'],
    [['none'], false, '\r\n'],
    [['subject', 'x-a'], true, 'To:d\r\nnonsense\r\n\r\n'],
  ])('%j, not: %s', (fields, not, octets) => {
    const chosen = { text: not ? 'FIELDS.NOT' : 'FIELDS', fields: new Set(fields) } as const
    for (const size of [1, 2, 7, header.length]) {
      const selection = new FieldSelection(chosen)
      const kept: Buffer[] = []
      for (let at = 0; at < header.length; at += size)
        kept.push(selection.push(header.subarray(at, at + size)))
      expect(Buffer.concat([...kept, selection.end()]).toString()).toBe(octets)
    }
  })
})
