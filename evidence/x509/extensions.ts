/** Writes an extension, and reads those that path validation and callers use. [RFC 5280 §4.2] Failure: Asn1Error. */
import { Asn1Error } from '../asn1/error.ts'
import { OID } from '../asn1/oid.ts'
import { type Element, readWhole } from '../asn1/reader.ts'
import { contextConstructed, contextPrimitive, TAG } from '../asn1/tag.ts'
import { readBoolean, readNamedBits, readOid, readSmallInteger } from '../asn1/values.ts'
import { boolean, octetString, oid, sequence } from '../asn1/writer.ts'
import type { Extension, KeyUsage } from '../ports.ts'

/** Real certificates have up to 15. */
const MAX_EXTENSIONS = 64

/** In the order of the bits. [RFC 5280 §4.2.1.3] */
export const KEY_USAGES: readonly KeyUsage[] = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
]

/** Extensions whose meaning is applied by path validation or handed to the caller as a field. */
const PROCESSED: ReadonlySet<string> = new Set([
  OID.keyUsage,
  OID.subjectAltName,
  OID.basicConstraints,
  OID.nameConstraints,
  OID.crlDistributionPoints,
  OID.certificatePolicies,
  OID.policyMappings,
  OID.policyConstraints,
  OID.inhibitAnyPolicy,
  OID.qcStatements,
  OID.extendedKeyUsage,
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
])

/** One Extension in DER; FALSE is the default and therefore left out. [X.690 §11.5] */
export const extension = (id: string, critical: boolean, value: Uint8Array): Uint8Array =>
  sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value))

/** A certificate or CRL has at most one of each: a second one would let two readers see two meanings. */
export function readExtensions(list: Element): Map<string, Extension> {
  const found = new Map<string, Extension>()
  for (const item of list.open()) {
    const parts = item.open()
    const id = readOid(parts.expect(TAG.oid))
    const flag = parts.optional(TAG.boolean)
    const critical = flag !== undefined && readBoolean(flag)
    const value = parts.expect(TAG.octetString).content
    parts.finish()
    if (found.has(id)) throw new Asn1Error('BAD_VALUE', `extension ${id} twice`)
    if (found.size >= MAX_EXTENSIONS) throw new Asn1Error('BAD_VALUE', `over ${MAX_EXTENSIONS} extensions`)
    found.set(id, { critical, value })
  }
  return found
}

export const unknownCritical = (extensions: ReadonlyMap<string, Extension>): string[] =>
  [...extensions].filter(([id, { critical }]) => critical && !PROCESSED.has(id)).map(([id]) => id)

type Extensions = ReadonlyMap<string, Extension>

export function readKeyUsage(extensions: Extensions): ReadonlySet<KeyUsage> | undefined {
  const value = extensions.get(OID.keyUsage)?.value
  if (value === undefined) return undefined
  const bits = readNamedBits(readWhole(value, 'der', TAG.bitString))
  return new Set(bits.flatMap((bit) => KEY_USAGES[bit] ?? []))
}

export function readBasicConstraints(extensions: Extensions): {
  isCa: boolean
  pathLength: number | undefined
} {
  const value = extensions.get(OID.basicConstraints)?.value
  if (value === undefined) return { isCa: false, pathLength: undefined }
  const parts = readWhole(value, 'der', TAG.sequence).open()
  const flag = parts.optional(TAG.boolean)
  const length = parts.optional(TAG.integer)
  parts.finish()
  const isCa = flag !== undefined && readBoolean(flag)
  return { isCa, pathLength: length === undefined ? undefined : readSmallInteger(length) }
}

export function readSubjectKeyId(extensions: Extensions): Uint8Array | undefined {
  const value = extensions.get(OID.subjectKeyIdentifier)?.value
  return value === undefined ? undefined : readWhole(value, 'der', TAG.octetString).content
}

export function readAuthorityKeyId(extensions: Extensions): Uint8Array | undefined {
  const value = extensions.get(OID.authorityKeyIdentifier)?.value
  return value === undefined
    ? undefined
    : readWhole(value, 'der', TAG.sequence).open().optional(contextPrimitive(0))?.content
}

export function readPurposes(extensions: Extensions): string[] | undefined {
  const value = extensions.get(OID.extendedKeyUsage)?.value
  return value === undefined ? undefined : [...readWhole(value, 'der', TAG.sequence).open()].map(readOid)
}

/** GeneralName with its context tag: 1 e-mail, 2 DNS, 4 directory name, 6 URI, 7 address. [RFC 5280 §4.2.1.6] */
export interface GeneralName {
  readonly kind: number
  readonly octets: Uint8Array
}

export const NAME_KIND = { other: 0, email: 1, dns: 2, directory: 4, uri: 6, ip: 7 } as const

export const readGeneralName = (element: Element): GeneralName => ({
  kind: element.tag & 0x1f,
  octets: element.content,
})

export function readAlternativeNames(extensions: Extensions): GeneralName[] {
  const value = extensions.get(OID.subjectAltName)?.value
  return value === undefined ? [] : [...readWhole(value, 'der', TAG.sequence).open()].map(readGeneralName)
}

export const generalNameText = (name: GeneralName): string => Buffer.from(name.octets).toString('latin1')

const HTTP = /^https?:\/\/[\x21-\x7e]+$/i

/** Addresses of distribution points: of complete lists, or of delta lists (freshestCRL). [RFC 5280 §4.2.1.15] */
export function readPointUrls(
  extensions: Extensions,
  id: typeof OID.crlDistributionPoints | typeof OID.freshestCrl,
): string[] {
  const value = extensions.get(id)?.value
  if (value === undefined) return []
  const urls: string[] = []
  for (const point of readWhole(value, 'der', TAG.sequence).open()) {
    const full = point.open().optional(contextConstructed(0))?.open().optional(contextConstructed(0))
    if (full !== undefined) urls.push(...httpUrls(full))
  }
  return urls
}

/** Addresses of one access method: OCSP or the issuer's certificate. [RFC 5280 §4.2.2.1] */
export function readAccessUrls(extensions: Extensions, method: string): string[] {
  const value = extensions.get(OID.authorityInfoAccess)?.value
  if (value === undefined) return []
  return [...readWhole(value, 'der', TAG.sequence).open()].flatMap((item) => {
    const parts = item.open()
    if (readOid(parts.expect(TAG.oid)) !== method) return []
    const name = readGeneralName(parts.next())
    const url = generalNameText(name)
    return name.kind === NAME_KIND.uri && HTTP.test(url) ? [url] : []
  })
}

/** Only HTTP: a certificate must not make us open files or LDAP. */
const httpUrls = (names: Element): string[] =>
  [...names.open()]
    .map(readGeneralName)
    .filter((name) => name.kind === NAME_KIND.uri)
    .map(generalNameText)
    .filter((url) => HTTP.test(url))
