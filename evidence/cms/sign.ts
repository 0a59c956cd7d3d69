/**
 * Writes CAdES-BES signatures: SignedData with signingCertificateV2, and where a TSA is given the signature
 * time-stamp over the signature value (CAdES-T). [EN 319 122-1 §5.2] [EN 319 122-1 §5.3]
 */
import { hash } from 'node:crypto'
import { OID } from '../asn1/oid.ts'
import { TAG } from '../asn1/tag.ts'
import {
  headOf,
  integer,
  nullValue,
  octetString,
  oid,
  retag,
  sequence,
  setOf,
  tagged,
  time,
} from '../asn1/writer.ts'
import type { HashName, Signer, Timestamper } from '../ports.ts'
import { digestIdentifier, signatureIdentifier } from '../x509/algorithm.ts'
import { signingCertificateAttribute } from './ess.ts'

export interface SignRequest {
  /** Digest of the content under `signer.hash`. */
  readonly digest: Uint8Array
  /** Dotted OID; id-data when absent. */
  readonly contentType?: string
  readonly signer: Signer
  readonly signingTime: Date
  readonly timestamper?: Timestamper | undefined
  readonly signal?: AbortSignal | undefined
}

/** ContentInfo in DER without the content. Rejects with what the signer or the time-stamper rejects with. */
export const signDetached = (request: SignRequest): Promise<Uint8Array> =>
  writeSignedData({ ...request, content: undefined, certificates: 'all' })

/** ContentInfo in DER with the content inside (opaque S/MIME, time-stamp tokens). */
export function signEnclosed(
  content: Uint8Array,
  request: Omit<SignRequest, 'digest'> & { readonly certificates?: 'all' | 'none' },
): Promise<Uint8Array> {
  const digest = hash(request.signer.hash, content, 'buffer')
  return writeSignedData({ ...request, digest, content, certificates: request.certificates ?? 'all' })
}

/**
 * What stands before and after a content of `size` octets that is inside and goes by in pieces: a file of any size. The content
 * must be that of the digest.
 */
export async function signAround(
  size: number,
  request: SignRequest,
): Promise<{ before: Uint8Array; after: Uint8Array }> {
  const type = oid(request.contentType ?? OID.data)
  const { before, after } = await partsOf({ ...request, certificates: 'all' })
  const signed = oid(OID.signedData)
  const octets = headOf(TAG.octetString, size)
  const explicit = headOf(0xa0, octets.length + size)
  const encapsulated = headOf(TAG.sequence, type.length + explicit.length + octets.length + size)
  const inner = sum(before, encapsulated, type, explicit, octets, after) + size
  const signedData = headOf(TAG.sequence, inner)
  const content = headOf(0xa0, signedData.length + inner)
  const whole = headOf(TAG.sequence, sum(signed, content, signedData) + inner)
  return {
    before: Buffer.concat([whole, signed, content, signedData, before, encapsulated, type, explicit, octets]),
    after,
  }
}

const sum = (...parts: readonly Uint8Array[]): number => parts.reduce((all, { length }) => all + length, 0)

type Parts = SignRequest & { readonly certificates: 'all' | 'none' }

async function writeSignedData(
  request: Parts & { readonly content: Uint8Array | undefined },
): Promise<Uint8Array> {
  const { content } = request
  const { before, after } = await partsOf(request)
  const encapsulated = content === undefined ? [] : [tagged(0, octetString(content))]
  const type = oid(request.contentType ?? OID.data)
  const signedData = sequence(before, sequence(type, ...encapsulated), after)
  return sequence(oid(OID.signedData), tagged(0, signedData))
}

/** The elements of SignedData before and after encapContentInfo. */
async function partsOf(request: Parts): Promise<{ before: Uint8Array; after: Uint8Array }> {
  const { signer } = request
  const contentType = request.contentType ?? OID.data
  const attributes = setOf(
    sequence(oid(OID.contentType), setOf(oid(contentType))),
    sequence(oid(OID.signingTime), setOf(time(request.signingTime))),
    sequence(oid(OID.messageDigest), setOf(octetString(request.digest))),
    signingCertificateAttribute(signer.certificate, signer.hash),
  )
  const signature = await signer.sign(attributes)
  const unsigned =
    request.timestamper === undefined
      ? []
      : [await signatureTimestamp(signature, signer.hash, request.timestamper, request.signal)]
  const signerInfo = sequence(
    integer(1),
    sequence(signer.certificate.issuer.der, integer(signer.certificate.serialBytes)),
    digestIdentifier(signer.hash),
    retag(0xa0, attributes),
    signerAlgorithm(signer),
    octetString(signature),
    ...unsigned,
  )
  const certificates = request.certificates === 'all' ? [certificateSet(signer)] : []
  return {
    // Version 3 as soon as the content is anything but id-data. [RFC 5652 §5.1]
    before: Buffer.concat([integer(contentType === OID.data ? 1 : 3), setOf(digestIdentifier(signer.hash))]),
    after: Buffer.concat([...certificates, setOf(signerInfo)]),
  }
}

const certificateSet = (signer: Signer): Uint8Array =>
  retag(0xa0, setOf(...[signer.certificate, ...signer.chain].map((certificate) => certificate.der)))

/** rsaEncryption is the name that every reader of CMS must know; the digest stands beside it. [RFC 5754 §3.2] */
const signerAlgorithm = (signer: Signer): Uint8Array =>
  signer.algorithm === 'rsa-pkcs1'
    ? sequence(oid(OID.rsaEncryption), nullValue())
    : signatureIdentifier(signer.algorithm, signer.hash)

async function signatureTimestamp(
  signature: Uint8Array,
  name: HashName,
  timestamper: Timestamper,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const token = await timestamper.stamp(hash(name, signature, 'buffer'), name, signal)
  return tagged(1, sequence(oid(OID.signatureTimeStampToken), setOf(token.der)))
}
