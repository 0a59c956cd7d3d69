/**
 * The algorithm URIs that a signature may use: an allow-list, so SHA-1, MD5, DSA and HMAC do not exist here.
 * [RFC 6931 §2.1.3] [RFC 6931 §2.3.10] [XML Encryption §5.7]
 */
import { constants, type KeyObject } from 'node:crypto'
import type { HashName, Signer } from '../ports.ts'
import { keyWeakness, verifySignature } from '../x509/algorithm.ts'

export const DS = 'http://www.w3.org/2000/09/xmldsig#'
export const XADES = 'http://uri.etsi.org/01903/v1.3.2#'
export const XADES141 = 'http://uri.etsi.org/01903/v1.4.1#'
export const EXCLUSIVE_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#'
export const INCLUSIVE_C14N = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'
export const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'
export const XPATH_FILTER2 = 'http://www.w3.org/2002/06/xmldsig-filter2'
export const SIGNED_PROPERTIES_TYPE = 'http://uri.etsi.org/01903#SignedProperties'

const more = 'http://www.w3.org/2001/04/xmldsig-more#'
const newer = 'http://www.w3.org/2007/05/xmldsig-more#'

export const DIGEST_URIS: Readonly<Record<HashName, string>> = {
  sha256: 'http://www.w3.org/2001/04/xmlenc#sha256',
  sha384: `${more}sha384`,
  sha512: 'http://www.w3.org/2001/04/xmlenc#sha512',
}

const hashes = new Map((Object.keys(DIGEST_URIS) as HashName[]).map((hash) => [DIGEST_URIS[hash], hash]))

export const hashOfDigestUri = (uri: string): HashName | undefined => hashes.get(uri)

export interface SignatureAlgorithm {
  readonly kind: Signer['algorithm']
  readonly hash: HashName
}

export function signatureUri({ kind, hash }: SignatureAlgorithm): string {
  if (kind === 'rsa-pkcs1') return `${more}rsa-${hash}`
  return kind === 'rsa-pss' ? `${newer}${hash}-rsa-MGF1` : `${more}ecdsa-${hash}`
}

const signatures = new Map(
  (['rsa-pkcs1', 'rsa-pss', 'ecdsa'] as const).flatMap((kind) =>
    (['sha256', 'sha384', 'sha512'] as const).map((hash): [string, SignatureAlgorithm] => [
      signatureUri({ kind, hash }),
      { kind, hash },
    ]),
  ),
)

export const signatureOfUri = (uri: string): SignatureAlgorithm | undefined => signatures.get(uri)

/** XML carries ECDSA as r‖s; the key decides the curve, the URI only the hash. Never throws. [XMLDSIG 1.1 §6.4.3] */
export function verifySignatureValue(
  { kind, hash }: SignatureAlgorithm,
  key: KeyObject,
  octets: Uint8Array,
  value: Uint8Array,
): boolean {
  // The salt is as long as the hash: the URI has no other way to say it. [RFC 6931 §2.3.10]
  const algorithm = { kind, hash, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  return keyWeakness(key) === undefined && verifySignature(algorithm, hash, key, octets, value, 'ieee-p1363')
}
