/**
 * Finds the one signature of a document and takes it apart, refusing everything that would give a second meaning:
 * a second Signature, a repeated Id, an element that the signature's schema does not have, an algorithm outside the
 * list. What comes out is plain data for the verifier. [XMLDSIG 1.1 §4] [EN 319 132-1 §4]
 */

import type { HashName } from '../ports.ts'
import { decodeBase64 } from '../xml/base64.ts'
import {
  attributeOf,
  childNamed,
  childrenNamed,
  deepTextOf,
  descendants,
  elementsOf,
  is,
  onlyChild,
  textOf,
  type XmlElement,
} from '../xml/tree.ts'
import { DS, hashOfDigestUri, type SignatureAlgorithm, signatureOfUri, XADES } from './algorithms.ts'
import { type EncapsulatedValues, encapsulatedValues } from './read-values.ts'
import { type C14nMethod, type Reference, readC14n, readReference } from './reference.ts'
import { XadesRefusal } from './report.ts'

export interface ReadSignature {
  readonly element: XmlElement
  readonly signedInfo: XmlElement
  readonly c14n: C14nMethod
  readonly algorithm: SignatureAlgorithm
  readonly references: readonly Reference[]
  readonly signatureValue: XmlElement
  readonly value: Uint8Array
  readonly certificates: readonly Uint8Array[]
  readonly signedProperties: XmlElement
  readonly signingTime: Date
  readonly signingCertificate: CertificateReference
  readonly timestamp: { readonly c14n: C14nMethod; readonly der: Uint8Array } | undefined
  readonly values: EncapsulatedValues
}

export interface CertificateReference {
  readonly hash: HashName
  readonly digest: Uint8Array
  /** DER IssuerSerial (V2), where present. */
  readonly issuerSerial: Uint8Array | undefined
  /** Of version 1: the serial number alone; its issuer is text, which programs write in too many ways to compare. */
  readonly serial: bigint | undefined
}

/** More signed certificates than this nobody needs, and each is parsed. */
const MAX_CERTIFICATES = 16

/** @throws XadesRefusal, XmlError */
export function readSignature(root: XmlElement): ReadSignature {
  const element = theSignature(root)
  const ids = uniqueIds(root)
  allowOnly(element, DS, ['SignedInfo', 'SignatureValue', 'KeyInfo', 'Object'])
  const signedInfo = onlyChild(element, DS, 'SignedInfo')
  allowOnly(signedInfo, DS, ['CanonicalizationMethod', 'SignatureMethod', 'Reference'])
  const method = onlyChild(signedInfo, DS, 'SignatureMethod')
  if (elementsOf(method).length > 0)
    throw new XadesRefusal('WEAK_ALGORITHM', 'SignatureMethod has parameters')
  const algorithm = signatureOfUri(attributeOf(method, 'Algorithm') ?? '')
  if (algorithm === undefined)
    throw new XadesRefusal('WEAK_ALGORITHM', 'the signature algorithm is not allowed')
  const signatureValue = onlyChild(element, DS, 'SignatureValue')
  const properties = qualifyingProperties(element)
  const signedProperties = onlyChild(properties, XADES, 'SignedProperties')
  const signature = onlyChild(signedProperties, XADES, 'SignedSignatureProperties')
  const unsigned = unsignedProperties(properties)
  return {
    element,
    signedInfo,
    c14n: readC14n(onlyChild(signedInfo, DS, 'CanonicalizationMethod')),
    algorithm,
    references: childrenNamed(signedInfo, DS, 'Reference').map((entry) => readReference(entry, ids)),
    signatureValue,
    value: decodeBase64(textOf(signatureValue)),
    certificates: keyInfo(element),
    signedProperties,
    signingTime: time(textOf(onlyChild(signature, XADES, 'SigningTime'))),
    signingCertificate: signingCertificate(signature),
    timestamp: unsigned && timestamp(unsigned),
    values: encapsulatedValues(unsigned),
  }
}

/** Exactly one in the whole document, and it is a child of the root: no signature is wrapped in another place. */
function theSignature(root: XmlElement): XmlElement {
  const found: XmlElement[] = []
  for (const node of descendants(root))
    if (node.kind === 'element' && is(node, DS, 'Signature')) found.push(node)
  const [first, second] = found
  if (first === undefined) throw new XadesRefusal('NO_SIGNATURE', 'the document is not signed')
  if (second !== undefined)
    throw new XadesRefusal('SIGNATURE_COUNT', 'the document holds more than one signature')
  if (first.parent !== root)
    throw new XadesRefusal('SIGNATURE_FORMAT', 'the signature is not a child of the root')
  return first
}

/** Id, ID and id alike, because different programs look for different ones. */
function uniqueIds(root: XmlElement): ReadonlyMap<string, XmlElement> {
  const ids = new Map<string, XmlElement>()
  for (const node of descendants(root)) {
    if (node.kind !== 'element') continue
    for (const { local, value } of node.attributes) {
      if (local.toLowerCase() !== 'id') continue
      if (ids.has(value)) throw new XadesRefusal('DUPLICATE_ID', 'an Id stands twice in the document')
      ids.set(value, node)
    }
  }
  return ids
}

function allowOnly(element: XmlElement, namespace: string, names: readonly string[]): void {
  const stranger = elementsOf(element).find(
    (child) => child.namespace !== namespace || !names.includes(child.local),
  )
  if (stranger)
    throw new XadesRefusal('SIGNATURE_FORMAT', `${element.local} holds an element that it may not hold`)
}

function qualifyingProperties(signature: XmlElement): XmlElement {
  const object = onlyChild(signature, DS, 'Object')
  allowOnly(object, XADES, ['QualifyingProperties'])
  const properties = onlyChild(object, XADES, 'QualifyingProperties')
  allowOnly(properties, XADES, ['SignedProperties', 'UnsignedProperties'])
  const id = attributeOf(signature, 'Id')
  // A stale Target would let properties of another signature stand here. [EN 319 132-1 §4.3.1]
  if (id === undefined || attributeOf(properties, 'Target') !== `#${id}`)
    throw new XadesRefusal('TARGET_MISMATCH', 'QualifyingProperties name another signature')
  return properties
}

function keyInfo(signature: XmlElement): Uint8Array[] {
  const data = childrenNamed(onlyChild(signature, DS, 'KeyInfo'), DS, 'X509Data')
  const certificates = data.flatMap((entry) => childrenNamed(entry, DS, 'X509Certificate'))
  if (certificates.length === 0 || certificates.length > MAX_CERTIFICATES)
    throw new XadesRefusal('SIGNATURE_FORMAT', `KeyInfo holds no certificate or over ${MAX_CERTIFICATES}`)
  return certificates.map((entry) => decodeBase64(textOf(entry)))
}

/** The first Cert is the signer's. V1 is what evidence made before 2016 carries. [EN 319 132-1 §5.2.2] */
function signingCertificate(properties: XmlElement): CertificateReference {
  const found =
    childNamed(properties, XADES, 'SigningCertificateV2') ??
    onlyChild(properties, XADES, 'SigningCertificate')
  const [first] = childrenNamed(found, XADES, 'Cert')
  if (first === undefined) throw new XadesRefusal('SIGNING_CERTIFICATE', 'SigningCertificate names nothing')
  const digest = onlyChild(first, XADES, 'CertDigest')
  const hash = hashOfDigestUri(attributeOf(onlyChild(digest, DS, 'DigestMethod'), 'Algorithm') ?? '')
  if (hash === undefined) throw new XadesRefusal('WEAK_ALGORITHM', 'the certificate digest is not allowed')
  const issuerSerial = childNamed(first, XADES, 'IssuerSerialV2')
  const older = childNamed(first, XADES, 'IssuerSerial')
  return {
    hash,
    digest: decodeBase64(textOf(onlyChild(digest, DS, 'DigestValue'))),
    issuerSerial: issuerSerial === undefined ? undefined : decodeBase64(textOf(issuerSerial)),
    serial: older && decimal(textOf(onlyChild(older, DS, 'X509SerialNumber'))),
  }
}

/** Serial numbers have 20 octets at most, some 49 digits. [RFC 5280 §4.1.2.2] */
function decimal(text: string): bigint {
  const written = text.trim()
  if (!/^-?\d{1,64}$/.test(written))
    throw new XadesRefusal('SIGNING_CERTIFICATE', 'the serial number is no number')
  return BigInt(written)
}

function unsignedProperties(properties: XmlElement): XmlElement | undefined {
  const unsigned = childNamed(properties, XADES, 'UnsignedProperties')
  if (unsigned === undefined) return undefined
  allowOnly(unsigned, XADES, ['UnsignedSignatureProperties'])
  return onlyChild(unsigned, XADES, 'UnsignedSignatureProperties')
}

/**
 * The signature time-stamp; later archive properties are left alone, since they cannot weaken the signature. A
 * second SignatureTimeStamp is refused: which of them counts must not be a matter of taste.
 */
function timestamp(list: XmlElement): ReadSignature['timestamp'] {
  const stamp = childNamed(list, XADES, 'SignatureTimeStamp')
  if (stamp === undefined) return undefined
  const stranger = elementsOf(stamp).find(
    (child) => !is(child, DS, 'CanonicalizationMethod') && !is(child, XADES, 'EncapsulatedTimeStamp'),
  )
  if (stranger) throw new XadesRefusal('TIMESTAMP_INVALID', 'SignatureTimeStamp holds what it may not hold')
  const method = childNamed(stamp, DS, 'CanonicalizationMethod')
  return {
    c14n: method === undefined ? { mode: 'inclusive', inclusivePrefixes: [] } : readC14n(method),
    der: decodeBase64(deepTextOf(onlyChild(stamp, XADES, 'EncapsulatedTimeStamp'))),
  }
}

function time(text: string): Date {
  const written = text.trim()
  const zoned = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(written)
  if (!zoned || Number.isNaN(Date.parse(written)))
    throw new XadesRefusal('SIGNATURE_FORMAT', 'SigningTime is no time with a zone')
  return new Date(written)
}
