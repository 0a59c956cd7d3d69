/** Detached and enclosed CMS. */
import { hash } from 'node:crypto'
import { OID } from '../../../evidence/asn1/oid.ts'
import { encode, integer, oid, sequence, setOf, tagged } from '../../../evidence/asn1/writer.ts'
import { OpaqueReader } from '../../../evidence/cms/opaque.ts'
import { signDetached, signEnclosed } from '../../../evidence/cms/sign.ts'
import { type CmsReport, verifyDetached } from '../../../evidence/cms/verify.ts'
import type { HashName } from '../../../evidence/ports.ts'
import { strictSignedData } from '../../../evidence/verify/signed-data-shape.ts'
import { localTimestamper } from '../../../test/fakes/evidence.ts'
import { pki } from '../../../test/fakes/pki.ts'
import { Broken, type Growth, shapeOf, type Target } from '../target.ts'

const content = Buffer.from('Content-Type: text/plain\r\n\r\nSayın ilgili\r\n')
const signingTime = new Date('2026-01-01T10:00:00Z')
const digestOf = (name: HashName): Uint8Array => hash(name, content, 'buffer')
const signers = () => [
  pki().user.signer,
  pki().provider.signer,
  pki().issue({ kind: 'user', email: 'a@hs98.kep.tr' }, { kind: 'rsa', pss: true, hash: 'sha512' }).signer,
]

/** Who signed it, over what, when. */
const known = new Set<string>()
function said({ signers }: CmsReport): string {
  return signers
    .map((one) =>
      one.ok
        ? `${one.certificate.fingerprint} ${one.signingTime?.toISOString()} ${one.bes}`
        : shapeOf(one.detail),
    )
    .join(' ')
}

function judged(report: CmsReport): string {
  const what = said(report)
  for (const one of report.signers)
    if (one.ok && !known.has(said({ ...report, signers: [one] })))
      throw new Broken('a signature that nobody made holds')
  return what.replace(/[0-9a-f]{64}/g, '#')
}

export const cms: Target = {
  name: 'cms',
  kind: 'der',
  weight: 2,
  async seeds() {
    const seeds: Uint8Array[] = []
    for (const signer of signers()) {
      const der = await signDetached({ digest: digestOf(signer.hash), signer, signingTime })
      known.add(said(await verifyDetached(der, digestOf)))
      seeds.push(der)
    }
    const stamped = { digest: digestOf('sha256'), signer: pki().user.signer, signingTime }
    return [...seeds, await signDetached({ ...stamped, timestamper: localTimestamper() })]
  },
  async run(input) {
    strictSignedData(input)
    return judged(await verifyDetached(input, digestOf, [pki().user.certificate]))
  },
  growth: [
    ...inTail('certificates of two octets', (octets) => [
      tagged(0, Buffer.alloc(octets, '3000', 'hex')),
      setOf(),
    ]),
    ...inTail('signers of two octets', (octets) => [encode(0x31, Buffer.alloc(octets, '3000', 'hex'))]),
    ...inTail('lists of two octets', (octets) => [tagged(1, Buffer.alloc(octets, '3000', 'hex')), setOf()]),
    ...inTail('a certificate of any size', (octets) => [
      tagged(0, sequence(Buffer.alloc(octets, '0500', 'hex'))),
      setOf(),
    ]),
  ],
}

function inTail(name: string, tail: (octets: number) => Uint8Array[]): Growth[] {
  const make = (octets: number) =>
    sequence(
      oid(OID.signedData),
      tagged(0, sequence(integer(1), setOf(), sequence(oid(OID.data)), ...tail(octets))),
    )
  return [{ name, make }]
}

export const opaque: Target = {
  name: 'opaque',
  kind: 'der',
  weight: 2,
  async seeds() {
    const seeds: Uint8Array[] = []
    for (const signer of signers()) {
      const der = await signEnclosed(content, { signer, signingTime })
      known.add(said(read(der, der.length).report))
      seeds.push(der)
    }
    return [...seeds, streamed(seeds[0]!)]
  },
  run(input) {
    const whole = read(input, Math.max(1, input.length))
    const pieces = read(input, 1 + (input.length % 61))
    if (said(whole.report) !== said(pieces.report) || !whole.seen.equals(pieces.seen))
      throw new Broken('the same octets in other pieces are something else')
    if (whole.report.signers.some(({ ok }) => ok) && !whole.seen.equals(content))
      throw new Broken('a signature holds over another content')
    return judged(whole.report)
  },
  growth: [
    {
      name: 'segments of one octet',
      make: (octets) => open(Buffer.alloc(octets - (octets % 3), '040141', 'hex')),
    },
    { name: 'segments of none', make: (octets) => open(Buffer.alloc(octets - (octets % 2), '0400', 'hex')) },
    {
      name: 'open segments of none',
      make: (octets) => open(Buffer.alloc(octets - (octets % 4), '24800000', 'hex')),
    },
    { name: 'one segment', make: (octets) => open(encode(0x04, Buffer.alloc(octets))) },
  ],
}

function read(octets: Uint8Array, step: number): { report: CmsReport; seen: Buffer } {
  const seen: Uint8Array[] = []
  const reader = new OpaqueReader((piece) => seen.push(Uint8Array.from(piece)))
  for (let at = 0; at < octets.length; at += step) reader.write(octets.subarray(at, at + step))
  return { report: reader.end(), seen: Buffer.concat(seen) }
}

const indefinite = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat([Uint8Array.of(tag, 0x80), ...parts, Uint8Array.of(0, 0)])

/** Everything around the segments of a content, without its signers. */
const open = (segments: Uint8Array): Uint8Array =>
  indefinite(
    0x30,
    oid(OID.signedData),
    indefinite(
      0xa0,
      indefinite(
        0x30,
        integer(1),
        setOf(sequence(oid(OID.sha256))),
        indefinite(0x30, oid(OID.data), indefinite(0xa0, indefinite(0x24, segments))),
        encode(0x31),
      ),
    ),
  )

/** As programs write it that do not know the length before: the same signature around segments. */
function streamed(der: Uint8Array): Uint8Array {
  const enclosed = Buffer.from(sequence(oid(OID.data), tagged(0, encode(0x04, content))))
  const at = Buffer.from(der).indexOf(enclosed)
  const [one, two] = [content.subarray(0, 9), content.subarray(9)]
  const info = indefinite(
    0x30,
    oid(OID.data),
    indefinite(0xa0, indefinite(0x24, encode(4, one), encode(4, two))),
  )
  const head = [integer(1), setOf(sequence(oid(OID.sha256)))]
  const signedData = indefinite(0x30, ...head, info, der.subarray(at + enclosed.length))
  return indefinite(0x30, oid(OID.signedData), indefinite(0xa0, signedData))
}
