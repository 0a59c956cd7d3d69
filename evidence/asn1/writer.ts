/** Writes DER. Parts are octets already encoded, so that what was signed or read before goes in unchanged. [X.690 §10] */
import { TAG } from './tag.ts'

/** Tag, the shortest length, then the parts. */
export function encode(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(1 + lengthOctets(length) + length)
  let at = writeHead(out, tag, length)
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Tag and length of an element whose content of so many octets follows elsewhere. */
export function headOf(tag: number, length: number): Uint8Array {
  const out = new Uint8Array(1 + lengthOctets(length))
  writeHead(out, tag, length)
  return out
}

/** Where the content begins. */
function writeHead(out: Uint8Array, tag: number, length: number): number {
  const size = lengthOctets(length)
  out[0] = tag
  if (size === 1) out[1] = length
  else {
    out[1] = 0x80 | (size - 1)
    for (let i = size, rest = length; i > 1; i--, rest = Math.floor(rest / 256)) out[i] = rest % 256
  }
  return 1 + size
}

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => encode(TAG.sequence, ...parts)

/** SET OF in ascending order of its encodings: unsorted sets verify in some programs only. [X.690 §11.6] */
export const setOf = (...parts: readonly Uint8Array[]): Uint8Array =>
  encode(TAG.set, ...parts.toSorted(Buffer.compare))

/** [n] EXPLICIT, or an implicitly tagged SEQUENCE/SET OF given by its elements. */
export const tagged = (number: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  encode(0xa0 | number, ...parts)

/** [n] IMPLICIT over a primitive type, given by its content octets. */
export const taggedPrimitive = (number: number, content: Uint8Array): Uint8Array =>
  encode(0x80 | number, content)

/** The element with another identifier octet: IMPLICIT tagging of something already encoded. */
export function retag(tag: number, element: Uint8Array): Uint8Array {
  const out = Uint8Array.from(element)
  out[0] = tag
  return out
}

const encodedOids = new Map<string, Uint8Array>()

/** Dotted decimal, from the tables of the program only: the cache below is therefore bounded. */
export function oid(dotted: string): Uint8Array {
  const known = encodedOids.get(dotted)
  if (known !== undefined) return known
  const [top = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const content = [top * 40 + second, ...rest].flatMap(base128)
  const made = encode(TAG.oid, Uint8Array.from(content))
  encodedOids.set(dotted, made)
  return made
}

/** A number that is not negative, or content octets as read (a serial, a nonce). */
export function integer(value: number | bigint | Uint8Array): Uint8Array {
  if (value instanceof Uint8Array) return encode(TAG.integer, value)
  const hex = value.toString(16)
  const octets = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return encode(TAG.integer, unsigned(octets))
}

/** The content octets of a positive INTEGER with this magnitude: a zero in front of a set top bit, none else. */
export function unsigned(magnitude: Uint8Array): Uint8Array {
  let from = 0
  while (from < magnitude.length - 1 && magnitude[from] === 0) from++
  const shortest = magnitude.subarray(from)
  return shortest[0]! >= 0x80 ? Buffer.concat([Uint8Array.of(0), shortest]) : shortest
}

export const boolean = (value: boolean): Uint8Array => encode(TAG.boolean, Uint8Array.of(value ? 0xff : 0))
export const nullValue = (): Uint8Array => encode(TAG.null)
export const octetString = (octets: Uint8Array): Uint8Array => encode(TAG.octetString, octets)
export const bitString = (octets: Uint8Array, unused = 0): Uint8Array =>
  encode(TAG.bitString, Uint8Array.of(unused), octets)
export const utf8String = (text: string): Uint8Array => encode(TAG.utf8String, Buffer.from(text, 'utf8'))
export const printableString = (text: string): Uint8Array =>
  encode(TAG.printableString, Buffer.from(text, 'latin1'))

/** A named bit list without trailing zero bits. [X.690 §11.2.2] */
export function namedBits(numbers: readonly number[]): Uint8Array {
  const highest = Math.max(-1, ...numbers)
  const octets = new Uint8Array(Math.ceil((highest + 1) / 8))
  for (const number of numbers) octets[number >> 3]! |= 0x80 >> (number & 7)
  return bitString(octets, octets.length * 8 - (highest + 1))
}

/** UTCTime through 2049, GeneralizedTime after; whole seconds. [RFC 5280 §4.1.2.5] */
export const time = (date: Date): Uint8Array =>
  date.getUTCFullYear() < 2050 && date.getUTCFullYear() >= 1950
    ? encode(TAG.utcTime, Buffer.from(`${digits(date).slice(2)}Z`))
    : generalizedTime(date)

/** `fraction` keeps milliseconds, without trailing zeros. [X.690 §11.7] */
export function generalizedTime(date: Date, fraction = false): Uint8Array {
  const milliseconds = String(date.getUTCMilliseconds()).padStart(3, '0').replace(/0+$/, '')
  const tail = fraction && milliseconds !== '' ? `.${milliseconds}` : ''
  return encode(TAG.generalizedTime, Buffer.from(`${digits(date)}${tail}Z`))
}

/** YYYYMMDDHHMMSS in UTC. */
const digits = (date: Date): string => date.toISOString().replace(/\..*/, '').replace(/[-T:]/g, '')

function lengthOctets(length: number): number {
  if (length < 0x80) return 1
  let octets = 1
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets++
  return octets
}

function base128(arc: number): number[] {
  const out = [arc % 128]
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128))
    out.unshift(0x80 | (rest % 128))
  return out
}
