/** DER and BER, and every value that is read from them. */
import { Asn1Error } from '../../../evidence/asn1/error.ts'
import { type Element, Reader } from '../../../evidence/asn1/reader.ts'
import { TAG } from '../../../evidence/asn1/tag.ts'
import {
  integerHex,
  readBoolean,
  readIntegerOctets,
  readNamedBits,
  readOctetAlignedBits,
  readOctets,
  readOid,
  readSmallInteger,
  readText,
  readTime,
} from '../../../evidence/asn1/values.ts'
import { signDetached } from '../../../evidence/cms/sign.ts'
import { pki } from '../../../test/fakes/pki.ts'
import { bucket, codeOf, type Target } from '../target.ts'

const READERS: ReadonlyMap<number, (element: Element) => unknown> = new Map<
  number,
  (element: Element) => unknown
>([
  [TAG.oid, readOid],
  [TAG.boolean, readBoolean],
  [TAG.integer, (element) => [integerHex(readIntegerOctets(element)), readSmallInteger(element)]],
  [TAG.bitString, (element) => [readNamedBits(element), readOctetAlignedBits(element)]],
  [TAG.octetString, readOctets],
  [TAG.octetString | 0x20, readOctets],
  [TAG.utcTime, (element) => readTime(element).toISOString()],
  [TAG.generalizedTime, (element) => readTime(element).toISOString()],
  ...[TAG.utf8String, TAG.printableString, TAG.bmpString, TAG.teletexString].map(
    (tag): [number, (element: Element) => unknown] => [tag, readText],
  ),
])

function walk(reader: Reader, seen: { count: number; depth: number }): void {
  for (const element of reader) {
    seen.count++
    seen.depth = Math.max(seen.depth, element.depth)
    const read = READERS.get(element.tag)
    if (read !== undefined) codeOf([Asn1Error], () => String(read(element)))
    if (element.constructed) walk(element.open(), seen)
  }
}

export const der: Target = {
  name: 'der',
  kind: 'der',
  weight: 3,
  seeds: async () => [
    pki().user.certificate.der,
    pki().crls[0]!,
    await signDetached({ digest: new Uint8Array(32), signer: pki().user.signer, signingTime: new Date() }),
    Buffer.from('3080248004016124800401620000040163000000000000', 'hex'),
    Buffer.from('300f0603550406130254521e0400410042', 'hex'),
  ],
  run: (input) =>
    (['der', 'ber'] as const)
      .map((encoding) => {
        const seen = { count: 0, depth: 0 }
        const code = codeOf([Asn1Error], () => {
          walk(new Reader(input, encoding), seen)
          return 'read'
        })
        return `${code} ${bucket(seen.count) >> 1} ${bucket(seen.depth)}`
      })
      .join(' '),
  growth: [
    { name: 'empty elements', make: (octets) => Buffer.alloc(octets, '0500', 'hex') },
    {
      name: 'open elements',
      make: (octets) =>
        Buffer.concat([
          Buffer.alloc(62, '3080', 'hex'),
          Buffer.alloc(octets, '0500', 'hex'),
          Buffer.alloc(62),
        ]),
    },
    {
      name: 'segments',
      make: (octets) =>
        Buffer.concat([
          Buffer.from('2480', 'hex'),
          Buffer.alloc(octets, '040141', 'hex').subarray(0, octets - (octets % 3)),
          Buffer.alloc(2),
        ]),
    },
    {
      name: 'a long number',
      make: (octets) =>
        Buffer.concat([Buffer.from('0284', 'hex'), uint32(octets), Buffer.alloc(octets, 0x55)]),
    },
    {
      name: 'empty open elements',
      make: (octets) =>
        Buffer.concat([
          Buffer.from('3080', 'hex'),
          Buffer.alloc(octets - (octets % 4), '30800000', 'hex'),
          Buffer.alloc(2),
        ]),
    },
  ],
}

const uint32 = (value: number): Buffer => {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return octets
}
