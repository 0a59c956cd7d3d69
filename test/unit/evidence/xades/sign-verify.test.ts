import { DOMParser } from '@xmldom/xmldom'
import { describe, expect, test } from 'vitest'
import { SignedXml } from 'xml-crypto'
import { readEvidence } from '../../../../evidence/model/read.ts'
import { EVIDENCE_ROOTS } from '../../../../evidence/model/roots.ts'
import type { Signer } from '../../../../evidence/ports.ts'
import { checkToken } from '../../../../evidence/verify/trust.ts'
import { toPem } from '../../../../evidence/x509/certificate.ts'
import { verifyXades } from '../../../../evidence/xades/verify.ts'
import { afterEvent, draftFor, signedEvidence, trustOptions } from '../../../fakes/evidence.ts'
import { pki } from '../../../fakes/pki.ts'

const verify = (octets: Uint8Array) =>
  verifyXades(octets, (der, stamped) => checkToken(der, stamped, trustOptions()))
const made = (options: object): Signer =>
  pki().issue({ kind: 'provider', email: 'kep@hs98.kep.tr' }, options).signer

describe('what is signed verifies, and says what was drafted', () => {
  test.each([
    ['RSA PKCS#1, SHA-256', { kind: 'rsa' }],
    ['RSA PKCS#1, SHA-512', { kind: 'rsa', hash: 'sha512' }],
    ['RSA-PSS, SHA-256', { kind: 'rsa', pss: true }],
    ['RSA-PSS, SHA-384', { kind: 'rsa', pss: true, hash: 'sha384' }],
    ['ECDSA P-256', { kind: 'p256' }],
    ['ECDSA P-384, SHA-384', { kind: 'p384', hash: 'sha384' }],
    ['ECDSA P-521, SHA-512', { kind: 'p521', hash: 'sha512' }],
  ])('%s', async (_name, options) => {
    const signer = made(options)
    const report = verify(await signedEvidence(Buffer.from('x'), {}, signer))
    if (!report.ok) throw new Error(report.detail)
    expect(report.certificate.fingerprint).toBe(signer.certificate.fingerprint)
    expect(report.signingTime).toEqual(new Date(afterEvent(1_000)))
    expect(Math.abs((report.timestamp?.time.getTime() ?? 0) - Date.now())).toBeLessThan(60_000)
    expect(JSON.parse(JSON.stringify(readEvidence(report.root)))).toMatchObject(draftFor(Buffer.from('x')))
  })

  test.each(EVIDENCE_ROOTS.slice(3, 6))('%s for one recipient', async (root) => {
    const code = { De: 'Delivery', Do: 'Download', Re: 'Retrieval' }[root.slice(0, 2)]
    const octets = await signedEvidence(Buffer.from('x'), {
      root,
      eventCode: `http:uri.etsi.org/02640/Event#${code}`,
      refersTo: 2,
      recipientAuthentication: {
        time: afterEvent(-60_000),
        method: 'http:uri.etsi.org/REM/AuthMethod#Strong',
        additional: 'TLS',
      },
      transactionLog: ['250 2.0.0 ok <x>'],
    })
    const report = verify(octets)
    if (!report.ok) throw new Error(report.detail)
    expect(readEvidence(report.root)).toMatchObject({
      root,
      refersTo: 2,
      transactionLog: ['250 2.0.0 ok <x>'],
    })
  })

  test('characters that XML cannot carry become U+FFFD, line ends survive', async () => {
    const { message } = draftFor(Buffer.from('x'))
    const subject = 'a\0b\u0007\ud800c\r\nd\te\u{1f600}'
    const report = verify(await signedEvidence(Buffer.from('x'), { message: { ...message, subject } }))
    if (!report.ok) throw new Error(report.detail)
    expect(readEvidence(report.root).message?.subject).toBe('a\ufffdb\ufffd\ufffdc\r\nd\te\u{1f600}')
  })

  test('xml-crypto is of the same opinion', async () => {
    const text = Buffer.from(await signedEvidence(Buffer.from('x'))).toString()
    const second = new SignedXml({ publicCert: toPem('CERTIFICATE', pki().provider.certificate.der) })
    second.loadSignature(/<ds:Signature .*<\/ds:Signature>/s.exec(text)?.[0] ?? '')
    expect(second.checkSignature(text)).toBe(true)
    expect(new DOMParser().parseFromString(text, 'text/xml').documentElement?.localName).toBe(
      'SubmissionAcceptanceRejection',
    )
  })
})
