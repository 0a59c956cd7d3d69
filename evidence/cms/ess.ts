/**
 * The signing-certificate attributes: which certificate the signer meant, fixed by its digest. Version 2 names the
 * digest [RFC 5035 §3]; version 1 is SHA-1 and survives in time-stamps [RFC 2634 §5.4], where it may add a binding
 * but never replaces the check of the signature.
 */
import { hash } from 'node:crypto'
import { OID } from '../asn1/oid.ts'
import type { Element } from '../asn1/reader.ts'
import { contextConstructed, TAG } from '../asn1/tag.ts'
import { readIntegerOctets, readOctets } from '../asn1/values.ts'
import { encode, octetString, oid, sequence, setOf } from '../asn1/writer.ts'
import type { Certificate, HashName } from '../ports.ts'
import { digestIdentifier, readDigestAlgorithm } from '../x509/algorithm.ts'
import { issuerSerialOf } from '../x509/issuer-serial.ts'
import { CmsError } from './failure.ts'

export type EssBinding = 'absent' | 'v1' | 'v2'

/** What the attributes bind; throws CmsError where any of them names another certificate. */
export function checkSigningCertificate(
  attributes: ReadonlyMap<string, readonly Element[]>,
  certificate: Certificate,
): EssBinding {
  const v1 = attributes.get(OID.signingCertificate)
  const v2 = attributes.get(OID.signingCertificateV2)
  if (v1 !== undefined) check(firstId(v1), certificate, 'v1')
  if (v2 !== undefined) check(firstId(v2), certificate, 'v2')
  if (v2 !== undefined) return 'v2'
  return v1 === undefined ? 'absent' : 'v1'
}

/** Only the first identifier names the signer; the rest are its issuers. */
function firstId(values: readonly Element[]): Element {
  const [value] = values
  if (value === undefined || values.length !== 1)
    throw new CmsError('DUPLICATE_ATTRIBUTE', 'signing certificate with several values')
  return value.open().expect(TAG.sequence).open().expect(TAG.sequence)
}

function check(id: Element, certificate: Certificate, version: 'v1' | 'v2'): void {
  const parts = id.open()
  const algorithm = version === 'v2' ? parts.optional(TAG.sequence) : undefined
  const digest = readOctets(parts.expect(TAG.octetString))
  const issuerSerial = parts.optional(TAG.sequence)
  parts.finish()
  const name = version === 'v1' ? 'sha1' : digestName(algorithm)
  if (Buffer.compare(hash(name, certificate.der, 'buffer'), digest) !== 0)
    throw new CmsError('SIGNING_CERTIFICATE_MISMATCH', `digest of signing certificate ${version}`)
  if (issuerSerial !== undefined) checkIssuerSerial(issuerSerial, certificate)
}

/** Absent means SHA-256. */
function digestName(algorithm: Element | undefined): HashName {
  if (algorithm === undefined) return 'sha256'
  const name = readDigestAlgorithm(algorithm)
  if (name === undefined) throw new CmsError('WEAK_DIGEST', 'digest of the signing certificate')
  return name
}

/** One directory name stands for the issuer. */
const MAX_ISSUER_NAMES = 8

function checkIssuerSerial(issuerSerial: Element, certificate: Certificate): void {
  const parts = issuerSerial.open()
  const names = parts.expect(TAG.sequence).open().rest(MAX_ISSUER_NAMES)
  const serial = readIntegerOctets(parts.expect(TAG.integer))
  const named = names.some(
    (name) =>
      name.tag === contextConstructed(4) && Buffer.compare(name.content, certificate.issuer.der) === 0,
  )
  if (!named || Buffer.compare(serial, certificate.serialBytes) !== 0)
    throw new CmsError('SIGNING_CERTIFICATE_MISMATCH', 'issuer and serial of the signing certificate')
}

const encoded = new WeakMap<Certificate, Map<HashName, Uint8Array>>()

/** The signingCertificateV2 attribute for this certificate; kept, since a provider signs with the same one for years. */
export function signingCertificateAttribute(certificate: Certificate, digest: HashName): Uint8Array {
  const known = encoded.get(certificate)?.get(digest)
  if (known !== undefined) return known
  // SHA-256 is the default of hashAlgorithm, and DER leaves defaults out. [X.690 §11.5]
  const algorithm = digest === 'sha256' ? new Uint8Array() : digestIdentifier(digest)
  const id = encode(
    TAG.sequence,
    algorithm,
    octetString(hash(digest, certificate.der, 'buffer')),
    issuerSerialOf(certificate),
  )
  const made = sequence(oid(OID.signingCertificateV2), setOf(sequence(sequence(id))))
  const kept = encoded.get(certificate) ?? new Map<HashName, Uint8Array>()
  encoded.set(certificate, kept.set(digest, made))
  return made
}
