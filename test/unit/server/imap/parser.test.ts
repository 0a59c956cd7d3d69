import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { messageOptions } from '../../../../server/imap/append/message-options.ts'
import { Cursor } from '../../../../server/imap/cursor.ts'
import { formatDateTime, parseDateTime, parseDay } from '../../../../server/imap/dates.ts'
import { Enabled } from '../../../../server/imap/enabled.ts'
import { CommandError } from '../../../../server/imap/failure.ts'
import { parseFetchItems } from '../../../../server/imap/fetch/items.ts'
import { flagList, flagsOfStore } from '../../../../server/imap/flags.ts'
import { parseSearchProgram } from '../../../../server/imap/search/keys.ts'

/** What a reader makes of a whole text; BAD and NO as such. */
function read<T>(text: string, reader: (cursor: Cursor) => T): T | 'BAD' | 'NO' {
  const cursor = new Cursor(text)
  try {
    const found = reader(cursor)
    cursor.end()
    return found
  } catch (error) {
    if (error instanceof CommandError) return error.condition
    throw error
  }
}

test('a list of flags without measure is refused, and nothing follows a list', () => {
  expect(read(`(${'a '.repeat(400_000)}a)`, flagsOfStore)).toBe('BAD')
  expect(read('(a) b', flagsOfStore)).toBe('BAD')
  expect(read('(a b)', flagsOfStore)).toEqual({ flags: ['a', 'b'], passedOver: false })
})

describe('strings [RFC 9051 §4.3]', () => {
  test.each([
    ['abc', 'abc'],
    ['a]b', 'a]b'],
    ['NIL', 'NIL'],
    ['"a b"', 'a b'],
    ['""', ''],
    ['"a\\"b\\\\c"', 'a"b\\c'],
    ['{3}\r\nabc', 'abc'],
    ['{3+}\r\na"b', 'a"b'],
    ['~{2}\r\nab', 'BAD'],
    ['{0}\r\n', ''],
    ['{5}\r\nabc', 'BAD'],
    ['{2}\r\na\0', 'BAD'],
    ['{3}', 'BAD'],
    ['"a', 'BAD'],
    ['"a\\b"', 'BAD'],
    ['"a\rb"', 'BAD'],
    ['(a', 'BAD'],
    ['\xc4\xb1', 'BAD'],
    ['', 'BAD'],
    ['a b', 'BAD'],
  ])('%j', (text, value) => {
    expect(read(text, (cursor) => cursor.astring())).toBe(value)
  })

  test.each([
    ['NIL', undefined],
    ['nil', undefined],
    ['"NIL"', 'NIL'],
    ['abc', 'BAD'],
  ])('nstring %j', (text, value) => {
    expect(read(text, (cursor) => cursor.nstring())).toBe(value)
  })
})

describe('sequence sets [RFC 9051 §9]', () => {
  test.each([
    ['1', [[1, 1]]],
    [
      '1:3,7',
      [
        [1, 3],
        [7, 7],
      ],
    ],
    ['*', [['*', '*']]],
    [
      '4:*,2',
      [
        [4, '*'],
        [2, 2],
      ],
    ],
    ['4294967295', [[4294967295, 4294967295]]],
    ['0', 'BAD'],
    ['1:', 'BAD'],
    ['1,', 'BAD'],
    [',1', 'BAD'],
    ['4294967296', 'BAD'],
    ['-1', 'BAD'],
    ['1:2:3', 'BAD'],
  ])('%s', (text, ranges) => {
    const set = read(text, (cursor) => cursor.numberSet())
    expect(typeof set === 'string' ? set : set.ranges).toEqual(ranges)
  })
})

describe('FETCH items [RFC 9051 §6.4.5]', () => {
  const labels = (text: string) => {
    const items = read(text, parseFetchItems)
    return typeof items === 'string' ? items : items.map((item) => ('label' in item ? item.label : item.kind))
  }
  test.each([
    ['ALL', ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE']],
    ['fast', ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE']],
    ['FULL', ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODY']],
    ['(UID body)', ['UID', 'BODY']],
    ['BODY[]', ['BODY[]']],
    ['body.peek[1.2.mime]', ['BODY[1.2.MIME]']],
    ['BODY[HEADER.FIELDS (Date "From" X-a)]', ['BODY[HEADER.FIELDS (DATE FROM X-A)]']],
    ['BODY[3.HEADER.FIELDS.NOT (Date)]<0.10>', ['BODY[3.HEADER.FIELDS.NOT (DATE)]']],
    ['BINARY.PEEK[1]<0.1>', ['BINARY[1]']],
    ['BINARY.SIZE[1.1]', ['BINARY.SIZE[1.1]']],
    ['RFC822.HEADER', ['RFC822.HEADER']],
    ['(ALL)', 'BAD'],
    ['()', 'BAD'],
    ['BODY[MIME]', 'BAD'],
    ['BODY[0]', 'BAD'],
    ['BODY[1.]', 'BAD'],
    ['BODY[.1]', 'BAD'],
    ['BODY[TEXT.1]', 'BAD'],
    ['BODY[HEADER.FIELDS ()]', 'BAD'],
    ['BODY[HEADER.FIELDS (a:b)]', 'BAD'],
    ['BODY[]<0.0>', 'BAD'],
    ['BODY[]<-1.1>', 'BAD'],
    ['BODY[]<1>', 'BAD'],
    ['BODY[', 'BAD'],
    ['BODYSTRUCTURE[1]', 'BAD'],
    ['BINARY[TEXT]', 'BAD'],
    ['FLAGS[]', 'BAD'],
    ['__proto__', 'BAD'],
    ['constructor', 'BAD'],
    [`BODY[${'1.'.repeat(150)}1]`, 'BAD'],
    [`(${'UID '.repeat(300)}UID)`, 'BAD'],
  ])('%s', (text, expected) => {
    expect(labels(text)).toEqual(expected)
  })
})

describe('SEARCH keys [RFC 9051 §6.4.4]', () => {
  const shape = (text: string) => {
    const program = read(text, (cursor) => parseSearchProgram(cursor, new Enabled()))
    return typeof program === 'string' ? program : program.key
  }
  test('OR takes two keys, parentheses group, NOT takes one', () => {
    expect(shape('OR (FROM a SUBJECT b) NOT SEEN 1')).toMatchObject({
      kind: 'and',
      keys: [
        {
          kind: 'or',
          keys: [
            { kind: 'and', keys: [{ name: 'from' }, { name: 'subject' }] },
            { kind: 'not', key: { flag: '\\seen' } },
          ],
        },
        { kind: 'messages' },
      ],
    })
  })
  test.each([
    ['OR SEEN', 'BAD'],
    ['NOT', 'BAD'],
    ['()', 'BAD'],
    ['(SEEN', 'BAD'],
    ['SUBJECT', 'BAD'],
    ['SUBJECT (a)', 'BAD'],
    ['SINCE 31-Feb-2026', 'BAD'],
    ['LARGER x', 'BAD'],
    ['UID SEEN', 'BAD'],
    ['CHARSET KOI8-R SEEN', 'NO'],
    ['SUBJECT "\xff"', 'BAD'],
    ['SUBJECT {1}\r\n\xff', 'NO'],
    ['NOT '.repeat(100) + 'SEEN', 'BAD'],
    ['('.repeat(100) + 'SEEN' + ')'.repeat(100), 'BAD'],
    [Array(1_100).fill('SEEN').join(' '), 'BAD'],
    [Array(30).fill('BODY x').join(' '), 'BAD'],
    ['__proto__', 'BAD'],
    ['toString', 'BAD'],
  ])('%s', (text, expected) => {
    expect(shape(text)).toBe(expected)
  })
})

describe('flags [RFC 9051 §2.3.2]', () => {
  test.each([
    ['(\\seen $A)', ['\\Seen', '$A']],
    ['()', []],
    ['(\\Recent)', []],
    ['(\\Nonsense)', 'BAD'],
    ['(\\*)', 'BAD'],
    ['(a b', 'BAD'],
    [`(${'k'.repeat(101)})`, 'BAD'],
    [`(${Array.from({ length: 65 }, (_, at) => `k${at}`).join(' ')})`, 'BAD'],
  ])('%s', (text, expected) => {
    expect(read(text, flagList)).toEqual(expected)
  })
  test('STORE takes them without parentheses', () => {
    expect(read('\\Seen b', flagsOfStore)).toEqual({ flags: ['\\Seen', 'b'], passedOver: false })
    expect(read('(\\Seen $kepRead)', flagsOfStore)).toEqual({ flags: ['\\Seen'], passedOver: true })
    expect(read('($KEPRead b)', flagList)).toEqual(['b'])
  })
})

describe('what stands before a message [RFC 9051 §6.3.12]', () => {
  test.each([
    [' {5}', { flags: [], date: undefined }],
    [' (\\Seen) CATENATE (', { flags: ['\\Seen'], date: undefined }],
    [' () {5}', { flags: [], date: undefined }],
    [' (\\Seen) " 1-Jan-2026 00:00:00 +0300" ~{5}', { flags: ['\\Seen'], date: Date.UTC(2025, 11, 31, 21) }],
    [' "01-Jan-2026 00:00:00 +0000" {5}', { flags: [], date: Date.UTC(2026, 0, 1) }],
    [' (\\Seen){5}', 'BAD'],
    [' "no date" {5}', 'BAD'],
    [' "01-Jan-2026 00:00:00 +0000" (\\Seen) {5}', { flags: [], date: Date.UTC(2026, 0, 1) }],
    ['{5}', 'BAD'],
    ['', 'BAD'],
  ])('%j', (text, expected) => {
    const options = (cursor: Cursor) => {
      const found = messageOptions(cursor)
      cursor.position = cursor.text.length
      return found
    }
    expect(read(text, options)).toEqual(expected)
  })
})

describe('dates [RFC 9051 §9]', () => {
  test('are written as they are read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
        const text = formatDateTime(seconds * 1000)
        expect(parseDateTime(text.slice(1, -1))).toBe(seconds * 1000)
      }),
    )
  })
  test.each(['32-Jan-2026', '29-Feb-2026', '1-Foo-2026', '1-Jan-26', ''])('%s is none', (text) => {
    expect(() => parseDay(text)).toThrow(CommandError)
  })
  test.each(['1-Jan-2026 00:00:00 +0000', '01-Jan-2026 24:00:00 +0000', '01-Jan-2026 00:00:00'])(
    '%s is none',
    (text) => {
      expect(() => parseDateTime(text)).toThrow(CommandError)
    },
  )
})

test('no text makes a reader do anything but answer or refuse [property]', () => {
  const pieces = fc.constantFrom(
    ...[
      '(',
      ')',
      ' ',
      '"',
      '\\',
      '{3}\r\n',
      '{3+}',
      '[',
      ']',
      '<0.1>',
      '*',
      ':',
      ',',
      '$',
      'NIL',
      'BODY',
      'OR',
      'NOT',
    ],
    ...['HEADER.FIELDS', '1.2', 'SUBJECT', '\r\n', '\0', 'ı', '1', '4294967296', '__proto__'],
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 30 }), (parts) => {
      const search = (cursor: Cursor) => parseSearchProgram(cursor, new Enabled())
      for (const reader of [parseFetchItems, search, messageOptions, flagList])
        read<unknown>(parts.join(''), reader)
    }),
    { numRuns: 2_000 },
  )
})
