/**
 * Which signatures count: RSA PKCS#1 v1.5, RSA-PSS and ECDSA with SHA-2, RSA from 2048 bits, the three NIST curves.
 * A list of what is allowed, so that what is unknown is refused with the weak. [RFC 4055 §3] [RFC 5758 §3]
 */
import { constants, type KeyObject, verify } from 'node:crypto'
import { Asn1Error } from '../asn1/error.ts'
import { OID } from '../asn1/oid.ts'
import { type Element, readWhole } from '../asn1/reader.ts'
import { contextConstructed, TAG } from '../asn1/tag.ts'
import { readOid, readSmallInteger } from '../asn1/values.ts'
import { integer, nullValue, oid, sequence, tagged } from '../asn1/writer.ts'
import type { HashName, Signer } from '../ports.ts'
import { CURVE_OCTETS } from './curves.ts'

export type SignatureKind = Signer['algorithm']

/** `hash` is undefined where the identifier names only the key (rsaEncryption in CMS). */
export interface SignatureAlgorithm {
  readonly kind: SignatureKind
  readonly hash: HashName | undefined
  /** Octets; PSS only. */
  readonly saltLength: number | undefined
}

export type AlgorithmFailure = 'WEAK_ALGORITHM' | 'PSS_PARAMETERS'
export type AlgorithmReading =
  | { ok: true; algorithm: SignatureAlgorithm }
  | { ok: false; failure: AlgorithmFailure }

/** RSA keys below this are refused everywhere. */
export const MIN_RSA_BITS = 2048
/** Above this one verification costs milliseconds: a sender could make us work for nothing. */
const MAX_RSA_BITS = 8192
/** With exponent 1 everybody can sign, and small ones have made forgeries easy before. [FIPS 186-5 §A.1.1] */
const MIN_RSA_EXPONENT = 65_537n
/**
 * With an exponent as long as the modulus a check costs as much as eighty. What other programs take ends here too (Go, Windows);
 * real keys have 65,537.
 */
const MAX_RSA_EXPONENT = 2n ** 31n - 1n

export const HASH_LENGTH: Readonly<Record<HashName, number>> = { sha256: 32, sha384: 48, sha512: 64 }

const HASHES: ReadonlyMap<string, HashName> = new Map([
  [OID.sha256, 'sha256'],
  [OID.sha384, 'sha384'],
  [OID.sha512, 'sha512'],
])

const ALGORITHMS: ReadonlyMap<string, { kind: SignatureKind; hash: HashName | undefined }> = new Map([
  [OID.rsaEncryption, { kind: 'rsa-pkcs1', hash: undefined }],
  [OID.sha256WithRsa, { kind: 'rsa-pkcs1', hash: 'sha256' }],
  [OID.sha384WithRsa, { kind: 'rsa-pkcs1', hash: 'sha384' }],
  [OID.sha512WithRsa, { kind: 'rsa-pkcs1', hash: 'sha512' }],
  [OID.ecdsaWithSha256, { kind: 'ecdsa', hash: 'sha256' }],
  [OID.ecdsaWithSha384, { kind: 'ecdsa', hash: 'sha384' }],
  [OID.ecdsaWithSha512, { kind: 'ecdsa', hash: 'sha512' }],
])

/** The digest that an AlgorithmIdentifier names, or undefined for one that may not support a signature. */
export function readDigestAlgorithm(identifier: Element): HashName | undefined {
  const parts = identifier.open()
  const hash = HASHES.get(readOid(parts.expect(TAG.oid)))
  // Parameters are absent or NULL; both are in use. [RFC 5754 §2]
  parts.optional(TAG.null)
  parts.finish()
  return hash
}

/** Throws Asn1Error where the identifier is no AlgorithmIdentifier at all. */
export function readSignatureAlgorithm(identifier: Element): AlgorithmReading {
  const parts = identifier.open()
  const name = readOid(parts.expect(TAG.oid))
  if (name === OID.rsassaPss) return readPss(parts.optional(TAG.sequence))
  const known = ALGORITHMS.get(name)
  if (known === undefined) return { ok: false, failure: 'WEAK_ALGORITHM' }
  parts.optional(TAG.null)
  parts.finish()
  return { ok: true, algorithm: { ...known, saltLength: undefined } }
}

/** Absent fields mean SHA-1, so hash and mask must be written; and they must be one and the same. [RFC 4055 §3.1] */
function readPss(parameters: Element | undefined): AlgorithmReading {
  const refused: AlgorithmReading = { ok: false, failure: 'PSS_PARAMETERS' }
  if (parameters === undefined) return refused
  const parts = parameters.open()
  const hashField = parts.optional(contextConstructed(0))
  const maskField = parts.optional(contextConstructed(1))
  const saltField = parts.optional(contextConstructed(2))
  const trailerField = parts.optional(contextConstructed(3))
  parts.finish()
  if (hashField === undefined || maskField === undefined) return refused
  const hash = readDigestAlgorithm(only(hashField, TAG.sequence))
  const mask = only(maskField, TAG.sequence).open()
  const isMgf1 = readOid(mask.expect(TAG.oid)) === OID.mgf1
  const maskHash = readDigestAlgorithm(mask.expect(TAG.sequence))
  mask.finish()
  const saltLength = saltField === undefined ? 20 : readSmallInteger(only(saltField, TAG.integer))
  const trailer = trailerField === undefined ? 1 : readSmallInteger(only(trailerField, TAG.integer))
  if (hash === undefined || !isMgf1 || maskHash !== hash || saltLength > 512 || trailer !== 1) return refused
  return { ok: true, algorithm: { kind: 'rsa-pss', hash, saltLength } }
}

export type KeyWeakness = 'KEY_TOO_SMALL' | 'WEAK_ALGORITHM'

/** undefined: the key is strong enough and of a kind that is used here. */
export function keyWeakness(key: KeyObject): KeyWeakness | undefined {
  const details = key.asymmetricKeyDetails
  if (key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'rsa-pss') {
    const bits = details?.modulusLength ?? 0
    if (bits < MIN_RSA_BITS) return 'KEY_TOO_SMALL'
    const exponent = details?.publicExponent ?? 0n
    const isUnusualExponent = exponent < MIN_RSA_EXPONENT || exponent > MAX_RSA_EXPONENT
    return bits > MAX_RSA_BITS || isUnusualExponent ? 'WEAK_ALGORITHM' : undefined
  }
  if (key.asymmetricKeyType === 'ec' && CURVE_OCTETS.has(details?.namedCurve ?? '')) return undefined
  return 'WEAK_ALGORITHM'
}

/**
 * Checks a signature over `tbs`; false also for a key that does not fit the algorithm. Never throws.
 *
 * @param dsaEncoding of ECDSA: a SEQUENCE, or r‖s as XML has it [XMLDSIG 1.1 §6.4.3]
 */
export function verifySignature(
  algorithm: SignatureAlgorithm,
  hash: HashName,
  key: KeyObject,
  tbs: Uint8Array,
  signature: Uint8Array,
  dsaEncoding: 'der' | 'ieee-p1363' = 'der',
): boolean {
  const type = key.asymmetricKeyType
  try {
    switch (algorithm.kind) {
      case 'ecdsa':
        return type === 'ec' && verify(hash, tbs, { key, dsaEncoding }, signature)
      case 'rsa-pkcs1':
        return type === 'rsa' && verify(hash, tbs, { key, padding: constants.RSA_PKCS1_PADDING }, signature)
      case 'rsa-pss': {
        const { saltLength } = algorithm
        if ((type !== 'rsa' && type !== 'rsa-pss') || saltLength === undefined) return false
        return verify(hash, tbs, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }, signature)
      }
    }
  } catch {
    // OpenSSL throws for parameters that the key itself forbids; that is no valid signature either.
    return false
  }
}

/** AlgorithmIdentifier of a digest, parameters absent. [RFC 5754 §2] */
export const digestIdentifier = (hash: HashName): Uint8Array => sequence(oid(OID[hash]))

const WITH_RSA = { sha256: OID.sha256WithRsa, sha384: OID.sha384WithRsa, sha512: OID.sha512WithRsa } as const
const WITH_ECDSA = {
  sha256: OID.ecdsaWithSha256,
  sha384: OID.ecdsaWithSha384,
  sha512: OID.ecdsaWithSha512,
} as const

/** AlgorithmIdentifier of what a Signer makes. PSS: salt as long as the digest, as our signers write it. */
export function signatureIdentifier(kind: SignatureKind, hash: HashName): Uint8Array {
  switch (kind) {
    case 'ecdsa':
      return sequence(oid(WITH_ECDSA[hash]))
    case 'rsa-pkcs1':
      return sequence(oid(WITH_RSA[hash]), nullValue())
    case 'rsa-pss': {
      const digest = sequence(oid(OID[hash]), nullValue())
      const mask = sequence(oid(OID.mgf1), digest)
      const salt = integer(HASH_LENGTH[hash])
      return sequence(oid(OID.rsassaPss), sequence(tagged(0, digest), tagged(1, mask), tagged(2, salt)))
    }
  }
}

/** Reads an AlgorithmIdentifier kept as octets and checks a signature with it: certificates and CRLs. */
export function verifySigned(
  signed: { tbs: Uint8Array; signatureAlgorithm: Uint8Array; signature: Uint8Array },
  key: KeyObject,
): 'valid' | 'weak' | 'invalid' {
  const reading = readSignatureAlgorithm(readWhole(signed.signatureAlgorithm, 'der', TAG.sequence))
  if (!reading.ok || reading.algorithm.hash === undefined || keyWeakness(key) !== undefined) return 'weak'
  const { algorithm } = reading
  return verifySignature(algorithm, reading.algorithm.hash, key, signed.tbs, signed.signature)
    ? 'valid'
    : 'invalid'
}

/** The single element inside an explicit tag. */
export function only(wrapper: Element, tag: number): Element {
  const reader = wrapper.open()
  const element = reader.expect(tag)
  if (!reader.done) throw new Asn1Error('TRAILING_OCTETS', 'more than one value under an explicit tag')
  return element
}
