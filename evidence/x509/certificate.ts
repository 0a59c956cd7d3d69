/**
 * Certificates, read once by offset from their DER. [RFC 5280 §4.1]
 * Failure: X509Error. Nothing is judged here; path.ts does that.
 */
import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import { Asn1Error } from '../asn1/error.ts'
import { OID } from '../asn1/oid.ts'
import { type Element, readWhole } from '../asn1/reader.ts'
import { contextConstructed, contextPrimitive, TAG } from '../asn1/tag.ts'
import {
  integerHex,
  readIntegerOctets,
  readOctetAlignedBits,
  readSmallInteger,
  readTime,
} from '../asn1/values.ts'
import type { Certificate, Extension } from '../ports.ts'
import { X509Error } from './error.ts'
import {
  generalNameText,
  NAME_KIND,
  readAccessUrls,
  readAlternativeNames,
  readAuthorityKeyId,
  readBasicConstraints,
  readExtensions,
  readKeyUsage,
  readPointUrls,
  readPurposes,
  readSubjectKeyId,
  unknownCritical,
} from './extensions.ts'
import { readName, sameName } from './name.ts'
import {
  readInhibitAnyPolicy,
  readPolicies,
  readPolicyConstraints,
  readPolicyMappings,
} from './policy-extensions.ts'
import { readQualification } from './qualified.ts'

/** The largest certificates seen (many names, big logos) stay under 16 KiB. */
const MAX_CERTIFICATE_OCTETS = 64 * 1024

/** 20 octets are allowed; some issuers forget the zero in front. [RFC 5280 §4.1.2.2] */
const MAX_SERIAL_OCTETS = 21

/**
 * A message brings the same few certificates again and again (TSA, providers, issuers), and making a KeyObject is
 * most of the cost. Keyed by the digest of all octets, so a hit is the same certificate and nothing else.
 */
const RECENT_LIMIT = 512
const recent = new Map<string, Certificate>()

/** Throws X509Error for anything but one whole certificate in DER. The octets must not be changed afterwards. */
export function parseCertificate(der: Uint8Array): Certificate {
  const fingerprint = hash('sha256', der, 'hex')
  const known = recent.get(fingerprint)
  if (known !== undefined) return known
  let certificate: Certificate
  try {
    // A copy: the caller's octets are often a slice of a whole message, which the cache must not keep alive.
    certificate = read(Uint8Array.from(der), fingerprint)
  } catch (error) {
    throw new X509Error('MALFORMED_CERTIFICATE', error)
  }
  if (recent.size >= RECENT_LIMIT) recent.delete(recent.keys().next().value ?? '')
  recent.set(fingerprint, certificate)
  return certificate
}

const PEM =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g

/** Every certificate of a PEM text, in order; text between them is ignored. Throws X509Error. */
export const parsePemCertificates = (text: string): Certificate[] =>
  [...text.matchAll(PEM)].map((match) => parseCertificate(Buffer.from(match[1] ?? '', 'base64')))

/** PEM with lines of 64 characters. [RFC 7468 §2] */
export const toPem = (label: string, der: Uint8Array): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

function read(der: Uint8Array, fingerprint: string): Certificate {
  if (der.length > MAX_CERTIFICATE_OCTETS) throw new Asn1Error('BAD_LENGTH', `${der.length} octets`)
  const outer = readWhole(der, 'der', TAG.sequence).open()
  const tbs = outer.expect(TAG.sequence)
  const signatureAlgorithm = outer.expect(TAG.sequence).octets
  const signature = readOctetAlignedBits(outer.expect(TAG.bitString))
  outer.finish()

  const parts = tbs.open()
  const versionField = parts.optional(contextConstructed(0))
  const version = versionField === undefined ? 0 : readSmallInteger(versionField.open().expect(TAG.integer))
  const serialBytes = readIntegerOctets(parts.expect(TAG.integer))
  if (serialBytes.length > MAX_SERIAL_OCTETS) throw new Asn1Error('BAD_VALUE', 'serial number')
  // Both must name the same algorithm, or the signed one could be replaced. [RFC 5280 §4.1.1.2]
  if (Buffer.compare(parts.expect(TAG.sequence).octets, signatureAlgorithm) !== 0)
    throw new Asn1Error('BAD_VALUE', 'two signature algorithms')
  const issuer = readName(parts.expect(TAG.sequence))
  const validity = parts.expect(TAG.sequence).open()
  const notBefore = readTime(validity.next())
  const notAfter = readTime(validity.next())
  validity.finish()
  const subject = readName(parts.expect(TAG.sequence))
  const spki = parts.expect(TAG.sequence).octets
  parts.optional(contextPrimitive(1))
  parts.optional(contextPrimitive(2))
  const extensions = extensionsOf(parts.optional(contextConstructed(3)), version)
  parts.finish()

  const names = readAlternativeNames(extensions)
  const texts = (kind: number): string[] => names.filter((name) => name.kind === kind).map(generalNameText)
  return {
    der,
    fingerprint,
    serial: integerHex(serialBytes),
    serialBytes,
    subject,
    issuer,
    isSelfIssued: sameName(subject, issuer),
    notBefore,
    notAfter,
    publicKey: readKey(spki),
    subjectKeyId: readSubjectKeyId(extensions),
    authorityKeyId: readAuthorityKeyId(extensions),
    keyUsage: readKeyUsage(extensions),
    extendedKeyUsage: readPurposes(extensions),
    extendedKeyUsageCritical: extensions.get(OID.extendedKeyUsage)?.critical ?? false,
    ...readBasicConstraints(extensions),
    emailAddresses: texts(NAME_KIND.email),
    policies: readPolicies(extensions),
    policyMappings: readPolicyMappings(extensions),
    policyConstraints: readPolicyConstraints(extensions),
    inhibitAnyPolicy: readInhibitAnyPolicy(extensions),
    qualification: readQualification(extensions),
    crlUrls: readPointUrls(extensions, OID.crlDistributionPoints),
    freshestCrlUrls: readPointUrls(extensions, OID.freshestCrl),
    ocspUrls: readAccessUrls(extensions, OID.accessOcsp),
    caIssuerUrls: readAccessUrls(extensions, OID.accessCaIssuers),
    unknownCritical: unknownCritical(extensions),
    dnsNames: texts(NAME_KIND.dns),
    spki,
    tbs: tbs.octets,
    signatureAlgorithm,
    signature,
    extensions,
  }
}

function extensionsOf(field: Element | undefined, version: number): ReadonlyMap<string, Extension> {
  if (version > 2) throw new Asn1Error('BAD_VALUE', `version ${version + 1}`)
  if (field === undefined) return new Map()
  // Before version 3 there are no extensions; readers disagree on whether to heed them. [RFC 5280 §4.1.2.9]
  if (version !== 2) throw new Asn1Error('BAD_VALUE', 'extensions before version 3')
  const wrapper = field.open()
  const extensions = readExtensions(wrapper.expect(TAG.sequence))
  wrapper.finish()
  return extensions
}

function readKey(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  } catch (cause) {
    throw new Asn1Error('BAD_VALUE', `public key (${cause instanceof Error ? cause.message : 'unreadable'})`)
  }
}
