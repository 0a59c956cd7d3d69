import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseMessageUrl } from '../../../../server/imap/append/imap-url.ts'
import { formatSection } from '../../../../server/imap/fetch/items.ts'

const read = (url: string) => {
  const found = parseMessageUrl(url)
  if (found === undefined) return undefined
  const { mailbox, uidValidity, uid, section, partial } = found
  return [mailbox, uidValidity, uid, formatSection(section), partial?.start, partial?.count]
}

describe('URLs of messages [RFC 5092 §11]', () => {
  test.each([
    ['/Taslaklar/;UID=20', ['Taslaklar', undefined, 20, '', undefined, undefined]],
    ['/Taslaklar;UIDVALIDITY=3/;UID=20', ['Taslaklar', 3, 20, '', undefined, undefined]],
    [
      '/a/b;uidvalidity=4294967295/;uid=4294967295/;section=1.2.MIME',
      ['a/b', 4294967295, 4294967295, '1.2.MIME', undefined, undefined],
    ],
    [';UID=20/;SECTION=HEADER', [undefined, undefined, 20, 'HEADER', undefined, undefined]],
    ['/inbox/;UID=1/;PARTIAL=5.10', ['INBOX', undefined, 1, '', 5, 10]],
    ['/inbox/;UID=1/;SECTION=TEXT/;PARTIAL=5', ['INBOX', undefined, 1, 'TEXT', 5, Number.MAX_SAFE_INTEGER]],
    ['/%C3%87%C3%B6p%20Kutusu/;UID=1', ['Çöp Kutusu', undefined, 1, '', undefined, undefined]],
    ['/C%CC%A7/;UID=1', ['Ç', undefined, 1, '', undefined, undefined]],
    ['/a%252Fb/;UID=1', ['a%2Fb', undefined, 1, '', undefined, undefined]],
    [
      '/a/;UID=1/;SECTION=HEADER.FIELDS%20(SUBJECT%20TO)',
      ['a', undefined, 1, 'HEADER.FIELDS (SUBJECT TO)', undefined, undefined],
    ],
  ])('%s', (url, expected) => {
    expect(read(url)).toEqual(expected)
  })

  test.each([
    '',
    '/',
    'x',
    '/a',
    ';',
    ';UID=',
    ';UID=0',
    ';UID=01',
    ';UID=4294967296',
    ';UID=1/',
    ';UID=1;UID=2',
    ';UID=1/;UID=2',
    ';UIDVALIDITY=1/;UID=1',
    '/;UID=1',
    '//;UID=1',
    '//baska.example/a/;UID=1',
    'imap://hs98.kep.tr/a/;UID=1',
    'imap://baska@hs98.kep.tr/a/;UID=1',
    'http://hs98.kep.tr/;UID=1',
    '/a;UID=1',
    '/a/;UIDVALIDITY=1/;UID=1/',
    '/a;UIDVALIDITY=0/;UID=1',
    '/a;UIDVALIDITY=1;UID=1',
    '/a/;UID=1/;SECTION=',
    '/a/;UID=1/;SECTION=0',
    '/a/;UID=1/;SECTION=MIME',
    '/a/;UID=1/;SECTION=1]%20(FLAGS)',
    '/a/;UID=1/;SECTION=1/;SECTION=2',
    '/a/;UID=1/;PARTIAL=0.0',
    '/a/;UID=1/;PARTIAL=-1',
    '/a/;PARTIAL=0.1/;UID=1',
    '/a/;UID=1/;URLAUTH=anonymous:internal:00',
    '/a/;UID=1/;EXPIRE=2030-01-01T00:00:00Z',
    '/a%00/;UID=1',
    '/%00/;UID=1',
    '/a%0D%0Ab/;UID=1',
    '/a%/;UID=1',
    '/a%4/;UID=1',
    '/%FF/;UID=1',
    '/ç/;UID=1',
    '/a b/;UID=1',
    '/a?x/;UID=1',
    '/a#x/;UID=1',
    '/a\\b/;UID=1',
    `/${'a'.repeat(5_000)}/;UID=1`,
    `/a/;UID=1/;SECTION=${'1.'.repeat(150)}1`,
    '/a/;__proto__=1/;UID=1',
  ])('%j names nothing', (url) => {
    expect(parseMessageUrl(url)).toBeUndefined()
  })

  test('no text makes it do anything but answer [property]', () => {
    const piece = fc.constantFrom(
      '/',
      ';',
      'UID=',
      'UIDVALIDITY=',
      'SECTION=',
      'PARTIAL=',
      '1',
      '.',
      '%',
      '00',
      'a',
      '{1}',
      '(',
      ']',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 30 }), (pieces) => {
        const found = parseMessageUrl(pieces.join(''))
        if (found !== undefined) expect(found.uid).toBeGreaterThan(0)
      }),
      { numRuns: 2_000 },
    )
  })
})
