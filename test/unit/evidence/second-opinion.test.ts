/** What we write, read by another implementation. */
import { hash } from 'node:crypto'
import * as pkijs from 'pkijs'
import { describe, expect, test } from 'vitest'
import { OID } from '../../../evidence/asn1/oid.ts'
import { signDetached } from '../../../evidence/cms/sign.ts'
import { makePkcs12 } from '../../../evidence/keys/pkcs12.ts'
import { buildTimestampRequest } from '../../../evidence/tsa/request.ts'
import { answerTimestampQuery } from '../../../evidence/tsa/responder.ts'
import { buildOcspRequest, makeNonce } from '../../../evidence/x509/ocsp-request.ts'
import { answerStatus } from '../../../evidence/x509/ocsp-status.ts'
import { systemClock } from '../../../mail/clock.ts'
import { answer, delegate } from '../../fakes/ocsp-responder.ts'
import { daysFromNow, emptyCrl, type KeyKind, pki } from '../../fakes/pki.ts'

const exact = (octets: Uint8Array): ArrayBuffer => Uint8Array.from(octets).buffer
const content = Buffer.from('içerik')

describe('pkijs', () => {
  test.each<KeyKind>(['rsa', 'p256', 'p384'])('verifies our CMS: %s', async (kind) => {
    const { signer } = pki().issue({ kind: 'user', email: 'a@hs98.kep.tr' }, { kind })
    const der = await signDetached({
      digest: hash('sha256', content, 'buffer'),
      signer,
      signingTime: new Date(),
    })
    const data = new pkijs.SignedData({ schema: pkijs.ContentInfo.fromBER(exact(der)).content })
    expect(await data.verify({ signer: 0, data: exact(content) })).toBe(true)
  })
  test('reads our certificates and lists', async () => {
    const [root, middle] = [pki().root, pki().intermediate].map(({ certificate }) =>
      pkijs.Certificate.fromBER(exact(certificate.der)),
    )
    expect(await middle!.verify(root)).toBe(true)
    const serial = pki().user.certificate.serialBytes
    const list = pkijs.CertificateRevocationList.fromBER(
      exact(emptyCrl(pki().intermediate, [{ serial, date: new Date() }])),
    )
    expect(list.isCertificateRevoked(pkijs.Certificate.fromBER(exact(pki().user.certificate.der)))).toBe(true)
  })
  test.each([
    { name: 'good', single: {}, expected: { isForCertificate: true, status: 0 } },
    {
      name: 'revoked',
      single: { status: { revoked: daysFromNow(-1) } },
      expected: { isForCertificate: true, status: 1 },
    },
    {
      name: 'unknown',
      single: { status: 'unknown' as const },
      expected: { isForCertificate: true, status: 2 },
    },
    {
      name: 'about another',
      single: { certificate: pki().tls.certificate },
      expected: { isForCertificate: false },
    },
  ])('reads an OCSP response as we do: $name', async ({ single, expected }) => {
    const [certificate, issuer] = [pki().user.certificate, pki().intermediate.certificate]
    const der = answer({ issuer: pki().intermediate, singles: [{ certificate, ...single }] })
    const theirs = await pkijs.OCSPResponse.fromBER(exact(der)).getCertificateStatus(
      pkijs.Certificate.fromBER(exact(certificate.der)),
      pkijs.Certificate.fromBER(exact(issuer.der)),
    )
    expect(theirs).toMatchObject(expected)
    const ours = answerStatus(der, { certificate, issuer, at: daysFromNow(0), crls: [] })
    const words = ['good', 'revoked', 'OCSP_UNKNOWN']
    const word = expected.status === undefined ? 'OCSP_OTHER_CERTIFICATE' : words[expected.status]
    expect(ours.status === 'unknown' ? ours.code : ours.status).toBe(word)
  })
  test('checks the signature of our OCSP responses', async () => {
    const [certificate, signer] = [pki().user.certificate, delegate(pki())]
    const signed = { issuer: pki().intermediate, signer, certificates: [signer.certificate] }
    const response = pkijs.OCSPResponse.fromBER(exact(answer({ ...signed, singles: [{ certificate }] })))
    const basic = pkijs.BasicOCSPResponse.fromBER(
      exact(response.responseBytes!.response.valueBlock.valueHexView),
    )
    const [issuer, root] = [pki().intermediate, pki().root].map((one) =>
      pkijs.Certificate.fromBER(exact(one.certificate.der)),
    )
    expect(await basic.verify({ trustedCerts: [root!], issuerCerts: [issuer!] })).toBe(true)
  })
  test('reads our OCSP requests', () => {
    const [certificate, issuer] = [pki().user.certificate, pki().intermediate.certificate]
    const nonce = makeNonce()
    const request = pkijs.OCSPRequest.fromBER(
      exact(buildOcspRequest({ certificate, issuer, hash: 'sha256', nonce })),
    )
    const [asked] = request.tbsRequest.requestList
    expect(Buffer.from(asked!.reqCert.serialNumber.valueBlock.valueHexView)).toEqual(
      Buffer.from(certificate.serialBytes),
    )
    expect(request.tbsRequest.requestExtensions?.map(({ extnID }) => extnID)).toEqual([OID.ocspNonce])
  })
  test('reads our time-stamps', async () => {
    const imprint = hash('sha256', content, 'buffer')
    const query = buildTimestampRequest({
      imprint,
      hash: 'sha256',
      nonce: Uint8Array.of(5),
      certificate: true,
    })
    const authority = { signer: pki().tsa.signer, policy: '1.2.3', serial: () => 1n, clock: systemClock }
    const response = pkijs.TimeStampResp.fromBER(exact(await answerTimestampQuery(query, authority)))
    expect(response.status.status).toBe(0)
  })
  test('opens our PKCS#12 with a password beyond ASCII', async () => {
    const { key, certificate } = pki().user
    const file = makePkcs12({ key, certificates: [certificate], password: 'Şifre', friendlyName: 'a' })
    const pfx = pkijs.PFX.fromBER(exact(file))
    await pfx.parseInternalValues({ checkIntegrity: true, password: exact(Buffer.from('Şifre')) })
    expect(pfx.parsedValue?.authenticatedSafe).toBeDefined()
  })
})
