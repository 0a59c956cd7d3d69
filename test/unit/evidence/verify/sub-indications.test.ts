/** The names that a verification says: the standard's and no other, per signature and per time-stamp. */
import { describe, expect, test } from 'vitest'
import type { Timestamper } from '../../../../evidence/ports.ts'
import { REASONS } from '../../../../evidence/verify/reasons.ts'
import { FAILED_SUB_INDICATIONS, INDETERMINATE_SUB_INDICATIONS } from '../../../../evidence/verify/report.ts'
import { verifyFile } from '../../../../evidence/verify/verify-file.ts'
import { issueCrl } from '../../../../evidence/x509/issue.ts'
import { signEvidence } from '../../../../evidence/xades/sign.ts'
import {
  checkedDraft,
  dispatchOf,
  localTimestamper,
  signedEvidence,
  trustOptions,
  userMessage,
} from '../../../fakes/evidence.ts'
import { makePki, pki } from '../../../fakes/pki.ts'

const check = (octets: Uint8Array, options = trustOptions()) => verifyFile({ name: 'f', octets }, options)
const evidence = () => signedEvidence(Buffer.from('x'))
const daysFromNow = (days: number) => new Date(Date.now() + days * 86_400_000)

/** As `options`, with a list that revokes. */
const revoking = (serial: Uint8Array, date: Date) => {
  const dates = { thisUpdate: daysFromNow(1), nextUpdate: daysFromNow(30) }
  const revoked = [{ serial, date, reason: 1 }]
  const [rootList] = pki().crls
  return {
    ...trustOptions(),
    crls: [rootList!, issueCrl({ issuer: pki().intermediate, number: 2, ...dates, revoked })],
  }
}

test('each reason has a name that the standard has beside its verdict, and two sentences', () => {
  const strange = Object.entries(REASONS).filter(([, { verdict, subIndication, tr, en }]) => {
    const names: readonly string[] =
      verdict === 'TOTAL-FAILED' ? FAILED_SUB_INDICATIONS : INDETERMINATE_SUB_INDICATIONS
    return !names.includes(subIndication) || !/\.$/.test(tr) || !/\.$/.test(en) || String(tr) === en
  })
  expect(strange).toEqual([])
})

describe('revocation', () => {
  test('before the time that the stamp proves, after it, and without a stamp', async () => {
    const { serialBytes } = pki().provider.certificate
    const octets = await evidence()
    expect(await check(octets, revoking(serialBytes, daysFromNow(-0.5)))).toMatchObject({
      verdict: 'TOTAL-FAILED',
      subIndication: 'REVOKED',
      reason: 'CERTIFICATE_REVOKED',
    })
    expect((await check(octets, revoking(serialBytes, daysFromNow(0.5)))).verdict).toBe('TOTAL-PASSED')
    const user = revoking(pki().user.certificate.serialBytes, daysFromNow(-0.5))
    expect(await check(await userMessage('x'), user)).toMatchObject({
      verdict: 'INDETERMINATE',
      subIndication: 'REVOKED_NO_POE',
      reason: 'CERTIFICATE_REVOKED_NO_PROOF',
    })
  })

  test('of the time-stamping authority: the token says so, the signature that nothing proves its time', async () => {
    const { serialBytes } = pki().tsa.certificate
    const report = await check(await evidence(), revoking(serialBytes, daysFromNow(-0.5)))
    expect(report).toMatchObject({
      verdict: 'INDETERMINATE',
      subIndication: 'REVOKED_NO_POE',
      signatures: [{ verdict: 'INDETERMINATE', reason: 'TIMESTAMP_NOT_PROVED' }],
      timestamps: [{ verdict: 'INDETERMINATE', reason: 'CERTIFICATE_REVOKED_NO_PROOF' }],
    })
    expect(report.signatures[0]?.bestSignatureTime).toBeUndefined()
  })
})

test('a certificate that ran out, where nothing proves an earlier time', async () => {
  const now = daysFromNow(5 * 365)
  expect(await check(await userMessage('x'), { ...trustOptions(), now })).toMatchObject({
    verdict: 'INDETERMINATE',
    subIndication: 'OUT_OF_BOUNDS_NO_POE',
  })
})

test('what stands in the entries of a signature and its token', async () => {
  const report = await check(await evidence())
  const { signer } = pki().provider
  expect(report.signatures).toMatchObject([
    {
      verdict: 'TOTAL-PASSED',
      format: 'XAdES B-T',
      algorithm: `${signer.algorithm}-${signer.hash}`,
      signer: signer.certificate.subject.text,
      certificateSerial: signer.certificate.serial,
      fingerprint: signer.certificate.fingerprint,
      bestSignatureTime: report.timestamps[0]?.time,
    },
  ])
  expect(report.timestamps).toMatchObject([
    { verdict: 'TOTAL-PASSED', authority: pki().tsa.certificate.subject.text, revocation: 'checked' },
  ])
  expect((await check(await userMessage('x'))).signatures).toMatchObject([
    { role: 'user', format: 'CAdES-BES', bestSignatureTime: undefined },
  ])
})

describe('tokens that do not hold have an entry', () => {
  /** Evidence whose token comes from elsewhere. */
  const stampedBy = (stamp: Timestamper['stamp']) =>
    signEvidence(checkedDraft(Buffer.from('x')), pki().provider.signer, { stamp }, new Date())

  test('a stamp on something else', async () => {
    const octets = await stampedBy((_imprint, name) => localTimestamper().stamp(Buffer.alloc(32, 1), name))
    expect(await check(octets)).toMatchObject({
      verdict: 'TOTAL-FAILED',
      subIndication: 'HASH_FAILURE',
      reason: 'TOKEN_IMPRINT_MISMATCH',
      signatures: [{ verdict: 'INDETERMINATE', signer: pki().provider.certificate.subject.text }],
      timestamps: [{ verdict: 'TOTAL-FAILED', authority: pki().tsa.certificate.subject.text }],
    })
  })

  test('an authority that nobody believes, and octets that are no token', async () => {
    const stampAnchors = [makePki().root.certificate]
    expect(await check(await evidence(), { ...trustOptions(), stampAnchors })).toMatchObject({
      verdict: 'INDETERMINATE',
      timestamps: [{ subIndication: 'NO_CERTIFICATE_CHAIN_FOUND', reason: 'CERTIFICATE_NO_PATH' }],
    })
    const text = Buffer.from(await evidence()).toString()
    const junk = Buffer.from(text.replace(/(<xades:EncapsulatedTimeStamp>)[^<]*/, '$1MAA='))
    expect((await check(junk)).timestamps).toMatchObject([
      { verdict: 'TOTAL-FAILED', subIndication: 'FORMAT_FAILURE', time: undefined, authority: undefined },
    ])
  })
})

test('an envelope’s token and its evidence’s are two entries', async () => {
  const { signatures, timestamps } = await check(await dispatchOf(await userMessage('x')))
  expect(signatures.map(({ role, format }) => [role, format])).toEqual([
    ['envelope', 'CAdES B-T'],
    ['evidence', 'XAdES B-T'],
    ['user', 'CAdES-BES'],
  ])
  expect(timestamps.map(({ role }) => role)).toEqual(['envelope', 'evidence'])
})
