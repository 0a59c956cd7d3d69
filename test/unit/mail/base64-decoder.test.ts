import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Base64Decoder } from '../../../mail/base64-decoder.ts'

test('RFC 2045 §6.8: any octets, in lines, cut anywhere, come back', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 500 }),
      fc.array(fc.nat(700), { maxLength: 10 }),
      (octets, cuts) => {
        const text = Buffer.from(
          (
            Buffer.from(octets)
              .toString('base64')
              .match(/.{1,76}/g) ?? []
          ).join('\r\n'),
        )
        const decoder = new Base64Decoder()
        const pieces: Buffer[] = []
        let from = 0
        for (const cut of [...cuts.filter((at) => at < text.length).sort((a, b) => a - b), text.length]) {
          pieces.push(Buffer.from(decoder.push(text.subarray(from, cut))))
          from = cut
        }
        expect(Buffer.concat(pieces).equals(Buffer.from(octets))).toBe(true)
      },
    ),
  )
})

test('what is no base64 is passed over', () => {
  expect(new Base64Decoder().push(Buffer.from('T\0W!Vy\xff aGFiY Q==', 'latin1')).toString()).toBe('Merhaba')
})

test.each([
  ['TWVyaGFiYQ==', false],
  ['TWVy\r\n\taGFi YQ==\r\n', false],
  ['TWVy!aGFi', true],
  ['TWVyaA==aGFi', true],
  ['TQ==T', true],
  ['====TWVy', true],
])('%j: programs may differ: %s', (text, irregular) => {
  for (const step of [1, 100]) {
    const decoder = new Base64Decoder()
    for (let at = 0; at < text.length; at += step) decoder.push(Buffer.from(text.slice(at, at + step)))
    expect(decoder.irregular).toBe(irregular)
  }
})
