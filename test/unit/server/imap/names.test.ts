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
  ])('%s for %s: %s', (pattern, name, matches) => {
    expect(matchesPattern(pattern, name)).toBe(matches)
  })
})
