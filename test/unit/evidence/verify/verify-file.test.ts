import { hash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { signDetached, signEnclosed } from '../../../../evidence/cms/sign.ts'
import type { Certificate } from '../../../../evidence/ports.ts'
import { verifyFile } from '../../../../evidence/verify/verify-file.ts'
import { parseCertificate, toPem } from '../../../../evidence/x509/certificate.ts'
import { signEvidence } from '../../../../evidence/xades/sign.ts'
import { systemClock } from '../../../../mail/clock.ts'
import { frame } from '../../../fakes/crafted-cms.ts'
import {
  afterEvent,
  checkedDraft,
  dispatchOf,
  EVENT_TIME,
  signedEvidence,
  trustOptions,
  userMessage,
} from '../../../fakes/evidence.ts'
import { makePki, pki } from '../../../fakes/pki.ts'
import { stampingWith } from '../../../fakes/stamping.ts'

const check = (octets: Uint8Array, options = trustOptions(), content?: Uint8Array) =>
  verifyFile({ name: 'dosya', octets, content }, options)

describe('files', () => {
  test('a delil', async () => {
    const report = await check(await signedEvidence(Buffer.from('x')))
    expect(report).toMatchObject({
      file: 'dosya',
      kind: 'evidence',
      verdict: 'TOTAL-PASSED',
      revocation: 'checked',
      fields: {
        mesaj: 'Doğrulandı',
        detayMesaji: `Gönderi kabul edildi (${EVENT_TIME.toISOString()})`,
        konu: 'İhtar: <sözleşme> & ekleri',
        alicilar: ['deneme.alici@hs98.kep.tr', 'ikinci@hs99.kep.tr'],
        remmdId: '<rem.1@hs98.kep.tr>',
        delilId: 'ev-0b6f0f0e-0000-4000-8000-000000000001',
      },
    })
  })

  test('a message of a user', async () => {
    expect(await check(await userMessage('x'))).toMatchObject({ kind: 'message', verdict: 'TOTAL-PASSED' })
    const changed = Buffer.from((await userMessage('xyz')).toString().replace('xyz', 'xyy'))
    expect(await check(changed)).toMatchObject({ verdict: 'TOTAL-FAILED', subIndication: 'HASH_FAILURE' })
  })

  test('an opaque message of a user', async () => {
    const { signer } = pki().user
    const cms = await signEnclosed(Buffer.from('Content-Type: text/plain\r\n\r\nx'), {
      signer,
      signingTime: new Date(),
    })
    const mail = (octets: Uint8Array) =>
      Buffer.from(
        `Subject: x\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(octets).toString('base64')}\r\n`,
      )
    expect(await check(mail(cms))).toMatchObject({
      kind: 'message',
      verdict: 'TOTAL-PASSED',
      fields: { konu: 'x' },
    })
    const changed = Buffer.from(cms)
    changed[changed.indexOf('plain')]! ^= 1
    expect(await check(mail(changed))).toMatchObject({
      verdict: 'TOTAL-FAILED',
      subIndication: 'HASH_FAILURE',
    })
  })

  test('a detached signature with and without its content', async () => {
    const content = Buffer.from('belge')
    const { signer } = pki().user
    const cms = await signDetached({
      digest: hash('sha256', content, 'buffer'),
      signer,
      signingTime: new Date(),
    })
    expect(await check(cms, trustOptions(), content)).toMatchObject({
      kind: 'signature',
      verdict: 'TOTAL-PASSED',
    })
    expect(await check(cms)).toMatchObject({ verdict: 'INDETERMINATE' })
    expect(await check(cms, trustOptions(), Buffer.from('x'))).toMatchObject({ verdict: 'TOTAL-FAILED' })
  })

  test('a detached signature in PEM and in base64', async () => {
    const { signer } = pki().user
    const digest = hash('sha256', 'belge', 'buffer')
    const cms = await signDetached({ digest, signer, signingTime: new Date() })
    for (const text of [toPem('PKCS7', cms), toPem('CMS', cms), Buffer.from(cms).toString('base64')])
      expect(await check(Buffer.from(text), trustOptions(), Buffer.from('belge'))).toMatchObject({
        kind: 'signature',
        verdict: 'TOTAL-PASSED',
      })
  })

  test('a signature around its content is judged by that, whatever lies beside it', async () => {
    const { signer } = pki().user
    const cms = await signEnclosed(Buffer.from('belge'), { signer, signingTime: new Date() })
    expect(await check(cms)).toMatchObject({ verdict: 'TOTAL-PASSED', content: { octets: 5 } })
    expect(await check(cms, trustOptions(), Buffer.from('belge'))).toMatchObject({
      verdict: 'TOTAL-PASSED',
      content: { beside: 'same' },
    })
    expect(await check(cms, trustOptions(), Buffer.from('baska'))).toMatchObject({
      verdict: 'INDETERMINATE',
      reason: 'CONTENT_DIFFERS',
      content: { beside: 'different' },
      signatures: [{ verdict: 'TOTAL-PASSED' }],
    })
  })

  test('certificates alone are no signature, and no content is asked for', async () => {
    const certificates = frame([])
    expect(await check(certificates)).toMatchObject({ reason: 'CMS_NO_SIGNERS' })
  })

  test.each([
    ['nothing', ''],
    ['text', 'Merhaba'],
    ['an unsigned message', 'Subject: x\r\n\r\nx'],
    ['an unsigned delil', '<SubmissionAcceptanceRejection xmlns="http://uri.etsi.org/02640/v2#"/>'],
    ['half a signature', '0\x80\x06'],
    ['multipart/signed without parts', 'Content-Type: multipart/signed; boundary=x\r\n\r\n'],
    [
      'multipart/signed with one part',
      'Content-Type: multipart/signed; boundary=x\r\n\r\n--x\r\n\r\nx\r\n--x--',
    ],
  ])('no verdict in favour of %s', async (_name, text) => {
    expect((await check(Buffer.from(text, 'latin1'), trustOptions(), Buffer.from('x'))).verdict).not.toBe(
      'TOTAL-PASSED',
    )
  })
})

describe('trust', () => {
  test('strangers', async () => {
    const other = makePki()
    const report = await check(await signedEvidence(Buffer.from('x')), { ...trustOptions(), ...other.trust })
    expect(report.verdict).not.toBe('TOTAL-PASSED')
  })

  test('missing revocation data passes as not-checked, unless it is required', async () => {
    const octets = await signedEvidence(Buffer.from('x'))
    expect(await check(octets, { ...trustOptions(), crls: [], revocation: 'if-present' })).toMatchObject({
      verdict: 'TOTAL-PASSED',
      revocation: 'not-checked',
    })
    expect((await check(octets, { ...trustOptions(), crls: [], revocation: 'require' })).verdict).not.toBe(
      'TOTAL-PASSED',
    )
  })

  test('an envelope of a user around the delil of a provider is no receipt', async () => {
    const evidence = Buffer.from(await signedEvidence(Buffer.from('x'))).toString('base64')
    const part = `Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: application/xml; name=SubmissionAcceptanceRejection.xml\r\nContent-Transfer-Encoding: base64\r\n\r\n${evidence}\r\n--m--`
    const { signer } = pki().user
    const cms = await signDetached({
      digest: hash('sha256', part, 'buffer'),
      signer,
      signingTime: new Date(),
    })
    const mail = `Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n${part}\r\n--s\r\nContent-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(cms).toString('base64')}\r\n--s--\r\n`
    expect(await check(Buffer.from(mail))).toMatchObject({
      verdict: 'INDETERMINATE',
      subIndication: 'SIG_CONSTRAINTS_FAILURE',
      reason: 'SIGNER_MISMATCH',
    })
  })
})

describe('who signs the envelope of evidence', () => {
  const subject = (commonName: string, organization?: string) => ({
    commonName,
    country: 'TR',
    ...(organization === undefined ? {} : { organization }),
  })
  const own = 'kep@hs98.kep.tr'
  const account = 'genel.mudur@hs98.kep.tr'
  test.each([
    ['another key of the same organization', subject('zarf', 'Kurum'), own, 'delil', 'Kurum', undefined],
    [
      'one with an address elsewhere',
      subject('zarf', 'Kurum'),
      'kep@kurum.example',
      'delil',
      'Kurum',
      undefined,
    ],
    ['of no organization, the same name', subject('KEP'), own, 'KEP', undefined, undefined],
    ['of no organization, another name', subject('zarf'), own, 'delil', undefined, 'SIGNER_MISMATCH'],
    ['another organization', subject('zarf', 'Baska'), own, 'zarf', 'Kurum', 'SIGNER_MISMATCH'],
    [
      'an account of the organization',
      subject('Mudur', 'Kurum'),
      account,
      'delil',
      'Kurum',
      'SIGNER_MISMATCH',
    ],
  ])('%s', async (_name, envelope, email, name, organization, reason) => {
    const issue = (holder: typeof envelope, address: string) =>
      pki().issue({ kind: 'provider', email: address }, { subject: holder })
    const original = await userMessage('x')
    const evidence = await signedEvidence(original, {}, issue(subject(name, organization), own).signer)
    const octets = await dispatchOf(original, evidence, issue(envelope, email).signer)
    const report = await check(octets)
    expect([report.verdict, report.reason]).toEqual(
      reason === undefined ? ['TOTAL-PASSED', undefined] : ['INDETERMINATE', reason],
    )
  })

  test('is not what is wrong where the evidence itself does not hold', async () => {
    const original = await userMessage('x')
    const { findings } = await check(await dispatchOf(original, Buffer.from('<x/>')))
    expect(findings.map(({ reason }) => reason)).not.toContain('SIGNER_MISMATCH')
    expect(findings).not.toEqual([])
  })
})

function readOr(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der)
  } catch {
    return undefined
  }
}

describe('anchors that are issuing CAs, as trusted lists name them', () => {
  test.each(['user', 'provider', 'tsa'] as const)('%s brings the root along', async (role) => {
    const { intermediate, root } = pki()
    const chain = [intermediate.certificate, root.certificate]
    const signerOf = (name: typeof role) => ({
      ...pki()[name].signer,
      ...(name === role ? { chain } : {}),
    })
    const trust = { ...trustOptions(), anchors: [intermediate.certificate], intermediates: [] }
    const message = await userMessage('x', signerOf('user'))
    const stamper = stampingWith(
      () => signerOf('tsa'),
      () => root.certificate,
      systemClock,
    )
    const draft = checkedDraft(message)
    const evidence = await signEvidence(draft, signerOf('provider'), stamper, new Date(afterEvent(1_000)))
    for (const octets of [message, evidence]) expect((await check(octets, trust)).findings).toEqual([])
    // Somebody else's root is behind nothing.
    const stranger = { ...signerOf('user'), chain: [intermediate.certificate, makePki().root.certificate] }
    expect(await check(await userMessage('x', stranger), trust)).toMatchObject({
      reason: 'CERTIFICATE_STRAY',
    })
  })

  test('no octet of what lies behind them is free', async () => {
    const { intermediate, root, user } = pki()
    const trust = { ...trustOptions(), anchors: [intermediate.certificate], intermediates: [] }
    let readable = 0
    for (let at = 0; at < root.certificate.der.length; at++) {
      const der = Uint8Array.from(root.certificate.der)
      der[at] = (der[at] ?? 0) ^ 1
      const changed = readOr(der)
      if (changed === undefined) continue
      readable++
      const signer = { ...user.signer, chain: [intermediate.certificate, changed] }
      const { verdict } = await check(await userMessage('x', signer), trust)
      expect(verdict, `octet ${at}`).not.toBe('TOTAL-PASSED')
    }
    expect(readable).toBeGreaterThan(100)
  })
})

describe('EN 319 102-1 §5.2.6: what is not at hand proves nothing against a file', () => {
  test.each([
    [
      'no list for the TSA’s certificate',
      () => ({ ...trustOptions(), crls: [], revocation: 'require' as const }),
    ],
    ['other anchors', () => ({ ...trustOptions(), anchors: [makePki().root.certificate] })],
  ])('%s', async (_, options) => {
    expect(await check(await signedEvidence(Buffer.from('x')), options())).toMatchObject({
      verdict: 'INDETERMINATE',
    })
    expect(await check(await dispatchOf(await userMessage('x')), options())).toMatchObject({
      verdict: 'INDETERMINATE',
    })
  })
})
