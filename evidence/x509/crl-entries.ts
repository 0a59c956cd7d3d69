/**
 * Entries of a revocation list, by offset: none becomes an object before it is the one that is looked for. [RFC 5280 §5.3]
 * Failure: Asn1Error, where nothing else is said.
 */
import { Asn1Error } from '../asn1/error.ts'
import { OID } from '../asn1/oid.ts'
import { type Element, Reader, readHeader, readWhole } from '../asn1/reader.ts'
import { TAG } from '../asn1/tag.ts'
import { readIntegerOctets, readTime } from '../asn1/values.ts'
import { X509Error } from './error.ts'
import { readExtensions } from './extensions.ts'

export interface Revocation {
  readonly date: Date
  /** CRLReason; undefined where the entry gives none. [RFC 5280 §5.3.1] */
  readonly reason: number | undefined
}

export interface Unusable {
  readonly code: 'CRL_INDIRECT' | 'CRL_EXTENSION'
  readonly detail: string
}

/** Where the entries begin and end in `der`. */
export interface Entries {
  readonly der: Uint8Array
  readonly entriesStart: number
  readonly entriesEnd: number
}

/** Finds an entry by the content octets of its serial number. Linear, some 20 ns an entry. Throws X509Error. */
export function findRevocation(list: Entries, serial: Uint8Array): Revocation | undefined {
  const { der, entriesEnd } = list
  let at = list.entriesStart
  try {
    while (at < entriesEnd) {
      const entry = readHeader(der, at, entriesEnd, 'der')
      const end = entry.contentStart + (entry.contentLength ?? 0)
      const number = readHeader(der, entry.contentStart, end, 'der')
      const numberEnd = number.contentStart + (number.contentLength ?? 0)
      if (number.contentLength === serial.length && sameOctets(der, number.contentStart, serial))
        return readEntry(new Reader(der, 'der', numberEnd, end))
      at = end
    }
    return undefined
  } catch (error) {
    throw new X509Error('MALFORMED_CRL', error)
  }
}

/** Octets without which no entry has a critical extension (BOOLEAN TRUE), or one that names another issuer. */
const MARKS: readonly Uint8Array[] = [Uint8Array.of(0x01, 0x01, 0xff), Uint8Array.of(0x55, 0x1d, 0x1d)]

/** Opening one costs a hundred times as much as walking over it, and anybody can put a list into a message. */
const MAX_MARKED = 1000

/**
 * Walks every entry once, so that a list cut or bent in the middle is malformed and not "nothing found". Only entries in
 * which a mark stands are opened, since nearly none has one.
 */
export function walkEntries(entries: Element): Unusable | undefined {
  const { source, contentEnd } = entries
  const octets = Buffer.from(source.buffer, source.byteOffset, contentEnd)
  /** Where each mark stands next; each is looked for again only once it is passed, so that the walk stays linear. */
  const marks = MARKS.map((mark) => ({ mark, at: -1 }))
  const markedBefore = (from: number, to: number): boolean => {
    let found = false
    for (const next of marks) {
      if (next.at < from) {
        const position = octets.indexOf(next.mark, from)
        next.at = position < 0 ? contentEnd : position
      }
      found ||= next.at < to
    }
    return found
  }
  let at = entries.contentStart
  let marked = 0
  let odd: Unusable | undefined
  while (at < contentEnd) {
    const entry = readHeader(source, at, contentEnd, 'der')
    if (entry.tag !== TAG.sequence || source[entry.contentStart] !== TAG.integer)
      throw new Asn1Error('UNEXPECTED_TAG', `entry at ${at}`)
    const end = entry.contentStart + (entry.contentLength ?? 0)
    if (odd === undefined && markedBefore(at, end)) {
      marked++
      odd =
        marked > MAX_MARKED
          ? { code: 'CRL_EXTENSION', detail: `critical extensions in over ${MAX_MARKED} entries` }
          : oddEntry(new Reader(source, 'der', entry.contentStart, end))
    }
    at = end
  }
  return odd
}

/** An entry of another issuer changes whose the entries after it are. [RFC 5280 §5.3.3] [RFC 5280 §5.3] */
function oddEntry(parts: Reader): Unusable | undefined {
  parts.expect(TAG.integer)
  parts.next()
  const list = parts.optional(TAG.sequence)
  parts.finish()
  for (const [id, { critical }] of list === undefined ? [] : readExtensions(list)) {
    if (id === OID.certificateIssuer) return { code: 'CRL_INDIRECT', detail: 'an entry for another issuer' }
    if (critical && id !== OID.reasonCode)
      return { code: 'CRL_EXTENSION', detail: `critical extension ${id} of an entry` }
  }
  return undefined
}

/** revocationDate and extensions, after the serial number. */
function readEntry(parts: Reader): Revocation {
  const date = readTime(parts.next())
  const list = parts.optional(TAG.sequence)
  parts.finish()
  const reasonCode = list === undefined ? undefined : readExtensions(list).get(OID.reasonCode)?.value
  const reason = reasonCode === undefined ? undefined : readWhole(reasonCode, 'der', TAG.enumerated)
  return { date, reason: reason === undefined ? undefined : (readIntegerOctets(reason)[0] ?? 0) }
}

function sameOctets(source: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (source[at + i] !== wanted[i]) return false
  return true
}
