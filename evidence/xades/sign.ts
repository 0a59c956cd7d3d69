/**
 * Signs evidence: enveloped XAdES with a signature time-stamp (B-T). [EN 319 132-1 §5] Everything that is hashed is
 * written as canonical text, nothing is parsed, and what depends on the signer alone is encoded once: the cost
 * beyond the private key operation is a few string joins and three short hashes.
 *
 * The document holds no namespace declaration that is not needed, because a needless one could be changed without
 * breaking the signature.
 */
import { hash } from 'node:crypto'

import type { EvidenceDraft } from '../model/draft.ts'
import { writeEvidence } from '../model/write.ts'
import type { HashName, Signer, Timestamper } from '../ports.ts'
import type { Checked } from '../rules/rule.ts'
import { issuerSerialOf } from '../x509/issuer-serial.ts'
import {
  DIGEST_URIS,
  DS,
  ENVELOPED,
  EXCLUSIVE_C14N,
  SIGNED_PROPERTIES_TYPE,
  signatureUri,
  XADES,
} from './algorithms.ts'
import { rawFromDer } from './ecdsa-value.ts'

const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

/**
 * @param signingTime goes into SigningTime in whole seconds; the event time is the draft's
 * @returns the final octets of the document, UTF-8
 * @throws what the signer or the time-stamper throws: nothing unsigned or unstamped comes out of here
 */
export async function signEvidence(
  draft: Checked<EvidenceDraft>,
  signer: Signer,
  timestamper: Timestamper,
  signingTime: Date,
): Promise<Uint8Array> {
  const { head, tail } = writeEvidence(draft)
  const parts = prepare(signer)
  const properties = (xades: string, ds: string): string =>
    parts.properties(draft.id, signingTime.toISOString().slice(0, 19) + 'Z', xades, ds)
  const document = hash(signer.hash, head + tail, 'base64')
  const signedProperties = hash(signer.hash, properties(declareXades, declareDs), 'base64')
  const signedInfo = (ds: string): string => parts.signedInfo(draft.id, document, signedProperties, ds)
  const raw = await signer.sign(Buffer.from(signedInfo(declareDs)))
  const value = signer.algorithm === 'ecdsa' ? rawFromDer(raw, signer.certificate.publicKey) : raw
  const signatureValue = (ds: string): string =>
    `<ds:SignatureValue${ds} Id="${draft.id}-value">${base64(value)}</ds:SignatureValue>`
  const imprint = hash(STAMP_HASH, signatureValue(declareDs), 'buffer')
  const token = await timestamper.stamp(imprint, STAMP_HASH)
  return Buffer.from(
    [
      XML_DECLARATION,
      head,
      `<ds:Signature${declareDs} Id="${draft.id}-signature">`,
      signedInfo(''),
      signatureValue(''),
      parts.keyInfo,
      `<ds:Object><xades:QualifyingProperties${declareXades} Target="#${draft.id}-signature">`,
      properties('', ''),
      '<xades:UnsignedProperties><xades:UnsignedSignatureProperties><xades:SignatureTimeStamp>',
      // The default would be inclusive canonicalisation, which drags in the whole document's namespaces.
      `<ds:CanonicalizationMethod Algorithm="${EXCLUSIVE_C14N}"></ds:CanonicalizationMethod>`,
      `<xades:EncapsulatedTimeStamp>${base64(token.der)}</xades:EncapsulatedTimeStamp>`,
      '</xades:SignatureTimeStamp></xades:UnsignedSignatureProperties></xades:UnsignedProperties>',
      '</xades:QualifyingProperties></ds:Object></ds:Signature>',
      tail,
    ].join(''),
  )
}

/** What the time-stamp binds; the token's own algorithm may be stronger. */
const STAMP_HASH: HashName = 'sha256'
const declareDs = ` xmlns:ds="${DS}"`
const declareXades = ` xmlns:xades="${XADES}"`

/** What depends on the signer alone. */
interface Prepared {
  readonly keyInfo: string
  properties(id: string, time: string, declareXades: string, declareDs: string): string
  signedInfo(id: string, document: string, properties: string, declareDs: string): string
}

const prepared = new WeakMap<Signer, Prepared>()

function prepare(signer: Signer): Prepared {
  const known = prepared.get(signer)
  if (known) return known
  const { certificate, chain } = signer
  const digestUri = DIGEST_URIS[signer.hash]
  const certificateDigest = hash(signer.hash, certificate.der, 'base64')
  const issuerSerial = base64(issuerSerialOf(certificate))
  const certificates = [certificate, ...chain]
    .map(({ der }) => `<ds:X509Certificate>${base64(der)}</ds:X509Certificate>`)
    .join('')
  const reference = (attributes: string, transforms: readonly string[], digest: string): string =>
    `<ds:Reference${attributes}><ds:Transforms>${transforms
      .map((uri) => `<ds:Transform Algorithm="${uri}"></ds:Transform>`)
      .join('')}</ds:Transforms><ds:DigestMethod Algorithm="${digestUri}"></ds:DigestMethod>` +
    `<ds:DigestValue>${digest}</ds:DigestValue></ds:Reference>`
  const made: Prepared = {
    keyInfo: `<ds:KeyInfo><ds:X509Data>${certificates}</ds:X509Data></ds:KeyInfo>`,
    properties: (id, time, xades, ds) =>
      `<xades:SignedProperties${xades} Id="${id}-properties"><xades:SignedSignatureProperties>` +
      `<xades:SigningTime>${time}</xades:SigningTime><xades:SigningCertificateV2><xades:Cert><xades:CertDigest>` +
      `<ds:DigestMethod${ds} Algorithm="${digestUri}"></ds:DigestMethod><ds:DigestValue${ds}>${certificateDigest}</ds:DigestValue>` +
      `</xades:CertDigest><xades:IssuerSerialV2>${issuerSerial}</xades:IssuerSerialV2></xades:Cert></xades:SigningCertificateV2>` +
      '</xades:SignedSignatureProperties><xades:SignedDataObjectProperties>' +
      `<xades:DataObjectFormat ObjectReference="#${id}-document"><xades:MimeType>application/xml</xades:MimeType>` +
      '</xades:DataObjectFormat></xades:SignedDataObjectProperties></xades:SignedProperties>',
    signedInfo: (id, document, properties, ds) =>
      `<ds:SignedInfo${ds}><ds:CanonicalizationMethod Algorithm="${EXCLUSIVE_C14N}"></ds:CanonicalizationMethod>` +
      `<ds:SignatureMethod Algorithm="${signatureUri({ kind: signer.algorithm, hash: signer.hash })}"></ds:SignatureMethod>` +
      reference(` Id="${id}-document" URI=""`, [ENVELOPED, EXCLUSIVE_C14N], document) +
      reference(` Type="${SIGNED_PROPERTIES_TYPE}" URI="#${id}-properties"`, [EXCLUSIVE_C14N], properties) +
      '</ds:SignedInfo>',
  }
  prepared.set(signer, made)
  return made
}

const base64 = (octets: Uint8Array): string =>
  Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('base64')
