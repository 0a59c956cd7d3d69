import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CommandError } from '../../../../server/imap/failure.ts'
import { matchesPattern } from '../../../../server/imap/list-pattern.ts'
import { checkNewName, nameFromWire, nameToWire, parentsOf } from '../../../../server/imap/mailbox-name.ts'

describe('modified UTF-7 [RFC 3501 §5.1.3]', () => {
  test.each([
    ['Çöp Kutusu', '&AMcA9g-p Kutusu'],
    ['Arşiv', 'Ar&AV8-iv'],
    ['a&b', 'a&-b'],
    ['台北', '&U,BTFw-'],
    ['😀', '&2D3eAA-'],
  ])('%s', (name, wire) => {
    expect(nameToWire(name, false)).toBe(wire)
    expect(nameFromWire(wire, false)).toBe(name)
  })
  test.each(['&', '&AMc', 'a&b', '&AGE-', '&AMc=-', '&A-', 'Çöp', '&2D0-&3gA-'])('%s is none', (wire) => {
    expect(() => nameFromWire(wire, false)).toThrow(CommandError)
  })
  test('a name is too long before it is decoded: shifts without end, marks without end', () => {
    for (const utf8 of [false, true])
      for (const octets of ['&'.repeat(65_000), `a${'\u00cc\u0096\u00cc\u0095'.repeat(16_000)}`])
        expect(() => nameFromWire(octets, utf8)).toThrow('The mailbox name is too long')
    expect(nameFromWire(nameToWire('ş&'.repeat(166), false), false)).toBe('ş&'.repeat(166))
  })
  test('every name comes back, in both forms [property]', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.boolean(), (text, utf8) => {
        const name = `x${text}`.normalize('NFC')
        expect(nameFromWire(nameToWire(name, utf8), utf8)).toBe(name)
      }),
    )
  })
})

test.each([
  ['inbox', 'INBOX'],
  ['InBox/a', 'INBOX/a'],
  ['inboxes', 'inboxes'],
])('INBOX is one in every spelling: %s', (wire, name) => {
  expect(nameFromWire(wire, true)).toBe(name)
})

test.each(['', '/a', 'a/', 'a//b', 'a%', 'a*b', 'a\tb', 'x'.repeat(600), 'a/'.repeat(30) + 'a'])(
  'no mailbox is made with the name %j',
  (name) => {
    expect(() => checkNewName(name)).toThrow(CommandError)
  },
)

test('levels above a name', () => {
  expect(parentsOf('a/b/c')).toEqual(['a', 'a/b'])
  expect(parentsOf('a')).toEqual([])
})

describe('LIST patterns [RFC 9051 §6.3.9]', () => {
  test.each([
    ['*', 'a/b', true],
    ['%', 'a/b', false],
    ['%', 'a', true],
    ['a/%', 'a/b', true],
    ['a/%', 'a/b/c', false],
    ['a*c', 'a/b/c', true],
    ['%/c', 'a/b/c', false],
    ['%%/%', 'a/b', true],
    ['*%', 'a/b', true],
    ['inbox', 'INBOX', true],
    ['inbox', 'inbox', true],
    ['A', 'a', false],
    ['', '', true],
    ['%%%*%b', 'a/b', true],
    ['%a%a%a%', 'aaaa', true],
    ['%a%a%a%', 'aba', false],
    ['%a%/%a', 'a/a', true],
    ['*😀%', 'a/😀b', true],
  ])('%s for %s: %s', (pattern, name, matches) => {
    expect(matchesPattern(pattern, name)).toBe(matches)
  })
  test('as a search of all that it may stand for says [property]', () => {
    const says = (pattern: string, name: string): boolean => {
      const [first] = pattern
      if (first === undefined) return name === ''
      const rest = pattern.slice(1)
      if (first !== '*' && first !== '%') return name.startsWith(first) && says(rest, name.slice(1))
      const [char] = name
      return (
        says(rest, name) ||
        (char !== undefined && (first === '*' || char !== '/') && says(pattern, name.slice(1)))
      )
    }
    const text = (letters: string) => fc.string({ unit: fc.constantFrom(...letters), maxLength: 8 })
    fc.assert(
      fc.property(text('ab/*%'), text('ab/'), (pattern, name) => {
        expect(matchesPattern(pattern, name)).toBe(says(pattern, name))
      }),
    )
  })
})
