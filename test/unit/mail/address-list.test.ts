import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mailboxesOf, readAddressList } from '../../../mail/address-list.ts'

const shown = (text: string) =>
  mailboxesOf(readAddressList(text)).map(
    ({ name, local, domain }) => `${name === undefined ? '' : `${name} `}<${local}@${domain}>`,
  )

describe('RFC 5322 §3.4', () => {
  test.each([
    ['a@b.tr', ['<a@b.tr>']],
    ['<a@b.tr>', ['<a@b.tr>']],
    ['Ali Veli <a@b.tr>', ['Ali Veli <a@b.tr>']],
    ['"Veli, Ali" <a@b.tr>, c@d', ['Veli, Ali <a@b.tr>', '<c@d>']],
    ['"a \\"b\\" c" <a@b>', ['a "b" c <a@b>']],
    ['a@b (comment (nested \\) ) x), c@d', ['<a@b>', '<c@d>']],
    ['grup: a@b, "x" <c@d>;, e@f', ['<a@b>', 'x <c@d>', '<e@f>']],
    ['"quoted local"@b', ['<quoted local@b>']],
    ['a@[192.0.2.1]', ['<a@[192.0.2.1]>']],
    ['a . b @ c . d', ['<a.b@c.d>']],
    [',, a@b,', ['<a@b>']],
    ['', []],
  ])('%s', (text, expected) => {
    expect(shown(text)).toEqual(expected)
    expect(readAddressList(text).clean).toBe(true)
  })

  test.each([
    'a',
    'a b@c',
    'a@',
    '@b',
    '<a@b> junk',
    'a@b c@d',
    'x <a@b',
    '(open',
    '"open',
    'a@@b',
    'a: b: c@d;',
  ])('not clean: %s', (text) => {
    expect(readAddressList(text).clean).toBe(false)
  })
})

describe('names in comments, and obsolete routes [RFC 5322 §4.4]', () => {
  const first = (text: string) => mailboxesOf(readAddressList(text))[0]
  test.each([
    ['a@b (Ali Veli)', { local: 'a', domain: 'b', comment: 'Ali Veli' }],
    ['a@b (Ali (of b))', { local: 'a', domain: 'b', comment: 'Ali (of b)' }],
    ['a (one) @b (two)', { local: 'a', domain: 'b', comment: 'two' }],
    ['Ali <a@b> (x)', { name: 'Ali', local: 'a', domain: 'b' }],
    ['<@r:a@b>', { local: 'a', domain: 'b', route: '@r' }],
    ['<@r,@s:a@b>, c@d', { local: 'a', domain: 'b', route: '@r,@s' }],
    ['Ali <@r,@s:a@b>', { name: 'Ali', local: 'a', domain: 'b', route: '@r,@s' }],
  ])('%s', (text, expected) => expect(first(text)).toEqual(expected))

  test('an address with a route can be read, and is none that a message may be sent to', () => {
    for (const text of ['<@r:a@b>', 'x <@r,@s:a@b>, c@d']) expect(readAddressList(text).clean).toBe(false)
    expect(shown('<@r,@s:a@b>, c@d')).toEqual(['<a@b>', '<c@d>'])
  })
  test.each(['<@r:>', '<@r>', '<@:a@b', '<@r,a@b>', '<@r:a@b> x'])('no address: %s', (text) => {
    expect(readAddressList(text)).toEqual({ items: [], clean: false })
  })
})

describe('hostile input', () => {
  test('nested comments and long lists cost no more than their length', () => {
    expect(readAddressList('('.repeat(200_000)).clean).toBe(false)
    expect(readAddressList('a@b,'.repeat(50_000)).clean).toBe(false)
    expect(readAddressList('<'.repeat(100_000)).clean).toBe(false)
  })
  test('any text is read without a throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void readAddressList(text)),
    )
  })
})

test.each(['a:', 'a@b,', 'a:b@c,', ';'])('%j without end is read as far as five thousand go', (piece) => {
  const { items, clean } = readAddressList(piece.repeat(30_000))
  expect(clean).toBe(false)
  const members = items.reduce((sum, item) => sum + (item.kind === 'group' ? item.members.length : 0), 0)
  expect(items.length + members).toBeLessThanOrEqual(5_000)
})
