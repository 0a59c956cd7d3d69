import { describe, expect, test } from 'vitest'
import { verifyFile } from '../../../../evidence/verify/verify-file.ts'
import { toPem } from '../../../../evidence/x509/certificate.ts'
import { dispatchOf, signedEvidence, trustOptions, userMessage } from '../../../fakes/evidence.ts'
import { pki } from '../../../fakes/pki.ts'

const check = (octets: Uint8Array | string, options = trustOptions()) =>
  verifyFile({ name: 'x.p7s', octets: Buffer.from(octets as string, 'latin1') }, options)
const { der } = pki().user.certificate
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const ENVELOPED = hex('30 0f 06 09 2a 86 48 86 f7 0d 01 07 03 a0 02 30 00')
const inMail = (type: string) =>
  `Subject: x\r\nContent-Type: application/pkcs7-mime${type}\r\nContent-Transfer-Encoding: base64\r\n\r\n${ENVELOPED.toString('base64')}\r\n`

describe('what is given in place of a signature has a name of its own', () => {
  test.each<[name: string, octets: () => Uint8Array | string, reason: string]>([
    ['a certificate', () => der, 'CERTIFICATE_GIVEN'],
    ['a certificate in PEM', () => toPem('CERTIFICATE', der), 'CERTIFICATE_GIVEN'],
    ['a revocation list', () => pki().crls[0]!, 'LIST_GIVEN'],
    ['a revocation list in PEM', () => toPem('X509 CRL', pki().crls[0]!), 'LIST_GIVEN'],
    ['a key in PEM', () => '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n', 'KEY_GIVEN'],
    ['a PKCS#12 file', () => hex('30 09 02 01 03 30 04 06 02 2a 03'), 'KEY_GIVEN'],
    ['an evidence record', () => hex('30 07 02 01 01 30 02 05 00'), 'RECORD_GIVEN'],
    ['an OCSP response', () => hex('30 03 0a 01 06'), 'ANSWER_GIVEN'],
    ['enveloped data', () => ENVELOPED, 'ENCRYPTED'],
    ['encrypted mail', () => inMail('; smime-type=enveloped-data'), 'ENCRYPTED'],
    ['encrypted mail that does not say so', () => inMail(''), 'ENCRYPTED'],
    ['a PDF', () => '%PDF-1.7\n', 'NOT_A_SIGNATURE'],
    ['a ZIP', () => 'PK\x03\x04xxxx', 'NOT_A_SIGNATURE'],
    ['JSON', () => '{"a":1}', 'NOT_A_SIGNATURE'],
    ['HTML', () => '<!DOCTYPE html>\n<html></html>', 'NOT_A_SIGNATURE'],
    ['text', () => 'Merhaba\n', 'NOT_A_SIGNATURE'],
    ['XML in UTF-16', () => `\xff\xfe${Buffer.from('<a/>', 'utf16le').toString('latin1')}`, 'ENCODING'],
    ['XML in UTF-16 without a mark', () => '\x00<\x00a\x00/\x00>', 'ENCODING'],
    ['a mailbox', () => 'From a@b Thu Jan  1 00:00:00 2026\nSubject: x\n\nx\n', 'MAILBOX'],
    ['mail', () => 'Subject: x\r\n\r\nx', 'MESSAGE_NOT_SIGNED'],
    ['white space', () => ' \r\n', 'UNKNOWN_FILE'],
  ])('%s', async (_, octets, reason) => {
    const report = await check(octets())
    expect(report).toMatchObject({ reason, signatures: [] })
    expect(report.findings.map((one) => one.reason)).toEqual([reason])
  })
})

describe('line ends', () => {
  const unixed = (octets: Uint8Array) => Buffer.from(octets).toString('latin1').replaceAll('\r\n', '\n')

  test('that were changed are told before what they broke', async () => {
    for (const octets of [await userMessage('x\r\ny'), await dispatchOf(await userMessage('x'))]) {
      const report = await check(unixed(octets))
      expect(report).toMatchObject({ verdict: 'TOTAL-FAILED', reason: 'LINE_ENDS' })
      expect(report.findings.map(({ reason }) => reason)).toContain('CMS_DIGEST_MISMATCH')
    }
  })

  test('are no excuse for what was changed beside them', async () => {
    const octets = Buffer.from((await userMessage('xyz')).toString().replace('xyz', 'xyy'))
    expect((await check(octets)).findings.map(({ reason }) => reason)).toEqual(['CMS_DIGEST_MISMATCH'])
  })
})

test('all that speaks against a file is there once, failures first, and nothing where it passes', async () => {
  const octets = await signedEvidence(Buffer.from('x'))
  expect((await check(Buffer.from(octets).toString('latin1'))).findings).toEqual([])
  const text = Buffer.from(octets).toString('latin1')
  const { findings, verdict, reason } = await check(
    text.replace(/(<xades:EncapsulatedTimeStamp>)[^<]*/, '$1MAA='),
    { ...trustOptions(), anchors: [], crls: [], revocation: 'require' },
  )
  expect(findings.length).toBeGreaterThan(1)
  expect(findings[0]).toMatchObject({ verdict, reason })
  expect(new Set(findings.map((one) => `${one.reason} ${one.detail}`)).size).toBe(findings.length)
  expect(
    findings
      .map((one) => one.verdict)
      .toSorted()
      .reverse(),
  ).toEqual(findings.map((one) => one.verdict))
})
