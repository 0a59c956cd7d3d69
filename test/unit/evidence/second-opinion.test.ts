/** What we write, read by another implementation. */
import { hash } from 'node:crypto'
import * as pkijs from 'pkijs'
import { describe, expect, test } from 'vitest'
import { signDetached } from '../../../evidence/cms/sign.ts'
import { makePkcs12 } from '../../../evidence/keys/pkcs12.ts'
import { buildTimestampRequest } from '../../../evidence/tsa/request.ts'
import { answerTimestampQuery } from '../../../evidence/tsa/responder.ts'
import { systemClock } from '../../../mail/clock.ts'
import { emptyCrl, type KeyKind, pki } from '../../fakes/pki.ts'

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
