/**
 * Checks the signatures of SignedData over content that was hashed elsewhere. [RFC 5652 §5.4] [RFC 5652 §5.6]
 * It says whether a key signed these octets; whether the key may be trusted is x509/path.ts's question.
 *
 * Stricter than the standard on purpose: signed attributes are required, each attribute once, SHA-2 only.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { OID } from '../asn1/oid.ts'
import type { Element } from '../asn1/reader.ts'
import { TAG } from '../asn1/tag.ts'
import { readOid, readTime } from '../asn1/values.ts'
import type { Certificate, HashName } from '../ports.ts'
import {
  keyWeakness,
  readDigestAlgorithm,
  readSignatureAlgorithm,
  type SignatureAlgorithm,
  verifySignature,
} from '../x509/algorithm.ts'
import { checkSigningCertificate } from './ess.ts'
import { CmsError, type CmsFailure } from './failure.ts'
import {
  asCms,
  eachAttribute,
  parseSignedData,
  readAttributes,
  type SignedData,
  type SignerId,
  type SignerInfo,
} from './signed-data.ts'

export type { CmsFailure } from './failure.ts'
export { parseSignedData } from './signed-data.ts'

export interface CmsReport {
  /** In the order of the octets; never empty: what cannot be read is one failed signer. */
  readonly signers: readonly CmsSigner[]
  readonly certificates: readonly Certificate[]
  readonly crls: readonly Uint8Array[]
}

export type CmsSigner = CmsGoodSigner | CmsFailedSigner

export interface CmsGoodSigner {
  readonly ok: true
  readonly failure?: undefined
  readonly detail?: undefined
  readonly certificate: Certificate
  readonly hash: HashName
  readonly algorithm: SignatureAlgorithm['kind']
  /** What the signer claims; proves nothing. */
  readonly signingTime: Date | undefined
  /** CAdES-BES: signingCertificateV2 is there and names this certificate. [EN 319 122-1 §5.2.2] */
  readonly bes: boolean
  /** As `bes`, but the SHA-1 form counts: time-stamps of older TSAs carry only that. */
  readonly essBound: boolean
  readonly signatureValue: Uint8Array
  /** DER of the unsigned signature-time-stamp token, not yet verified. */
  readonly timestampToken: Uint8Array | undefined
}

export interface CmsFailedSigner {
  readonly ok: false
  readonly failure: CmsFailure
  readonly detail: string
  readonly certificate?: Certificate | undefined
  readonly hash?: HashName | undefined
  readonly algorithm?: SignatureAlgorithm['kind'] | undefined
  readonly signingTime?: Date | undefined
  readonly bes: false
  readonly signatureValue?: Uint8Array | undefined
  readonly timestampToken?: Uint8Array | undefined
}

/** undefined: this digest was not taken while the content passed. */
export type KnownDigest = (hash: HashName) => Uint8Array | undefined

/** Verifies a detached signature. `digestOf` gives the digest of the signed content. Never throws for bad octets. */
export async function verifyDetached(
  der: Uint8Array,
  digestOf: (hash: HashName) => Promise<Uint8Array> | Uint8Array,
  elsewhere: readonly Certificate[] = [],
): Promise<CmsReport> {
  let data: SignedData
  try {
    data = parseSignedData(der)
  } catch (error) {
    return failedReport(error)
  }
  // Two contents, one inside and one outside, would let two programs show two messages.
  if (data.content !== undefined)
    return failedReport(new CmsError('CONTENT_PRESENT', 'a content is enclosed'))
  const digests = new Map<HashName, Uint8Array>()
  for (const hash of digestsIn(data)) digests.set(hash, await digestOf(hash))
  return checkSignersInTurns(data, (hash) => digests.get(hash), elsewhere)
}

/** The digests of the content that a signature is about; none where it cannot be read. */
export function announcedDigests(der: Uint8Array): readonly HashName[] {
  try {
    return digestsIn(parseSignedData(der))
  } catch (error) {
    if (error instanceof CmsError) return []
    throw error
  }
}

const digestsIn = ({ signers }: SignedData): readonly HashName[] => [
  ...new Set(signers.map(announcedDigest).filter((hash) => hash !== undefined)),
]

/** A report that says only why nothing could be checked. */
export function failedReport(error: unknown): CmsReport {
  const failure = error instanceof CmsError ? error.code : 'MALFORMED'
  const detail = error instanceof Error ? error.message : 'unreadable'
  return { signers: [{ ok: false, failure, detail, bes: false }], certificates: [], crls: [] }
}

/** The checks shared by detached, opaque and time-stamp signatures. */
export function checkSigners(
  data: Omit<SignedData, 'content'>,
  digestOf: KnownDigest,
  elsewhere: readonly Certificate[] = [],
): CmsReport {
  return reportOf(data, [...eachSigner(data, digestOf, elsewhere)])
}

/** The same, with a turn of the loop between two signers: the slowest keys take over a millisecond each. */
export async function checkSignersInTurns(
  data: Omit<SignedData, 'content'>,
  digestOf: KnownDigest,
  elsewhere: readonly Certificate[] = [],
): Promise<CmsReport> {
  const signers: CmsSigner[] = []
  for (const signer of eachSigner(data, digestOf, elsewhere)) {
    signers.push(signer)
    if (signers.length < data.signers.length) await turn()
  }
  return reportOf(data, signers)
}

function* eachSigner(
  { signers, certificates, contentType }: Omit<SignedData, 'content'>,
  digestOf: KnownDigest,
  elsewhere: readonly Certificate[],
): Generator<CmsSigner> {
  const pool = [...certificates, ...elsewhere]
  for (const signer of signers) yield checkSigner(signer, contentType, pool, digestOf)
}

const reportOf = (
  { certificates, crls }: Omit<SignedData, 'content'>,
  signers: readonly CmsSigner[],
): CmsReport =>
  signers.length === 0
    ? failedReport(new CmsError('NO_SIGNERS', 'nobody signed'))
    : { signers, certificates, crls }

function checkSigner(
  signer: SignerInfo,
  contentType: string,
  pool: readonly Certificate[],
  digestOf: KnownDigest,
): CmsSigner {
  const known: { certificate?: Certificate; hash?: HashName; algorithm?: SignatureAlgorithm['kind'] } = {}
  try {
    return asCms(() => {
      const hash = readDigestAlgorithm(signer.digestAlgorithm)
      if (hash === undefined) throw new CmsError('WEAK_DIGEST', 'digest of the content')
      known.hash = hash
      const algorithm = readAlgorithm(signer.signatureAlgorithm, hash)
      known.algorithm = algorithm.kind
      const certificate = signersCertificate(signer, pool)
      if (certificate === undefined)
        throw new CmsError('NO_CERTIFICATE', 'the certificate of the signer is missing')
      known.certificate = certificate
      checkKey(certificate)
      return checkAttributes(signer, { hash, algorithm, certificate, contentType, digest: digestOf(hash) })
    })
  } catch (error) {
    const failure = error instanceof CmsError ? error.code : 'MALFORMED'
    const detail = error instanceof Error ? error.message : 'unreadable'
    return { ok: false, failure, detail, bes: false, signatureValue: signer.signature, ...known }
  }
}

/** A key may have several certificates; then a signed attribute says which of them is meant. Throws CmsError. */
export function signersCertificate(
  signer: SignerInfo,
  pool: readonly Certificate[],
): Certificate | undefined {
  const named = pool.filter((candidate) => isNamedBy(signer.id, candidate))
  if (named.length < 2 || signer.signedAttributes === undefined) return named[0]
  const attributes = readAttributes(signer.signedAttributes)
  return named.find((candidate) => isMeant(attributes, candidate)) ?? named[0]
}

function isMeant(attributes: ReadonlyMap<string, readonly Element[]>, certificate: Certificate): boolean {
  try {
    return checkSigningCertificate(attributes, certificate) !== 'absent'
  } catch (error) {
    if (!(error instanceof CmsError)) throw error
    return false
  }
}

interface Given {
  readonly hash: HashName
  readonly algorithm: SignatureAlgorithm
  readonly certificate: Certificate
  readonly contentType: string
  readonly digest: Uint8Array | undefined
}

function checkAttributes(signer: SignerInfo, given: Given): CmsGoodSigner {
  const { hash, algorithm, certificate } = given
  if (signer.signedAttributes === undefined)
    throw new CmsError('NO_SIGNED_ATTRIBUTES', 'the signature covers no attributes')
  const attributes = readAttributes(signer.signedAttributes)
  const type = single(attributes, OID.contentType)
  if (type === undefined || readOid(type) !== given.contentType)
    throw new CmsError('CONTENT_TYPE_MISMATCH', 'content-type attribute')
  const digest = single(attributes, OID.messageDigest)
  if (digest === undefined || digest.tag !== TAG.octetString || given.digest === undefined)
    throw new CmsError('DIGEST_MISMATCH', 'no digest to compare')
  if (Buffer.compare(digest.content, given.digest) !== 0)
    throw new CmsError('DIGEST_MISMATCH', 'the content is not what was signed')
  const time = single(attributes, OID.signingTime)
  const signingTime = time === undefined ? undefined : readTime(time)
  const binding = checkSigningCertificate(attributes, certificate)

  // The signature is over the attributes as a SET, though they travel under [0]. [RFC 5652 §5.4]
  const tbs = Uint8Array.from(signer.signedAttributes.octets)
  tbs[0] = TAG.set
  if (!verifySignature(algorithm, hash, certificate.publicKey, tbs, signer.signature))
    throw new CmsError('BAD_SIGNATURE', 'the signature does not fit attributes and key')
  return {
    ok: true,
    certificate,
    hash,
    algorithm: algorithm.kind,
    signingTime,
    bes: binding === 'v2',
    essBound: binding !== 'absent',
    signatureValue: signer.signature,
    timestampToken: timestampOf(signer),
  }
}

/** A signature algorithm that names a digest must name the one of the attributes. */
function readAlgorithm(identifier: Element, hash: HashName): SignatureAlgorithm {
  const reading = readSignatureAlgorithm(identifier)
  if (!reading.ok)
    throw new CmsError(
      reading.failure === 'PSS_PARAMETERS' ? 'PSS_PARAMETERS' : 'WEAK_SIGNATURE_ALGORITHM',
      'signature algorithm',
    )
  if (reading.algorithm.hash !== undefined && reading.algorithm.hash !== hash)
    throw new CmsError('ALGORITHM_MISMATCH', `${reading.algorithm.hash} signs, ${hash} digests`)
  return reading.algorithm
}

function checkKey(certificate: Certificate): void {
  const weakness = keyWeakness(certificate.publicKey)
  if (weakness !== undefined)
    throw new CmsError(
      weakness === 'KEY_TOO_SMALL' ? weakness : 'WEAK_SIGNATURE_ALGORITHM',
      'key of the signer',
    )
}

const isNamedBy = (id: SignerId, certificate: Certificate): boolean =>
  id.kind === 'key-id'
    ? certificate.subjectKeyId !== undefined && Buffer.compare(certificate.subjectKeyId, id.keyId) === 0
    : Buffer.compare(certificate.serialBytes, id.serial) === 0 &&
      Buffer.compare(certificate.issuer.der, id.issuer) === 0

/** The value of an attribute that has exactly one; undefined where the attribute is absent. */
function single(attributes: ReadonlyMap<string, readonly Element[]>, type: string): Element | undefined {
  const values = attributes.get(type)
  if (values === undefined) return undefined
  if (values.length !== 1) throw new CmsError('DUPLICATE_ATTRIBUTE', `${type} with ${values.length} values`)
  return values[0]
}

/** Unsigned attributes are anybody's: the first token is handed on for its own verification. */
export function timestampOf(signer: SignerInfo): Uint8Array | undefined {
  if (signer.unsignedAttributes === undefined) return undefined
  for (const { type, values } of eachAttribute(signer.unsignedAttributes))
    if (type === OID.signatureTimeStampToken) return values[0]?.octets
  return undefined
}

function announcedDigest(signer: SignerInfo): HashName | undefined {
  try {
    return readDigestAlgorithm(signer.digestAlgorithm)
  } catch {
    return undefined // checkSigner will say MALFORMED for this signer
  }
}
