/** Values of the ASN.1 types that certificates, CMS and time-stamps are made of. Failure: Asn1Error. */
import { Asn1Error } from './error.ts'
import type { Element, Reader } from './reader.ts'
import { CONSTRUCTED, TAG } from './tag.ts'

/** The longest OID in use has 30 octets; each arc costs one BigInt-free number. */
const MAX_OID_OCTETS = 64

/** Dotted decimal. Arcs past 2^53 (UUID arcs) are refused: no algorithm or attribute here has one. */
export function readOid(element: Element): string {
  const { content, tag } = element
  if (tag !== TAG.oid || content.length === 0 || content.length > MAX_OID_OCTETS)
    throw bad(element, 'OBJECT IDENTIFIER')
  const arcs: number[] = []
  let arc = 0
  let fresh = true
  for (const octet of content) {
    // A leading 0x80 pads: two spellings of one OID. [X.690 §8.19.2]
    if (fresh && octet === 0x80) throw bad(element, 'OBJECT IDENTIFIER')
    arc = arc * 128 + (octet & 0x7f)
    if (arc > Number.MAX_SAFE_INTEGER) throw bad(element, 'OBJECT IDENTIFIER')
    fresh = (octet & 0x80) === 0
    if (!fresh) continue
    if (arcs.length === 0) {
      const top = Math.min(2, Math.floor(arc / 40))
      arcs.push(top, arc - top * 40)
    } else arcs.push(arc)
    arc = 0
  }
  if (!fresh) throw bad(element, 'OBJECT IDENTIFIER')
  return arcs.join('.')
}

/** Two's complement content octets, proven to be the shortest form. [X.690 §8.3.2] */
export function readIntegerOctets(element: Element): Uint8Array {
  const { content } = element
  if (content.length === 0) throw bad(element, 'INTEGER')
  const [first, second] = content
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))
    throw bad(element, 'INTEGER')
  return content
}

/** An INTEGER of at most six octets and not negative: versions, lengths, milliseconds. */
export function readSmallInteger(element: Element): number {
  const octets = readIntegerOctets(element)
  if (octets.length > 6 || octets[0]! >= 0x80) throw bad(element, 'small INTEGER')
  let value = 0
  for (const octet of octets) value = value * 256 + octet
  return value
}

/** Lower-case hex without leading zeros; a negative number keeps its two's complement octets. */
export function integerHex(octets: Uint8Array): string {
  const hex = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
    .toString('hex')
    .replace(/^0+/, '')
  return hex === '' ? '0' : hex
}

export function readBoolean(element: Element): boolean {
  const { content } = element
  // DER has exactly one true. [X.690 §11.1]
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw bad(element, 'BOOLEAN')
  return content[0] === 0xff
}

/** A BIT STRING of whole octets: signatures and keys. */
export function readOctetAlignedBits(element: Element): Uint8Array {
  if (element.content[0] !== 0) throw bad(element, 'BIT STRING')
  return element.content.subarray(1)
}

/** The numbers of the bits that are set, as named bit lists count them. [X.690 §11.2] */
export function readNamedBits(element: Element): number[] {
  const [unused, ...octets] = element.content.subarray(0, 5)
  if (unused === undefined || unused > 7 || (octets.length === 0 && unused !== 0))
    throw bad(element, 'BIT STRING')
  const set: number[] = []
  octets.forEach((octet, index) => {
    for (let bit = 0; bit < 8; bit++) if (octet & (0x80 >> bit)) set.push(index * 8 + bit)
  })
  return set
}

/** The octets of an OCTET STRING; segments are joined where BER wrote it in pieces. [X.690 §8.7.3] */
export function readOctets(element: Element): Uint8Array {
  if ((element.tag & ~CONSTRUCTED) !== TAG.octetString) throw bad(element, 'OCTET STRING')
  return implicitOctets(element)
}

/** The same under an implicit tag, which the caller has looked at. */
export function implicitOctets(element: Element): Uint8Array {
  if (!element.constructed) return element.content
  // Segments may be of two octets each, so none is kept.
  const joined = Buffer.alloc(element.content.length)
  return joined.subarray(0, join(element.open(), joined, 0))
}

/** Descends no further than Reader allows. Answers where in `joined` the next octet goes. */
function join(reader: Reader, joined: Uint8Array, from: number): number {
  let at = from
  for (const segment of reader) {
    if ((segment.tag & ~CONSTRUCTED) !== TAG.octetString) throw bad(segment, 'segment of an OCTET STRING')
    if (segment.constructed) at = join(segment.open(), joined, at)
    else {
      joined.set(segment.content, at)
      at += segment.content.length
    }
  }
  return at
}

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,9}))?Z$/

/** UTCTime or GeneralizedTime, always in UTC and with seconds. [RFC 5280 §4.1.2.5] Fractions come with time-stamps. */
export function readTime(element: Element): Date {
  const text = element.content.length <= 32 ? Buffer.from(element.content).toString('latin1') : ''
  const utc = element.tag === TAG.utcTime ? UTC_TIME.exec(text) : null
  const match = utc ?? (element.tag === TAG.generalizedTime ? GENERALIZED_TIME.exec(text) : null)
  if (match === null) throw bad(element, 'time')
  const field = (index: number): number => Number(match[index] ?? 0)
  // Two-digit years mean 1950 to 2049. [RFC 5280 §4.1.2.5.1]
  const year = utc === null ? field(1) : field(1) + (field(1) >= 50 ? 1900 : 2000)
  const milliseconds = Math.floor(Number(`0.${match[7] ?? '0'}`) * 1000)
  const time = new Date(0)
  time.setUTCFullYear(year, field(2) - 1, field(3))
  time.setUTCHours(field(4), field(5), field(6), milliseconds)
  // Date rolls 31 February over into March; a signed time that does so was never valid.
  const same = time.getUTCMonth() === field(2) - 1 && time.getUTCDate() === field(3)
  if (!same || field(4) > 23 || field(5) > 59 || field(6) > 59) throw bad(element, 'time')
  return time
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text of a DirectoryString or IA5String; undefined where the tag is no string type. */
export function readText(element: Element): string | undefined {
  const octets = Buffer.from(element.content.buffer, element.content.byteOffset, element.content.byteLength)
  switch (element.tag) {
    case TAG.utf8String:
      try {
        return utf8.decode(octets)
      } catch {
        throw bad(element, 'UTF8String')
      }
    case TAG.numericString:
    case TAG.printableString:
    case TAG.ia5String:
    case TAG.visibleString:
    case TAG.teletexString:
      return octets.toString('latin1')
    case TAG.bmpString:
      if (octets.length % 2 !== 0) throw bad(element, 'BMPString')
      return Buffer.from(octets).swap16().toString('utf16le')
    case TAG.universalString:
      return utf32(octets) ?? fail(element, 'UniversalString')
    default:
      return undefined
  }
}

/** Big-endian; undefined where it is none. */
function utf32(octets: Buffer): string | undefined {
  if (octets.length % 4 !== 0) return undefined
  let text = ''
  for (let at = 0; at < octets.length; at += 4) {
    const point = octets.readUInt32BE(at)
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined
    text += String.fromCodePoint(point)
  }
  return text
}

function fail(element: Element, type: string): never {
  throw bad(element, type)
}

const bad = (element: Element, type: string): Asn1Error =>
  new Asn1Error('BAD_VALUE', `no valid ${type} at ${element.start}`)
