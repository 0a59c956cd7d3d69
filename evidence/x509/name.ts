/** Distinguished names: the exact octets, the text people read, and the comparison of two names. [RFC 5280 §7.1] */
import { Asn1Error } from '../asn1/error.ts'
import { OID } from '../asn1/oid.ts'
import type { Element } from '../asn1/reader.ts'
import { readWhole } from '../asn1/reader.ts'
import { TAG } from '../asn1/tag.ts'
import { readOid, readText } from '../asn1/values.ts'
import type { Name } from '../ports.ts'

/** Names in certificates of people and CAs have up to 15 attributes; more is an attack on whoever prints or compares them. */
const MAX_ATTRIBUTES = 64

/** Short names of attributes in text; others are written as dotted OIDs. [RFC 4514 §3] */
const LABELS: ReadonlyMap<string, string> = new Map([
  [OID.commonName, 'CN'],
  [OID.surname, 'SN'],
  [OID.serialNumber, 'serialNumber'],
  [OID.country, 'C'],
  [OID.locality, 'L'],
  [OID.state, 'ST'],
  [OID.street, 'STREET'],
  [OID.organization, 'O'],
  [OID.organizationalUnit, 'OU'],
  [OID.title, 'title'],
  [OID.givenName, 'GN'],
  [OID.organizationIdentifier, 'organizationIdentifier'],
  [OID.emailAddress, 'emailAddress'],
  [OID.domainComponent, 'DC'],
  [OID.userId, 'UID'],
])

export interface NameAttribute {
  readonly type: string
  /** Text of string types; undefined for any other, which `text` shows as hex. */
  readonly value: string | undefined
}

/** Throws Asn1Error. */
export function readName(element: Element): Name {
  const relative: string[] = []
  const first = new Map<string, string>()
  let count = 0
  for (const set of element.open().rest(MAX_ATTRIBUTES)) {
    const parts: string[] = []
    for (const pair of set.open()) {
      if (++count > MAX_ATTRIBUTES)
        throw new Asn1Error('TOO_MANY', `over ${MAX_ATTRIBUTES} attributes of a name`)
      const { type, value, octets } = readAttribute(pair)
      parts.push(`${LABELS.get(type) ?? type}=${value === undefined ? hexText(octets) : escapeText(value)}`)
      if (value !== undefined && !first.has(type)) first.set(type, value)
    }
    relative.push(parts.join('+'))
  }
  return {
    der: element.octets,
    text: relative.reverse().join(','),
    commonName: first.get(OID.commonName),
    serialNumber: first.get(OID.serialNumber),
    organization: first.get(OID.organization),
  }
}

/** All attributes in order, for rules that look for one type (an e-mail address under name constraints). */
export function nameAttributes(der: Uint8Array): NameAttribute[] {
  const found: NameAttribute[] = []
  for (const set of readWhole(der, 'der', TAG.sequence).open())
    for (const pair of set.open()) {
      const { type, value } = readAttribute(pair)
      found.push({ type, value })
    }
  return found
}

/** Stands before a value of a string type that is not understood; nothing can be said of its text. */
export const UNREADABLE = '\u0001'

/** The relative names in order, each folded, so that one name can be tested for being the start of another. */
export function foldedRelativeNames(der: Uint8Array): string[] {
  const out: string[] = []
  for (const set of readWhole(der, 'der', TAG.sequence).open()) {
    const parts: string[] = []
    for (const pair of set.open()) {
      const { type, value, octets } = readAttribute(pair)
      parts.push(`${type}=${value === undefined ? UNREADABLE + hexText(octets) : fold(value)}`)
    }
    out.push(parts.sort().join('\u0000'))
  }
  return out
}

/** Equal octets, or equal when case and runs of spaces are ignored. */
export function sameName(a: Name, b: Name): boolean {
  if (Buffer.compare(a.der, b.der) === 0) return true
  if (a.text.length === 0 || fold(a.text) !== fold(b.text)) return false
  const left = foldedRelativeNames(a.der)
  const right = foldedRelativeNames(b.der)
  return left.length === right.length && left.every((relative, index) => relative === right[index])
}

function readAttribute(pair: Element): { type: string; value: string | undefined; octets: Uint8Array } {
  const parts = pair.open()
  const type = readOid(parts.expect(TAG.oid))
  const value = parts.next()
  parts.finish()
  return { type, value: readText(value), octets: value.octets }
}

const fold = (text: string): string => text.normalize('NFC').trim().replace(/\s+/g, ' ').toLowerCase()

const hexText = (octets: Uint8Array): string => `#${Buffer.from(octets).toString('hex')}`

/** [RFC 4514 §2.4], and control characters as hex pairs so that a name cannot forge a line of a report. */
const escapeText = (value: string): string =>
  value
    .replace(/[\\",+;<>=]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/ $/, '\\ ')
    .replace(/[\u0000-\u001f\u007f]/g, (c) => `\\${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
