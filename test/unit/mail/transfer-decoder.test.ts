import { expect, test } from 'vitest'
import { isTransferEncoding, transferDecoder } from '../../../mail/transfer-decoder.ts'

function decode(encoding: string, octets: Buffer, size: number) {
  const decoder = transferDecoder(encoding)
  const pieces: Buffer[] = []
  for (let at = 0; at < octets.length; at += size)
    pieces.push(Buffer.from(decoder.push(octets.subarray(at, at + size))))
  return { text: Buffer.concat(pieces).toString('latin1'), irregular: decoder.irregular }
}

test.each([
  ['base64', 'YWJj\r\nZGVm\r\nZw==\r\n', 'abcdefg', false],
  ['quoted-printable', 'a=3Db=\r\nc\r\nd=\r\n=3d', 'a=bc\r\nd=', false],
  ['quoted-printable', 'a=3Db=\r\nc  \r\nd=\r\n=3d', 'a=bc\r\nd=', true],
  ['quoted-printable', 'a=  \r\nb', 'ab', true],
  ['8bit', 'a\r\n', 'a\r\n', false],
])('RFC 2045 §6: %s %j, however the octets are cut', (encoding, written, text, irregular) => {
  expect(isTransferEncoding(encoding)).toBe(true)
  for (const size of [1, 2, 3, 5, 1000])
    expect(decode(encoding, Buffer.from(written), size)).toEqual({ text, irregular })
})

test('RFC 2045 §6.4: octets in an encoding that nobody knows stay as they are', () => {
  expect(isTransferEncoding('x-uuencode')).toBe(false)
  expect(decode('x-uuencode', Buffer.from('a=41'), 2)).toEqual({ text: 'a=41', irregular: true })
})
