import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeHeaderText } from '../../../mail/encoded-word.ts'
import { FAILURES, type FailureCode, replyText } from '../../../mail/errors.ts'
import { readHeader, readParameters } from '../../../mail/header-read.ts'
import { parseKepAddress } from '../../../mail/kep-address.ts'
import { identityNumberOf } from '../../../mail/signer-identity.ts'
import { turkishFold, turkishToAscii } from '../../../mail/turkish-fold.ts'
import { WireFactScanner } from '../../../mail/wire-facts.ts'

describe('RFC 5322 §2.2 header fields', () => {
  test('unfolds, keeps order and duplicates, ends at the blank line', () => {
    const fields = readHeader(
      Buffer.from('A: one\r\nB :two\r\n\tthree\r\nA: four\r\nno field\r\n\r\nC: body\r\n'),
    )
    expect(fields.map(({ key, value }) => [key, value])).toEqual([
      ['a', 'one'],
      ['b', 'two\tthree'],
      ['a', 'four'],
    ])
  })
  test('a continuation without a field, a colon without a name', () => {
    expect(readHeader(Buffer.from(' lost\r\n: x\r\n__proto__: y\r\n'))).toMatchObject([
      { key: '__proto__', value: 'y' },
    ])
  })
})

describe('RFC 2045 §5.1 parameters', () => {
  test.each([
    ['text/plain', 'text/plain', {}],
    [
      'Multipart/Signed; Boundary="a;b\\"c"; micalg=sha-256',
      'multipart/signed',
      { boundary: 'a;b"c', micalg: 'sha-256' },
    ],
    ['a/b; x=1; x=2', 'a/b', { x: '1' }],
    ['a/b (comment); x=y', 'a/b', { x: 'y' }],
    ['(a;b(c)) a/b; (x) x=(y) y(z); name="(1)"', 'a/b', { x: 'y', name: '(1)' }],
    ['a/b; x=y(z; k=(v', 'a/b', { x: 'y', k: '' }],
    ['a/b; x=(\\)) y', 'a/b', { x: 'y' }],
    ['a/b;;; =v; n; k="open', 'a/b', { k: 'open' }],
  ])('%s', (text, value, params) => {
    const read = readParameters(text)
    expect([read.value, Object.fromEntries(read.params)]).toEqual([value, params])
  })
  test('a prototype name is a name like any other', () => {
    expect(readParameters('a/b; __proto__=x').params.get('__proto__')).toBe('x')
  })
})

describe('RFC 2047 encoded words', () => {
  test('a charset that is looked for in vain costs a hundred words: after eight of them every word is UTF-8', () => {
    const known = '=?windows-1254?Q?=DD?='
    const unknown = (count: number) => Array.from({ length: count }, (_, at) => `=?x-${at}?q?a?=`).join(' ')
    expect(decodeHeaderText(`${unknown(7)} ${known}`)).toBe('aaaaaaaİ')
    expect(decodeHeaderText(`${unknown(8)} ${known}`)).toBe('aaaaaaaa\ufffd')
  })
  test('words are looked for in as much as the longest list of recipients needs', () => {
    const text = 'x'.repeat(131_072 - 12)
    expect(decodeHeaderText(`${text}=?utf-8?q?a?=`)).toBe(`${text}=?utf-8?q?a?=`)
    expect(decodeHeaderText(`${text.slice(1)}=?utf-8?q?a?=`)).toBe(`${text.slice(1)}a`)
  })
  test.each([
    ['=?UTF-8?Q?=C3=87ok_=C3=B6nemli?=', 'Çok önemli'],
    ['=?utf-8?b?w4c=?= =?utf-8?b?b2s=?=', 'Çok'],
    ['=?utf-8?Q?=C3?= =?utf-8?Q?=87?=', 'Ç'],
    ['=?windows-1254?Q?=DDlgi?=', 'İlgi'],
    ['=?iso-8859-9?Q?=FE?= x', 'ş x'],
    ['=?no-such-charset?Q?a?=', 'a'],
    ['=?utf-8?Q?open', '=?utf-8?Q?open'],
    ['plain =?utf-8?q?a?= =?utf-8?q?b?= end', 'plain ab end'],
  ])('%s', (raw, text) => expect(decodeHeaderText(raw)).toBe(text))

  test('raw octets that are no UTF-8 become U+FFFD', () => {
    expect(decodeHeaderText('a\xffb')).toBe('a\ufffdb')
  })
})

describe('KEP addresses', () => {
  test.each([
    [
      'Ayse.Isik@HS98.kep.tr',
      { address: 'ayse.isik@hs98.kep.tr', domain: 'hs98.kep.tr', provider: 'hs98.kep.tr' },
    ],
    ['x@kurum.hs01.kep.tr', { domain: 'kurum.hs01.kep.tr', provider: 'hs01.kep.tr' }],
    ['x@a.b.hs123.kep.tr', { provider: 'hs123.kep.tr' }],
  ])('%s', (text, expected) => expect(parseKepAddress(text)).toMatchObject(expected))
  test.each([
    'x@kep.tr',
    'x@hs1.kep.tr',
    'x@hsab.kep.tr',
    'x@hs98.kep.tr.example.com',
    'x@evilhs98.kep.tr',
    '@hs98.kep.tr',
    'x.@hs98.kep.tr',
    'x..y@hs98.kep.tr',
    'a b@hs98.kep.tr',
    'ı@hs98.kep.tr',
    `${'a'.repeat(65)}@hs98.kep.tr`,
    'x@-.hs98.kep.tr',
    'x@y@hs98.kep.tr',
    'x@hs98.kep.tr.',
    '',
  ])('none: %s', (text) => expect(parseKepAddress(text)).toBeUndefined())
})

describe('EN 319 412-1 §5.1.3 identity numbers', () => {
  test.each([
    ['10000000146', '10000000146'],
    ['TINTR-10000000146', '10000000146'],
    ['PNOTR-10000000146', '10000000146'],
    ['1000000014', undefined],
    ['x10000000146', undefined],
    ['TINTR-10000000146 ', undefined],
    [undefined, undefined],
    ['TINDE-10000000146', undefined],
    ['PASDE-10000000146', undefined],
    ['IDCGR-10000000146', undefined],
    ['VATTR-10000000146', undefined],
    ['NTRTR-10000000146', undefined],
  ])('%s', (text, number) => expect(identityNumberOf(text)).toBe(number))
})

describe('Turkish letters', () => {
  test('ilgili finds İLGİLİ and ILGILI', () => {
    expect(new Set(['ilgili', 'İLGİLİ', 'ILGILI', 'ılgılı', 'İlgili'].map(turkishFold)).size).toBe(1)
  })
  test('replies lose the marks and nothing else', () =>
    expect(turkishToAscii('Çığ ÖŞ İı x')).toBe('Cig OS Ii x'))
})

describe('RFC 5321 §4.2 replies', () => {
  test.each(Object.keys(FAILURES) as FailureCode[])(
    '%s is one ASCII line that says its code, its status and its class',
    (code) => {
      const text = replyText(code, 'çağrı\r\n250 ok')
      expect(text).toMatch(/^[\x20-\x7e]{1,480}$/)
      const { reply, status } = FAILURES[code]
      expect(text.startsWith(`${status} ${code} `)).toBe(true)
      expect(String(reply)[0]).toBe(status[0])
    },
  )
})

describe('wire facts', () => {
  const scan = (text: string, cut: number) => {
    const scanner = new WireFactScanner()
    const octets = Buffer.from(text, 'latin1')
    scanner.push(octets.subarray(0, cut))
    scanner.push(octets.subarray(cut))
    return scanner.end()
  }
  test.each([
    ['A: b\r\n\r\nx\r\n', {}],
    ['A: b\n\r\nx\r\n', { bareLf: true }],
    ['A: b\r\n\r\nx\ry\r\n', { bareCr: true }],
    ['A: b\r\n\r\nx\r', { bareCr: true }],
    ['A: b\r\n\r\n\r\r\n', { bareCr: true }],
    ['A: b\r\n\r\nx\0y\r\n', { nul: true }],
    ['A: \xfc\r\n\r\nx\r\n', { eightBit: true, eightBitHeader: true }],
    ['A: b\r\n\r\n\xfc\r\n', { eightBit: true }],
  ])('%j', (text, facts) => {
    const none = { bareCr: false, bareLf: false, nul: false, eightBit: false, eightBitHeader: false }
    for (let cut = 0; cut <= text.length; cut++) {
      const { longestLine: _, ...seen } = scan(text, cut)
      expect(seen).toEqual({ ...none, ...facts })
    }
  })
  test('the longest line, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { minLength: 1 }), fc.nat(500), (lengths, cut) => {
        const text = lengths.map((length) => `${'x'.repeat(length)}\r\n`).join('')
        expect(scan(text, cut).longestLine).toBe(Math.max(...lengths))
      }),
    )
  })
})
