import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LONGEST_HEADER, readProxyHeader } from '../../../../server/proxied/header.ts'

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const v2 = (
  versionAndCommand: number,
  family: number,
  addresses: Buffer,
  length = addresses.length,
): Buffer => {
  const head = Buffer.from([versionAndCommand, family, length >> 8, length & 0xff])
  return Buffer.concat([SIGNATURE, head, addresses])
}
const ipv4 = Buffer.from([192, 0, 2, 7, 10, 0, 0, 1, 0xc0, 0, 0, 25])
const ipv6 = Buffer.concat([
  Buffer.from('20010db8000000000000000000000007', 'hex'),
  Buffer.from('20010db8000000000000000000000001', 'hex'),
  Buffer.from([0xc0, 0, 0, 25]),
])
const found = (length: number, ip: string | undefined) => ({ kind: 'header', length, ip })

describe('PROXY protocol §2.1: the readable form', () => {
  test.each<[string, unknown]>([
    ['PROXY TCP4 192.0.2.7 10.0.0.1 49152 465\r\n', found(41, '192.0.2.7')],
    ['PROXY TCP6 2001:db8::7 2001:db8::1 49152 465\r\nEHLO', found(46, '2001:db8::7')],
    ['PROXY UNKNOWN\r\n', found(15, undefined)],
    ['PROXY UNKNOWN whatever it says\r\n', found(32, undefined)],
    ['PROXY TCP4 192.0.2.7 10.0.0.1', { kind: 'more' }],
    ['P', { kind: 'more' }],
    ['PROXY TCP4 2001:db8::7 10.0.0.1 1 2\r\n', { kind: 'invalid' }],
    ['PROXY TCP4 192.0.2.7 10.0.0.1 1 65536\r\n', { kind: 'invalid' }],
    ['PROXY TCP4 192.0.2.7 10.0.0.1 1 2 3\r\n', { kind: 'invalid' }],
    ['PROXY TCP5 192.0.2.7 10.0.0.1 1 2\r\n', { kind: 'invalid' }],
    ['EHLO me\r\n', { kind: 'invalid' }],
    [`PROXY TCP4 ${'1'.repeat(120)}`, { kind: 'invalid' }],
  ])('%j', (text, expected) => expect(readProxyHeader(Buffer.from(text))).toEqual(expected))
})

describe('PROXY protocol §2.2: the binary form', () => {
  test.each<[string, Buffer, unknown]>([
    ['IPv4', v2(0x21, 0x11, ipv4), found(28, '192.0.2.7')],
    ['IPv6', v2(0x21, 0x21, ipv6), found(52, '2001:db8:0:0:0:0:0:7')],
    [
      'with what belongs to it behind',
      v2(0x21, 0x11, Buffer.concat([ipv4, Buffer.alloc(9)])),
      found(37, '192.0.2.7'),
    ],
    ['LOCAL', v2(0x20, 0x00, Buffer.alloc(0)), found(16, undefined)],
    ['half of it', v2(0x21, 0x11, ipv4).subarray(0, 20), { kind: 'more' }],
    ['half of the signature', SIGNATURE.subarray(0, 5), { kind: 'more' }],
    ['another version', v2(0x11, 0x11, ipv4), { kind: 'invalid' }],
    ['another command', v2(0x22, 0x11, ipv4), { kind: 'invalid' }],
    ['too few addresses', v2(0x21, 0x11, ipv4.subarray(0, 8)), { kind: 'invalid' }],
    ['UDP', v2(0x21, 0x12, ipv4), { kind: 'invalid' }],
    ['longer than anybody needs', v2(0x21, 0x11, Buffer.alloc(0), 65_535), { kind: 'invalid' }],
    ['another signature', Buffer.from('\r\n\r\n\0\r\nQUIX\n'), { kind: 'invalid' }],
  ])('%s', (_, octets, expected) => expect(readProxyHeader(octets)).toEqual(expected))
})

test('any octets: an answer, and never more is asked for than the longest header', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, signed) => {
      const octets = Buffer.concat([signed ? SIGNATURE : Buffer.alloc(0), bytes])
      const read = readProxyHeader(octets)
      if (read.kind === 'header') expect(read.length).toBeLessThanOrEqual(octets.length)
    }),
    { numRuns: 2_000 },
  )
  expect(readProxyHeader(Buffer.concat([SIGNATURE, Buffer.alloc(LONGEST_HEADER)])).kind).not.toBe('more')
})
