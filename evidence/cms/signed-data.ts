/**
 * SignedData as it stands in the octets: nothing judged, everything sliced by offset. [RFC 5652 §5.1]
 * BER is accepted outside; signed attributes must be DER, because their DER is what was signed. [RFC 5652 §5.4]
 */
import { OID } from '../asn1/oid.ts'
import { type Element, Reader, readWhole } from '../asn1/reader.ts'
import { contextConstructed, contextPrimitive, TAG } from '../asn1/tag.ts'
import { readIntegerOctets, readOctets, readOid, readSmallInteger } from '../asn1/values.ts'
import type { Certificate } from '../ports.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { CmsError } from './failure.ts'

/** A provider message has one signer; a few countersigning colleagues are fine, a thousand are an attack. */
const MAX_SIGNERS = 16
const MAX_CERTIFICATES = 64
const MAX_ATTRIBUTES = 64
/** Attributes have one value; where the standard wants just one, two are refused by name. */
const MAX_VALUES = 16
/** Each may cost the check of a signature for each certificate of a path. */
const MAX_LISTS = 32

export interface SignedData {
  readonly contentType: string
  /** The encapsulated content; undefined where the signature is detached. */
  readonly content: Uint8Array | undefined
  readonly certificates: readonly Certificate[]
  readonly crls: readonly Uint8Array[]
  readonly signers: readonly SignerInfo[]
}

export interface SignerInfo {
  readonly id: SignerId
  readonly digestAlgorithm: Element
  readonly signedAttributes: Element | undefined
  readonly signatureAlgorithm: Element
  readonly signature: Uint8Array
  readonly unsignedAttributes: Element | undefined
}

export type SignerId =
  | { readonly kind: 'issuer-serial'; readonly issuer: Uint8Array; readonly serial: Uint8Array }
  | { readonly kind: 'key-id'; readonly keyId: Uint8Array }

/** Reads a whole ContentInfo in DER or BER. Throws CmsError MALFORMED. */
export function parseSignedData(der: Uint8Array): SignedData {
  return asCms(() => {
    const outer = readWhole(der, 'ber', TAG.sequence).open()
    if (readOid(outer.expect(TAG.oid)) !== OID.signedData) throw new CmsError('MALFORMED', 'not signed-data')
    const wrapper = outer.expect(contextConstructed(0)).open()
    outer.finish()
    const parts = wrapper.expect(TAG.sequence).open()
    wrapper.finish()
    readSmallInteger(parts.expect(TAG.integer))
    parts.expect(TAG.set)
    const encapsulated = parts.expect(TAG.sequence).open()
    const contentType = readOid(encapsulated.expect(TAG.oid))
    const content = encapsulated.optional(contextConstructed(0))
    encapsulated.finish()
    return { contentType, content: content && contentOctets(content), ...readTail(parts) }
  })
}

/** What follows encapContentInfo: certificates, lists and signers. Throws CmsError or Asn1Error. */
export function readTail(parts: Reader): Pick<SignedData, 'certificates' | 'crls' | 'signers'> {
  const certificates = parts.optional(contextConstructed(0))
  const crls = parts.optional(contextConstructed(1))
  const signers = parts.expect(TAG.set).open().rest(MAX_SIGNERS)
  parts.finish()
  return {
    certificates: certificates === undefined ? [] : readCertificates(certificates),
    crls: (crls?.open().rest(MAX_LISTS) ?? [])
      .filter(({ tag }) => tag === TAG.sequence)
      .map(({ octets }) => octets),
    signers: signers.map(readSigner),
  }
}

/** Turns whatever reading threw into CmsError; other code may rely on that being the only kind. */
export function asCms<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof CmsError) throw error
    throw new CmsError('MALFORMED', error instanceof Error ? error.message : 'unreadable', error)
  }
}

/** Attributes in order, as type and values. */
export function* eachAttribute(set: Element): Generator<{ type: string; values: Element[] }> {
  let count = 0
  for (const attribute of set.open()) {
    count++
    if (count > MAX_ATTRIBUTES) throw new CmsError('MALFORMED', `over ${MAX_ATTRIBUTES} attributes`)
    const parts = attribute.open()
    const type = readOid(parts.expect(TAG.oid))
    const values = parts.expect(TAG.set).open().rest(MAX_VALUES)
    parts.finish()
    yield { type, values }
  }
}

/** Signed attributes by dotted OID. Two of one type would let two readers heed different ones. [RFC 5652 §11] */
export function readAttributes(set: Element): Map<string, Element[]> {
  const found = new Map<string, Element[]>()
  for (const { type, values } of eachAttribute(set)) {
    if (found.has(type)) throw new CmsError('DUPLICATE_ATTRIBUTE', type)
    found.set(type, values)
  }
  return found
}

function contentOctets(wrapper: Element): Uint8Array {
  const reader = wrapper.open()
  const element = reader.next()
  reader.finish()
  if (element.tag !== TAG.octetString && element.tag !== (TAG.octetString | 0x20))
    throw new CmsError('MALFORMED', 'content is no OCTET STRING')
  return readOctets(element)
}

/** Attribute certificates and what cannot be read are skipped: a bag may hold what signs nothing here. */
function readCertificates(bag: Element): Certificate[] {
  const found: Certificate[] = []
  let count = 0
  for (const element of bag.open()) {
    count++
    if (count > MAX_CERTIFICATES) throw new CmsError('MALFORMED', `over ${MAX_CERTIFICATES} certificates`)
    if (element.tag !== TAG.sequence) continue
    try {
      found.push(parseCertificate(element.octets))
    } catch {
      // The signer's own certificate missing from the bag ends as NO_CERTIFICATE.
    }
  }
  return found
}

function readSigner(element: Element): SignerInfo {
  const parts = element.open()
  readSmallInteger(parts.expect(TAG.integer))
  const id = readSignerId(parts)
  const digestAlgorithm = parts.expect(TAG.sequence)
  const signedAttributes = parts.optional(contextConstructed(0))
  const signatureAlgorithm = parts.expect(TAG.sequence)
  const signature = readOctets(parts.next())
  const unsignedAttributes = parts.optional(contextConstructed(1))
  parts.finish()
  if (signedAttributes !== undefined) mustBeDer(signedAttributes)
  return { id, digestAlgorithm, signedAttributes, signatureAlgorithm, signature, unsignedAttributes }
}

function readSignerId(parts: Reader): SignerId {
  const keyId = parts.optional(contextPrimitive(0))
  if (keyId !== undefined) return { kind: 'key-id', keyId: keyId.content }
  const pair = parts.expect(TAG.sequence).open()
  const issuer = pair.expect(TAG.sequence).octets
  const serial = readIntegerOctets(pair.expect(TAG.integer))
  pair.finish()
  return { kind: 'issuer-serial', issuer, serial }
}

/** Lengths in the shortest definite form on every level. */
function mustBeDer(element: Element): void {
  const reader = new Reader(element.source, 'der', element.start, element.end, element.depth)
  descend(reader.next())
}

function descend(element: Element): void {
  if (element.constructed) for (const child of element.open()) descend(child)
}
