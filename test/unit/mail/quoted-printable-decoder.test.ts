import fc from 'fast-check'
import { expect, test } from 'vitest'
import { QuotedPrintableDecoder } from '../../../mail/quoted-printable-decoder.ts'

function decoded(text: Buffer, step: number) {
  const decoder = new QuotedPrintableDecoder()
  const pieces: Buffer[] = []
  for (let at = 0; at < text.length; at += step)
    pieces.push(Buffer.from(decoder.push(text.subarray(at, at + step))))
  return { octets: Buffer.concat(pieces), irregular: decoder.irregular }
}

test('RFC 2045 §6.7: any octets, in lines, cut anywhere, come back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 90 }), (octets, step) => {
      const text = [...octets]
        .map((octet, index) => {
          const plain = octet > 32 && octet < 127 && octet !== 61
          const written = plain ? String.fromCharCode(octet) : `=${octet.toString(16).padStart(2, '0')}`
          return index % 20 === 19 ? `${written}=\r\n` : written
        })
        .join('')
      const read = decoded(Buffer.from(text, 'latin1'), step)
      expect(read).toEqual({ octets: Buffer.from(octets), irregular: false })
    }),
  )
})

test.each([
  ['a=\nb', 'ab', false],
  ['a\r\nb', 'a\r\nb', false],
  ['a=zzb', 'a=zzb', true],
  ['a=', 'a', true],
  ['a=4', 'a', true],
  ['a \r\nb', 'a\r\nb', true],
  ['a= \r\nb', 'ab', true],
  ['a= b', 'a= b', true],
  ['a b\tc', 'a b\tc', false],
  ['a \t', 'a', true],
  ['==41', '=A', true],
  ['=4=41', '=4A', true],
])('%j', (text, octets, irregular) => {
  for (const step of [1, 100])
    expect(decoded(Buffer.from(text), step)).toEqual({ octets: Buffer.from(octets), irregular })
})

/** All of it at once. */
function readWhole(text: string): string {
  const open = /=[ \t]*\r?\n|=([0-9A-Fa-f]{2})|[ \t]+(?=[\r\n]|$)|=(?:[ \t]*\r?|[^ \t])$/g
  return text.replace(open, (_, hex?: string) =>
    hex === undefined ? '' : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

test('RFC 2045 §6.7: any text, cut anywhere, is read as the same text at once', () => {
  const text = fc.string({ unit: fc.constantFrom('=', '4', 'a', 'z', ' ', '\t', '\r', '\n'), maxLength: 30 })
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 31 }), (written, step) => {
      expect(decoded(Buffer.from(written), step).octets.toString('latin1')).toBe(readWhole(written))
    }),
    { numRuns: 2_000 },
  )
})

test('white space without end is held no further than a line is long', () => {
  const { octets, irregular } = decoded(Buffer.from(`a${' '.repeat(5_000)}\r\n`), 700)
  expect(irregular).toBe(true)
  expect(octets.length).toBeLessThan(5_000)
  expect(octets.toString().trimEnd()).toBe('a')
})
