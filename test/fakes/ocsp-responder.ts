/** Answers as an OCSP responder does, and as a hostile one could. [RFC 6960 §4.2.1] */
import { createPublicKey, sign } from 'node:crypto'
import { OID } from '../../evidence/asn1/oid.ts'
import { readWhole } from '../../evidence/asn1/reader.ts'
import { contextConstructed, TAG } from '../../evidence/asn1/tag.ts'
import {
  bitString,
  encode,
  generalizedTime,
  octetString,
  oid,
  sequence,
  tagged,
  taggedPrimitive,
} from '../../evidence/asn1/writer.ts'
import type { Certificate } from '../../evidence/ports.ts'
import { signatureIdentifier } from '../../evidence/x509/algorithm.ts'
import { responderKeyHash, writeCertId } from '../../evidence/x509/cert-id.ts'
import { extension, readExtensions } from '../../evidence/x509/extensions.ts'
import type { Issuer } from '../../evidence/x509/issue.ts'
import { daysFromNow, type Holder, type IssueOptions, type Pki } from './pki.ts'

export type CertStatus = 'good' | 'unknown' | { readonly revoked: Date; readonly reason?: number }

export interface Single {
  readonly certificate: Certificate
  readonly status?: CertStatus
  readonly thisUpdate?: Date
  readonly nextUpdate?: Date | undefined
  readonly extensions?: readonly Uint8Array[]
  /** In place of the real identifier. */
  readonly certId?: Uint8Array
}

export interface Answer {
  /** Who certified; its name and key stand in the identifiers. */
  readonly issuer: Issuer
  readonly singles: readonly Single[]
  /** Who signs: the issuer where absent. */
  readonly signer?: Issuer
  readonly byName?: boolean
  readonly producedAt?: Date
  readonly certificates?: readonly Certificate[]
  readonly extensions?: readonly Uint8Array[]
  /** AlgorithmIdentifier as written, where it should not be the true one. */
  readonly algorithm?: Uint8Array
}

export function answer(given: Answer): Uint8Array {
  const { issuer, signer = given.issuer, extensions = [], certificates = [] } = given
  const key = signer.key
  const isEc = createPublicKey(key).asymmetricKeyType === 'ec'
  const algorithm = given.algorithm ?? signatureIdentifier(isEc ? 'ecdsa' : 'rsa-pkcs1', 'sha256')
  const data = sequence(
    given.byName === true
      ? tagged(1, signer.certificate.subject.der)
      : tagged(2, octetString(responderKeyHash(signer.certificate))),
    generalizedTime(given.producedAt ?? daysFromNow(0)),
    sequence(...given.singles.map((single) => writeSingle(single, issuer.certificate))),
    ...(extensions.length === 0 ? [] : [tagged(1, sequence(...extensions))]),
  )
  const signature = sign('sha256', data, isEc ? { key, dsaEncoding: 'der' } : key)
  const chain = certificates.map(({ der }) => der)
  const basic = sequence(
    data,
    algorithm,
    bitString(signature),
    ...(chain.length === 0 ? [] : [tagged(0, sequence(...chain))]),
  )
  return sequence(
    encode(TAG.enumerated, Uint8Array.of(0)),
    tagged(0, sequence(oid(OID.ocspBasic), octetString(basic))),
  )
}

/** tryLater 3, unauthorized 6 … */
export const errorAnswer = (status: number): Uint8Array =>
  sequence(encode(TAG.enumerated, Uint8Array.of(status)))

export const nonceExtension = (nonce: Uint8Array): Uint8Array =>
  extension(OID.ocspNonce, false, octetString(nonce))

export const archiveCutoff = (date: Date): Uint8Array =>
  extension(OID.ocspArchiveCutoff, false, generalizedTime(date))

function writeSingle(single: Single, issuer: Certificate): Uint8Array {
  const { certificate, status = 'good', extensions = [] } = single
  const nextUpdate = 'nextUpdate' in single ? single.nextUpdate : daysFromNow(1)
  return sequence(
    single.certId ?? writeCertId(certificate, issuer, 'sha1'),
    writeStatus(status),
    generalizedTime(single.thisUpdate ?? daysFromNow(0)),
    ...(nextUpdate === undefined ? [] : [tagged(0, generalizedTime(nextUpdate))]),
    ...(extensions.length === 0 ? [] : [tagged(1, sequence(...extensions))]),
  )
}

function writeStatus(status: CertStatus): Uint8Array {
  if (status === 'good') return taggedPrimitive(0, new Uint8Array())
  if (status === 'unknown') return taggedPrimitive(2, new Uint8Array())
  const { revoked, reason } = status
  const code = reason === undefined ? [] : [tagged(0, encode(TAG.enumerated, Uint8Array.of(reason)))]
  return tagged(1, generalizedTime(revoked), ...code)
}

/** A delegated responder below the intermediate; `noCheck` unless said otherwise. */
export const delegate = (keys: Pki, options: IssueOptions & { readonly noCheck?: boolean } = {}): Holder =>
  keys.issue(
    { kind: 'ocsp', noCheck: options.noCheck ?? true },
    { subject: { commonName: 'Deneme OCSP' }, ...options },
  )

/** What a request asks: identifier as written, and the nonce extension's value. */
export function readOcspRequest(der: Uint8Array): {
  certId: Uint8Array
  serial: Uint8Array
  nonce: Uint8Array | undefined
} {
  const tbs = readWhole(der, 'der', TAG.sequence).open().expect(TAG.sequence).open()
  const list = tbs.expect(TAG.sequence).open()
  const id = list.expect(TAG.sequence).open().expect(TAG.sequence)
  list.finish()
  const wrapper = tbs.optional(contextConstructed(2))
  tbs.finish()
  const parts = id.open()
  for (const tag of [TAG.sequence, TAG.octetString, TAG.octetString]) parts.expect(tag)
  const nonce = wrapper && readExtensions(wrapper.open().expect(TAG.sequence)).get(OID.ocspNonce)?.value
  return {
    certId: id.octets,
    serial: parts.expect(TAG.integer).content,
    nonce: nonce && readWhole(nonce, 'der', TAG.octetString).content,
  }
}
