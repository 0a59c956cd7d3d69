import { hash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { OID } from '../../../../evidence/asn1/oid.ts'
import {
  encode,
  integer,
  octetString,
  oid,
  sequence,
  setOf,
  tagged,
} from '../../../../evidence/asn1/writer.ts'
import { MAX_TAIL_OCTETS, OpaqueReader } from '../../../../evidence/cms/opaque.ts'
import { signDetached } from '../../../../evidence/cms/sign.ts'
import { pki } from '../../../fakes/pki.ts'

const { signer } = pki().user
const content = Buffer.from('içerik '.repeat(40))
const END = Uint8Array.of(0, 0)
const indefinite = (tag: number, ...parts: Uint8Array[]) =>
  Buffer.concat([Uint8Array.of(tag, 0x80), ...parts, END])

/** Certificates and signers as they follow the content, from a detached signature over the same content. */
const tail = async (over: Uint8Array): Promise<Uint8Array> => {
  const der = await signDetached({ digest: hash('sha256', over, 'buffer'), signer, signingTime: new Date() })
  const empty = sequence(oid(OID.data))
  return der.subarray(Buffer.from(der).indexOf(empty) + empty.length)
}
const frame = (inner: Uint8Array, rest: Uint8Array): Uint8Array => {
  const head = [integer(1), setOf(sequence(oid(OID.sha256)))]
  const info = indefinite(0x30, oid(OID.data), indefinite(0xa0, inner))
  return indefinite(0x30, oid(OID.signedData), indefinite(0xa0, indefinite(0x30, ...head, info, rest)))
}
const read = (octets: Uint8Array, step = 1): { failure: string | undefined; seen: Buffer } => {
  const seen: Uint8Array[] = []
  const reader = new OpaqueReader((piece) => seen.push(Uint8Array.from(piece)))
  for (let at = 0; at < octets.length; at += step) reader.write(octets.subarray(at, at + step))
  return { failure: reader.end().signers[0]?.failure, seen: Buffer.concat(seen) }
}

describe('RFC 5652 §5.2: an enclosed content in any BER', () => {
  const [a, b] = [content.subarray(0, 100), content.subarray(100)]
  test.each([
    { name: 'one string', inner: octetString(content) },
    { name: 'two segments', inner: indefinite(0x24, octetString(a), octetString(b)) },
    { name: 'definite segments', inner: encode(0x24, octetString(a), octetString(b)) },
    {
      name: 'nested segments',
      inner: indefinite(0x24, encode(0x24, octetString(a)), indefinite(0x24, octetString(b))),
    },
    {
      name: 'empty segments',
      inner: indefinite(0x24, octetString(END.subarray(2)), octetString(content), encode(0x24)),
    },
    {
      name: 'lengths with zeros in front',
      inner: Buffer.concat([
        Buffer.from('248004840000', 'hex'),
        Uint8Array.of(content.length >> 8, content.length & 255),
        content,
        END,
      ]),
    },
  ])('$name', async ({ inner }) => {
    const octets = frame(inner, await tail(content))
    for (const step of [1, 5, 4096]) expect(read(octets, step)).toEqual({ failure: undefined, seen: content })
  })
  test('an empty content', async () => {
    expect(read(frame(octetString(new Uint8Array()), await tail(new Uint8Array()))).failure).toBe(undefined)
  })
  test.each([
    { name: 'content of another signature', inner: octetString(a), failure: 'DIGEST_MISMATCH' },
    {
      name: 'two strings',
      inner: Buffer.concat([octetString(content), octetString(content)]),
      failure: 'MALFORMED',
    },
    { name: 'no string', inner: sequence(octetString(content)), failure: 'MALFORMED' },
    {
      name: 'an integer among segments',
      inner: indefinite(0x24, octetString(a), integer(1)),
      failure: 'MALFORMED',
    },
    { name: 'a segment past its parent', inner: Buffer.from('2404040561', 'hex'), failure: 'MALFORMED' },
    {
      name: 'nested without end',
      inner: Buffer.alloc(1000, Buffer.from('2480', 'hex')),
      failure: 'MALFORMED',
    },
    {
      name: 'a length of nine octets',
      inner: Buffer.from('0489000000000000000001', 'hex'),
      failure: 'MALFORMED',
    },
  ])('refused: $name', async ({ inner, failure }) => {
    expect(read(frame(inner, await tail(content))).failure).toBe(failure)
  })
  test('a tail without end is cut off', () => {
    const reader = new OpaqueReader(() => {})
    reader.write(frame(octetString(content), new Uint8Array()).subarray(0, -6))
    const block = Buffer.alloc(1024 * 1024, 0x30)
    for (let sent = 0; sent <= MAX_TAIL_OCTETS; sent += block.length) reader.write(block)
    expect(reader.end().signers).toMatchObject([{ failure: 'TOO_LARGE' }])
  })
  test('a head without end is cut off', () => {
    const reader = new OpaqueReader(() => {})
    reader.write(tagged(0, new Uint8Array(8192)))
    expect(reader.end().signers).toMatchObject([{ failure: 'MALFORMED' }])
    const long = new OpaqueReader(() => {})
    const digests = setOf(...Array.from({ length: 1000 }, () => sequence(oid(OID.sha256))))
    long.write(sequence(oid(OID.signedData), tagged(0, sequence(integer(1), digests))))
    expect(long.end().signers).toMatchObject([{ failure: 'MALFORMED' }])
  })
  test('I8: 100 MB pass without being kept', async () => {
    const size = 1024 * 1024
    const all = Buffer.alloc(100 * size, 'x')
    const held = (): number => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
    const rest = await tail(all)
    const whole = frame(encode(0x24), rest)
    const at = Buffer.from(whole).indexOf(encode(0x24))
    const before = held()
    const reader = new OpaqueReader(() => {})
    reader.write(whole.subarray(0, at))
    reader.write(Uint8Array.of(0x24, 0x80))
    for (let from = 0; from < all.length; from += size) {
      reader.write(Uint8Array.of(0x04, 0x83, 0x10, 0, 0))
      reader.write(all.subarray(from, from + size))
    }
    const grown = held() - before
    reader.write(END)
    reader.write(whole.subarray(at + 2))
    expect(reader.end().signers).toMatchObject([{ ok: true }])
    expect(grown).toBeLessThan(16 * 1024 * 1024)
  })
})
