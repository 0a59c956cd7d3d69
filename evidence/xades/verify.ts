/**
 * Verifies the signature of a document, strictly: one signature over the whole of it and over its own properties,
 * the certificate that the properties name, and the time-stamp over the signature value. Trust in the certificate is
 * the caller's next step, at the time that is reported here. [EN 319 102-1 §5.2]
 */

import { hash } from 'node:crypto'

import type { Certificate, TimestampToken } from '../ports.ts'
import { TimestampError } from '../tsa/error.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { issuerSerialOf } from '../x509/issuer-serial.ts'
import { canonicalize } from '../xml/c14n.ts'
import { type ParseOptions, parseXml } from '../xml/parse.ts'
import { type XmlElement, XmlError } from '../xml/tree.ts'
import { verifySignatureValue } from './algorithms.ts'
import { type CertificateReference, type ReadSignature, readSignature } from './read-signature.ts'
import { referencedOctets } from './reference.ts'
import {
  type ClaimedSignature,
  type ValidationValues,
  type XadesLevel,
  XadesRefusal,
  type XadesReport,
} from './report.ts'

/** Checks a token against the octets that it must bind, by what the signature brings along too; throws where it does not hold. */
export type TokenCheck = (der: Uint8Array, stamped: Uint8Array, values: ValidationValues) => TimestampToken

/**
 * @param checkToken undefined: a time-stamp is of no interest
 * @returns a report, whatever the octets are; nothing is thrown
 */
export function verifyXades(
  octets: Uint8Array,
  checkToken: TokenCheck | undefined,
  options: ParseOptions = {},
): XadesReport {
  const claimed: { -readonly [Name in keyof ClaimedSignature]: ClaimedSignature[Name] } = {}
  try {
    const root = parseXml(octets, options)
    return checkSignature(root, readSignature(root), checkToken, claimed)
  } catch (error) {
    if (error instanceof XadesRefusal)
      return { ok: false, failure: error.failure, detail: error.message, ...claimed }
    if (error instanceof XmlError)
      return {
        ok: false,
        failure: error.code === 'UNEXPECTED' ? 'SIGNATURE_FORMAT' : 'NOT_XML',
        detail: error.message,
        ...claimed,
      }
    throw error
  }
}

function checkSignature(
  root: XmlElement,
  signature: ReadSignature,
  checkToken: TokenCheck | undefined,
  claimed: { -readonly [Name in keyof ClaimedSignature]: ClaimedSignature[Name] },
): XadesReport {
  const level = levelOf(signature)
  const algorithm = `${signature.algorithm.kind}-${signature.algorithm.hash}`
  Object.assign(claimed, { signingTime: signature.signingTime, level, algorithm })
  checkReferences(root, signature)
  const certificates = signature.certificates.map(certificateFrom)
  const certificate = namedCertificate(certificates, signature.signingCertificate)
  claimed.certificate = certificate
  const signedInfo = Buffer.from(canonicalize(signature.signedInfo, signature.c14n))
  if (!verifySignatureValue(signature.algorithm, certificate.publicKey, signedInfo, signature.value))
    throw new XadesRefusal(
      'SIG_CRYPTO_FAILURE',
      'the signature value does not belong to certificate and content',
    )
  const values = valuesOf(signature)
  return {
    ok: true,
    root,
    certificate,
    certificates: [certificate, ...certificates.filter((other) => other !== certificate)],
    hash: signature.algorithm.hash,
    signingTime: signature.signingTime,
    timestamp: checkTimestamp(signature, values, checkToken),
    algorithm,
    level,
    values,
  }
}

/** Two references and no more: the document without its signature, and the signed properties of this signature. */
function checkReferences(root: XmlElement, signature: ReadSignature): void {
  const { references, element, signedProperties } = signature
  const document = references.find(({ kind }) => kind === 'document')
  const properties = references.find(({ kind }) => kind === 'properties')
  if (references.length !== 2 || document === undefined || properties === undefined)
    throw new XadesRefusal(
      'REFERENCES',
      'there must be one reference to the document and one to the properties',
    )
  if ((document.target !== undefined && document.target !== root) || !document.enveloped)
    throw new XadesRefusal('REFERENCES', 'the signature does not cover the whole document')
  if (properties.target !== signedProperties || properties.enveloped)
    throw new XadesRefusal('REFERENCES', 'the properties that are signed are not the ones of this signature')
  for (const reference of references) {
    const digest = hash(reference.hash, referencedOctets(reference, root, element), 'buffer')
    if (!digest.equals(reference.digest))
      throw new XadesRefusal('HASH_FAILURE', `the ${reference.kind} was changed after it was signed`)
  }
}

/** By what it carries; whether that is enough is the judgement of who verifies. [EN 319 132-1 §6.3] */
const levelOf = ({ timestamp, values }: ReadSignature): XadesLevel => {
  if (timestamp === undefined) return 'B-B'
  return values.certificates.length > 0 && values.crls.length + values.ocsps.length > 0 ? 'B-LT' : 'B-T'
}

/** Certificates that cannot be read vouch for nobody. */
const valuesOf = ({ values: { certificates, crls, ocsps } }: ReadSignature): ValidationValues => ({
  certificates: certificates.flatMap((der) => {
    try {
      return [parseCertificate(der)]
    } catch {
      return []
    }
  }),
  crls,
  ocsps,
})

function certificateFrom(der: Uint8Array): Certificate {
  try {
    return parseCertificate(der)
  } catch {
    throw new XadesRefusal('SIGNING_CERTIFICATE', 'KeyInfo holds a malformed certificate')
  }
}

/** The certificate is the one whose digest was signed, not the one that an attacker put into KeyInfo. */
function namedCertificate(certificates: readonly Certificate[], named: CertificateReference): Certificate {
  const found = certificates.find(({ der }) => hash(named.hash, der, 'buffer').equals(named.digest))
  if (found === undefined)
    throw new XadesRefusal('SIGNING_CERTIFICATE', 'KeyInfo lacks the certificate that was signed')
  if (named.issuerSerial !== undefined && !Buffer.from(issuerSerialOf(found)).equals(named.issuerSerial))
    throw new XadesRefusal('SIGNING_CERTIFICATE', 'issuer and serial number are those of another certificate')
  if (named.serial !== undefined && named.serial !== signedInteger(found.serialBytes))
    throw new XadesRefusal('SIGNING_CERTIFICATE', 'the serial number is that of another certificate')
  return found
}

/** Content octets of a DER INTEGER; old certificates have negative ones too. */
const signedInteger = (octets: Uint8Array): bigint =>
  BigInt.asIntN(octets.length * 8, BigInt(`0x${Buffer.from(octets).toString('hex')}`))

/** The imprint is over the SignatureValue element, canonicalised as the time-stamp says. [EN 319 132-1 §5.3] */
function checkTimestamp(
  { timestamp, signatureValue }: ReadSignature,
  values: ValidationValues,
  checkToken: TokenCheck | undefined,
): TimestampToken | undefined {
  if (timestamp === undefined || checkToken === undefined) return undefined
  try {
    return checkToken(timestamp.der, Buffer.from(canonicalize(signatureValue, timestamp.c14n)), values)
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'unknown'
    const untrusted = error instanceof TimestampError && error.code === 'UNTRUSTED'
    throw new XadesRefusal(untrusted ? 'TIMESTAMP_UNTRUSTED' : 'TIMESTAMP_INVALID', detail)
  }
}
