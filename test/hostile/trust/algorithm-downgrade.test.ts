/**
 * SHA-1 and its like in each place that names an algorithm. Two places may name SHA-1, because nothing rests on it there: an
 * OCSP answer says by it which certificate it is about, and a time-stamp of version 1 which certificate it was made with.
 */
import { hash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { OID } from '../../../evidence/asn1/oid.ts'
import {
  generalizedTime,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
} from '../../../evidence/asn1/writer.ts'
import { signEnclosed } from '../../../evidence/cms/sign.ts'
import { verifyDetached } from '../../../evidence/cms/verify.ts'
import { TimestampError } from '../../../evidence/tsa/error.ts'
import { answerTimestampQuery } from '../../../evidence/tsa/responder.ts'
import { tokenOfResponse } from '../../../evidence/tsa/response.ts'
import { verifyToken } from '../../../evidence/tsa/token.ts'
import { writeCertId } from '../../../evidence/x509/cert-id.ts'
import { parseCertificate } from '../../../evidence/x509/certificate.ts'
import { listStatus } from '../../../evidence/x509/crl-status.ts'
import { answerStatus } from '../../../evidence/x509/ocsp-status.ts'
import { validatePath } from '../../../evidence/x509/path.ts'
import { verifyXades } from '../../../evidence/xades/verify.ts'
import { systemClock } from '../../../mail/clock.ts'
import { attribute, contentType, craft, digestId, digestOf, messageDigest } from '../../fakes/crafted-cms.ts'
import { signedEvidence } from '../../fakes/evidence.ts'
import { answer } from '../../fakes/ocsp-responder.ts'
import { emptyCrl, pki } from '../../fakes/pki.ts'
import { resigned } from '../../fakes/resigned.ts'
import { TSA_POLICY } from '../../fakes/tsa.ts'

const SHA1_RSA = '1.2.840.113549.1.1.5'
const MD5_RSA = '1.2.840.113549.1.1.4'
const SHA1_ECDSA = '1.2.840.10045.4.1'
const { signer } = pki().user
const sha1 = (octets: Uint8Array): Uint8Array => hash('sha1', octets, 'buffer')
const at = new Date()

describe('CMS', () => {
  const cms = async (given: Parameters<typeof craft>[0]) =>
    (await verifyDetached(await craft(given), digestOf)).signers.map(
      ({ failure, bes }) => failure ?? `good ${bes}`,
    )
  const { signer: rsa } = pki().provider
  const essV1 = attribute(
    OID.signingCertificate,
    sequence(sequence(sequence(octetString(sha1(signer.certificate.der))))),
  )
  const essV2 = attribute(
    OID.signingCertificateV2,
    sequence(sequence(sequence(digestId(OID.sha1), octetString(sha1(signer.certificate.der))))),
  )
  test.each<[string, Parameters<typeof craft>[0], string]>([
    ['SHA-1 of the content', { digestAlgorithm: digestId(OID.sha1) }, 'WEAK_DIGEST'],
    ['SHA-224 of the content', { digestAlgorithm: digestId('2.16.840.1.101.3.4.2.4') }, 'WEAK_DIGEST'],
    ['MD5 of the content', { digestAlgorithm: digestId(OID.md5) }, 'WEAK_DIGEST'],
    ['sha1WithRSA', { by: rsa, algorithm: digestId(SHA1_RSA) }, 'WEAK_SIGNATURE_ALGORITHM'],
    ['md5WithRSA', { by: rsa, algorithm: digestId(MD5_RSA) }, 'WEAK_SIGNATURE_ALGORITHM'],
    ['ecdsa-with-SHA1', { algorithm: digestId(SHA1_ECDSA) }, 'WEAK_SIGNATURE_ALGORITHM'],
    [
      'ecPublicKey as a signature algorithm',
      { algorithm: digestId('1.2.840.10045.2.1') },
      'WEAK_SIGNATURE_ALGORITHM',
    ],
    ['DSA', { algorithm: digestId('2.16.840.1.101.3.4.3.2') }, 'WEAK_SIGNATURE_ALGORITHM'],
    [
      'a weaker digest than the signature names',
      { algorithm: digestId(OID.ecdsaWithSha512) },
      'ALGORITHM_MISMATCH',
    ],
    [
      'signing-certificate version 2 by SHA-1',
      { attributes: [contentType(), messageDigest(), essV2] },
      'WEAK_DIGEST',
    ],
    [
      'signing-certificate version 1, which is SHA-1: it adds nothing and takes nothing',
      { attributes: [contentType(), messageDigest(), essV1] },
      'good false',
    ],
  ])('%s: %s', async (_name, given, expected) => expect(await cms(given)).toEqual([expected]))
})

describe('XAdES: WEAK_ALGORITHM', () => {
  const SHA1 = 'http://www.w3.org/2000/09/xmldsig#sha1'
  const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'
  /** The n-th place that names SHA-256. */
  const nth = (text: string, place: number): string => {
    let seen = 0
    return text.replaceAll(SHA256, (uri) => (seen++ === place ? SHA1 : uri))
  }
  const signature = (uri: string) => (text: string) =>
    text.replace(/(SignatureMethod Algorithm=")[^"]*/, `$1${uri}`)
  test.each<[string, (text: string) => string]>([
    ['digest of the document', (text) => nth(text, 1)],
    ['digest of the properties', (text) => nth(text, 2)],
    ['digest of the certificate', (text) => nth(text, 3)],
    ['rsa-sha1', signature('http://www.w3.org/2000/09/xmldsig#rsa-sha1')],
    ['ecdsa-sha1', signature('http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1')],
    ['dsa-sha1', signature('http://www.w3.org/2000/09/xmldsig#dsa-sha1')],
    ['rsa-md5', signature('http://www.w3.org/2001/04/xmldsig-more#rsa-md5')],
    ['hmac-sha256', signature('http://www.w3.org/2001/04/xmldsig-more#hmac-sha256')],
    ['sha1-rsa-MGF1', signature('http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1')],
  ])('%s', async (_name, bend) => {
    const text = Buffer.from(await signedEvidence(Buffer.from('x'))).toString()
    expect(bend(text)).not.toBe(text)
    expect(verifyXades(Buffer.from(bend(text)), undefined)).toMatchObject({ failure: 'WEAK_ALGORITHM' })
  })
  test.each([
    'http://www.w3.org/2001/10/xml-exc-c14n#WithComments',
    'http://www.w3.org/2006/12/xml-c14n11',
    'http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments',
  ])('canonicalisation %s: TRANSFORMS', async (uri) => {
    const text = Buffer.from(await signedEvidence(Buffer.from('x'))).toString()
    const bent = text.replace(/(CanonicalizationMethod Algorithm=")[^"]*/, `$1${uri}`)
    expect(verifyXades(Buffer.from(bent), undefined)).toMatchObject({ failure: 'TRANSFORMS' })
  })
})

describe('time-stamps', () => {
  const imprint = new Uint8Array(32).fill(3)
  const codeOf = (act: () => unknown): string => {
    try {
      act()
      return 'good'
    } catch (error) {
      return error instanceof TimestampError ? error.message : String(error)
    }
  }
  const authority = { signer: pki().tsa.signer, policy: TSA_POLICY, serial: () => 1n, clock: systemClock }
  test('a query about SHA-1 is refused as badAlg', async () => {
    const query = sequence(integer(1), sequence(digestId(OID.sha1), octetString(new Uint8Array(20))))
    const answered = await answerTimestampQuery(query, authority)
    expect(codeOf(() => tokenOfResponse(answered))).toContain('badAlg')
  })
  test.each<[string, Uint8Array, Uint8Array]>([
    ['SHA-1', digestId(OID.sha1), new Uint8Array(20)],
    ['SHA-1 of another length', digestId(OID.sha1), imprint],
    ['SHA-256 cut to 20 octets', digestId(OID.sha256), imprint.subarray(0, 20)],
  ])('a token over %s: IMPRINT_MISMATCH', async (_name, algorithm, octets) => {
    const info = sequence(
      integer(1),
      oid(TSA_POLICY),
      sequence(algorithm, octetString(octets)),
      integer(1),
      generalizedTime(at),
    )
    const token = await signEnclosed(info, {
      contentType: OID.tstInfo,
      signer: pki().tsa.signer,
      signingTime: at,
    })
    expect(
      codeOf(() => verifyToken(token, { imprint: octets, hash: 'sha256', trust: pki().trust })),
    ).toContain('IMPRINT_MISMATCH')
  })
})

describe('certificates, lists and answers', () => {
  const key = pki().intermediate.key
  test('a certificate signed with SHA-1: WEAK_ALGORITHM', () => {
    const weak = parseCertificate(resigned(signer.certificate.der, { key, hash: 'sha1' }))
    const path = validatePath(weak, { ...pki().trust, at, revocation: 'if-present' })
    expect(path).toMatchObject({ ok: false, failure: 'WEAK_ALGORITHM' })
  })
  test('a list signed with SHA-1: CRL_SIGNATURE', () => {
    const weak = resigned(emptyCrl(pki().intermediate), { key, hash: 'sha1' })
    const status = listStatus({
      certificate: signer.certificate,
      issuer: pki().intermediate.certificate,
      at,
      crls: [weak],
    })
    expect(status).toMatchObject({ status: 'unknown', code: 'CRL_SIGNATURE' })
  })
  const ask = (given: object) =>
    answerStatus(
      answer({ issuer: pki().intermediate, singles: [{ certificate: signer.certificate }], ...given }),
      {
        certificate: signer.certificate,
        issuer: pki().intermediate.certificate,
        at,
        crls: [],
      },
    )
  test('an answer signed with SHA-1: OCSP_WEAK; one that names the certificate by SHA-1 is good', () => {
    expect(ask({ algorithm: sequence(oid(SHA1_ECDSA)) })).toMatchObject({ code: 'OCSP_WEAK' })
    const certId = writeCertId(signer.certificate, pki().intermediate.certificate, 'sha1')
    expect(ask({ singles: [{ certificate: signer.certificate, certId }] })).toMatchObject({ status: 'good' })
  })
  test('an answer that names the certificate by MD5 is about nobody: OCSP_OTHER_CERTIFICATE', () => {
    const { issuer, serialBytes } = signer.certificate
    const md5 = (octets: Uint8Array) => octetString(hash('md5', octets, 'buffer'))
    const certId = sequence(
      sequence(oid(OID.md5), nullValue()),
      md5(issuer.der),
      md5(pki().intermediate.certificate.spki),
      integer(serialBytes),
    )
    expect(ask({ singles: [{ certificate: signer.certificate, certId }] })).toMatchObject({
      code: 'OCSP_OTHER_CERTIFICATE',
    })
  })
})
