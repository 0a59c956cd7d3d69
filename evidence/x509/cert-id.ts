/** How OCSP names a certificate: digests of its issuer's name and key, and the serial number. [RFC 6960 §4.1.1] */
import { hash } from 'node:crypto'
import { OID } from '../asn1/oid.ts'
import { type Element, readWhole } from '../asn1/reader.ts'
import { TAG } from '../asn1/tag.ts'
import { readIntegerOctets, readOctetAlignedBits, readOid } from '../asn1/values.ts'
import { integer, nullValue, octetString, oid, sequence } from '../asn1/writer.ts'
import type { Certificate } from '../ports.ts'

/** SHA-1 names here and proves nothing: most responders know certificates by it alone. [RFC 5019 §2.1.1] */
export type CertIdHash = 'sha1' | 'sha256'

const HASHES: ReadonlyMap<string, CertIdHash | 'sha384' | 'sha512'> = new Map([
  [OID.sha1, 'sha1'],
  [OID.sha256, 'sha256'],
  [OID.sha384, 'sha384'],
  [OID.sha512, 'sha512'],
])

export interface CertId {
  /** undefined: an algorithm that is unknown here, so that it names nobody. */
  readonly hash: CertIdHash | 'sha384' | 'sha512' | undefined
  readonly issuerName: Uint8Array
  readonly issuerKey: Uint8Array
  readonly serial: Uint8Array
}

/** @param name of the algorithm that makes the identifier */
export const writeCertId = (certificate: Certificate, issuer: Certificate, name: CertIdHash): Uint8Array =>
  sequence(
    sequence(oid(OID[name]), nullValue()),
    octetString(hash(name, certificate.issuer.der, 'buffer')),
    octetString(hash(name, keyBits(issuer), 'buffer')),
    integer(certificate.serialBytes),
  )

/** Throws Asn1Error. */
export function readCertId(element: Element): CertId {
  const parts = element.open()
  const algorithm = parts.expect(TAG.sequence).open()
  const name = HASHES.get(readOid(algorithm.expect(TAG.oid)))
  algorithm.optional(TAG.null)
  algorithm.finish()
  const issuerName = parts.expect(TAG.octetString).content
  const issuerKey = parts.expect(TAG.octetString).content
  const serial = readIntegerOctets(parts.expect(TAG.integer))
  parts.finish()
  return { hash: name, issuerName, issuerKey, serial }
}

export const names = (id: CertId, certificate: Certificate, issuer: Certificate): boolean =>
  id.hash !== undefined &&
  Buffer.compare(id.serial, certificate.serialBytes) === 0 &&
  Buffer.compare(id.issuerName, hash(id.hash, certificate.issuer.der, 'buffer')) === 0 &&
  Buffer.compare(id.issuerKey, hash(id.hash, keyBits(issuer), 'buffer')) === 0

/** A responder by its key. [RFC 6960 §4.2.2.3] */
export const responderKeyHash = (certificate: Certificate): Uint8Array =>
  hash('sha1', keyBits(certificate), 'buffer')

/** The key without the algorithm around it. */
function keyBits({ spki }: Certificate): Uint8Array {
  const parts = readWhole(spki, 'der', TAG.sequence).open()
  parts.expect(TAG.sequence)
  return readOctetAlignedBits(parts.expect(TAG.bitString))
}
