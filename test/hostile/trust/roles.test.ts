/** Who may say what: a certificate that an anchor stands behind is not yet a provider's, nor every stamp a proof for ever. */
import { describe, expect, test } from 'vitest'
import { checkAll } from '../../../evidence/rules/rule.ts'
import type { VerifyOptions } from '../../../evidence/verify/trust.ts'
import { verifyFile } from '../../../evidence/verify/verify-file.ts'
import { isForSigning } from '../../../evidence/x509/for-signing.ts'
import { type Issuer, issueCrl } from '../../../evidence/x509/issue.ts'
import { signEvidence } from '../../../evidence/xades/sign.ts'
import {
  afterEvent,
  checkedDraft,
  dispatchOf,
  draftFor,
  EVENT_TIME,
  localTimestamper,
  signedEvidence,
  trustOptions,
  userMessage,
} from '../../fakes/evidence.ts'
import { answer } from '../../fakes/ocsp-responder.ts'
import { daysFromNow, emptyCrl, type Holder, makeKey, makeRoot, pki } from '../../fakes/pki.ts'

const by = async (holder: Holder): Promise<Uint8Array> =>
  signEvidence(checkedDraft(Buffer.from('x')), holder.signer, localTimestamper(), new Date(afterEvent(1_000)))
const judge = (octets: Uint8Array, options: Partial<VerifyOptions> = {}, name = 'delil.xml') =>
  verifyFile({ name, octets }, { ...trustOptions(), ...options })

describe('evidence of who is no provider, under the same root', () => {
  const foreign: Record<string, () => Holder> = {
    'a TLS server': () => pki().tls,
    'a time-stamping authority': () => pki().tsa,
    'a responder for OCSP': () => pki().issue({ kind: 'ocsp', noCheck: true }),
  }
  test.each(Object.entries(foreign))('%s', async (_name, holder) => {
    expect(await judge(await by(holder()))).toMatchObject({
      verdict: 'INDETERMINATE',
      subIndication: 'CHAIN_CONSTRAINTS_FAILURE',
      reason: 'CERTIFICATE_USAGE',
    })
  })

  test('a person with a qualified certificate', async () => {
    expect(await judge(await by(pki().qualifiedUser))).toMatchObject({
      verdict: 'INDETERMINATE',
      subIndication: 'CHAIN_CONSTRAINTS_FAILURE',
      reason: 'CERTIFICATE_OF_PERSON',
    })
  })

  test('a person without one is told apart by the anchors of the roles alone, and that is said', async () => {
    expect(await judge(await by(pki().user))).toMatchObject({ verdict: 'TOTAL-PASSED', roles: 'not-checked' })
    const citizens = makeRoot('Vatandaslar')
    const citizen = pki().issue({ kind: 'user', email: 'a@hs98.kep.tr' }, { issuer: citizens })
    const { anchors } = trustOptions()
    const apart = { anchors, userAnchors: [citizens.certificate], stampAnchors: anchors }
    expect(await judge(await by(citizen), { ...apart })).toMatchObject({
      verdict: 'INDETERMINATE',
      reason: 'CERTIFICATE_NO_PATH',
      roles: 'checked',
    })
  })
})

test('each signature of a dispatch is judged by the anchors of its role', async () => {
  const users = makeRoot('Kullanicilar')
  const user = pki().issue({ kind: 'user', email: 'deneme.gonderen@hs98.kep.tr' }, { issuer: users })
  const dispatch = await dispatchOf(await userMessage('x', user.signer))
  const { anchors, crls: given } = trustOptions()
  const crls = [...given, emptyCrl(users)]
  const apart = { anchors, userAnchors: [users.certificate], stampAnchors: anchors, crls }
  expect(await judge(dispatch, apart, 'a.eml')).toMatchObject({ verdict: 'TOTAL-PASSED', roles: 'checked' })
  const swapped = { ...apart, anchors: [users.certificate], userAnchors: anchors }
  const { verdict, signatures } = await judge(dispatch, swapped, 'a.eml')
  expect(verdict).toBe('INDETERMINATE')
  expect(signatures.map(({ role, reason }) => [role, reason])).toEqual([
    ['envelope', 'CERTIFICATE_NO_PATH'],
    ['evidence', 'CERTIFICATE_NO_PATH'],
    ['user', 'CERTIFICATE_NO_PATH'],
  ])
  const noStamps = await judge(dispatch, { ...apart, stampAnchors: [users.certificate] }, 'a.eml')
  expect(noStamps).toMatchObject({
    verdict: 'INDETERMINATE',
    timestamps: [{ reason: 'CERTIFICATE_NO_PATH' }, {}],
  })
})

describe('a time-stamping authority that was revoked later', () => {
  const revoked = (reason: number | undefined, at = daysFromNow(0)) => {
    const { tsa, intermediate } = pki()
    const date = new Date(at.getTime() + 60_000)
    return issueCrl({
      issuer: intermediate,
      number: 9,
      thisUpdate: date,
      nextUpdate: daysFromNow(30),
      revoked: [{ serial: tsa.certificate.serialBytes, date, ...(reason === undefined ? {} : { reason }) }],
    })
  }
  const later = { now: daysFromNow(1) }

  test.each<[string, number | undefined]>([
    ['its key was stolen', 1],
    ['its CA was compromised', 2],
    ['nobody says why', undefined],
  ])('%s: what it stamped may have been stamped since [RFC 3161 §4]', async (_name, reason) => {
    const octets = await signedEvidence(Buffer.from('x'))
    expect(await judge(octets, { crls: [...pki().crls, revoked(reason)], ...later })).toMatchObject({
      verdict: 'INDETERMINATE',
      subIndication: 'REVOKED_NO_POE',
      timestamps: [{ verdict: 'INDETERMINATE', reason: 'CERTIFICATE_REVOKED_NO_PROOF' }],
      signatures: [{ reason: 'TIMESTAMP_NOT_PROVED', bestSignatureTime: undefined }],
    })
  })

  test.each([3, 4, 5])('retired, reason %d: what it stamped before stays good', async (reason) => {
    const octets = await signedEvidence(Buffer.from('x'))
    const crls = [...pki().crls, revoked(reason)]
    expect(await judge(octets, { crls, ...later })).toMatchObject({ verdict: 'TOTAL-PASSED' })
  })
})

test('an authority that ran out since is told', async () => {
  const octets = await signedEvidence(Buffer.from('x'))
  expect(await judge(octets)).toMatchObject({ timestamps: [{ hasRunOut: false }] })
  expect(await judge(octets, { now: daysFromNow(4000) })).toMatchObject({
    verdict: 'TOTAL-PASSED',
    timestamps: [{ hasRunOut: true }],
  })
})

describe('times that cannot be', () => {
  test('a stamp from the future', async () => {
    const octets = await signedEvidence(Buffer.from('x'))
    expect(await judge(octets, { now: new Date(Date.now() - 3_600_000) })).toMatchObject({
      verdict: 'INDETERMINATE',
      subIndication: 'TIMESTAMP_ORDER_FAILURE',
      timestamps: [{ reason: 'TOKEN_IN_FUTURE' }],
    })
    expect(await judge(octets, { now: new Date(Date.now() - 60_000) })).toMatchObject({
      verdict: 'TOTAL-PASSED',
    })
  })

  const at = (eventTime: Date, signingTime: Date) =>
    signEvidence(
      checkAll(draftFor(Buffer.from('x'), { eventTime: eventTime.toISOString() }), []),
      pki().provider.signer,
      localTimestamper(),
      signingTime,
    )

  test('a time without a zone is held against nobody, wherever the verifier sits', async () => {
    for (const hours of [-12, 3, 13]) {
      const eventTime = afterEvent(hours * 3_600_000).replace('.000Z', '')
      const draft = checkAll(draftFor(Buffer.from('x'), { eventTime }), [])
      const octets = await signEvidence(draft, pki().provider.signer, localTimestamper(), EVENT_TIME)
      expect(await judge(octets)).toMatchObject({ verdict: 'TOTAL-PASSED' })
    }
  })

  test.each<[string, Date, Date, string]>([
    ['an event after its stamp', daysFromNow(3000), EVENT_TIME, 'TIME_AFTER_STAMP'],
    ['signed after its stamp', EVENT_TIME, daysFromNow(1), 'TIME_AFTER_STAMP'],
    ['an event years before its stamp', daysFromNow(-3000), EVENT_TIME, 'TIME_LONG_BEFORE_STAMP'],
    ['signed years before its stamp', EVENT_TIME, daysFromNow(-3000), 'TIME_LONG_BEFORE_STAMP'],
  ])('%s', async (_name, event, signing, reason) => {
    expect(await judge(await at(event, signing))).toMatchObject({
      verdict: 'INDETERMINATE',
      subIndication: 'TIMESTAMP_ORDER_FAILURE',
      reason,
    })
  })
})

describe('what a certificate is for [RFC 8550 §4.4.4]', () => {
  const usage = new Set(['digitalSignature'] as const)
  test.each<[string, readonly string[] | undefined, boolean]>([
    ['anything', undefined, true],
    ['mail', ['1.3.6.1.5.5.7.3.4'], true],
    ['documents', ['1.3.6.1.5.5.7.3.36'], true],
    ['a server and mail', ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.4'], true],
    ['what only its CA knows', ['2.16.792.1.99'], true],
    ['a server and a client', ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'], false],
    ['programs', ['1.3.6.1.5.5.7.3.3'], false],
    ['time-stamps', ['1.3.6.1.5.5.7.3.8'], false],
    ['OCSP', ['1.3.6.1.5.5.7.3.9'], false],
  ])('%s', (_name, extendedKeyUsage, may) => {
    expect(isForSigning({ keyUsage: usage, extendedKeyUsage })).toBe(may)
  })
})

test('a list from before the signature is told as what it is', async () => {
  const octets = await signedEvidence(Buffer.from('x'))
  const { intermediate, root } = pki()
  const before = await judge(octets)
  expect(before).toMatchObject({ verdict: 'TOTAL-PASSED', revocation: 'checked' })
  const [{ statusOf = '', bestSignatureTime = '' } = {}] = before.signatures
  expect(Date.parse(statusOf)).toBeLessThan(Date.parse(bestSignatureTime))
  const thisUpdate = new Date(Date.now() + 60_000)
  const later = issueCrl({
    issuer: intermediate,
    number: 9,
    thisUpdate,
    nextUpdate: daysFromNow(9),
    revoked: [],
  })
  const after = await judge(octets, { crls: [emptyCrl(root), later], now: daysFromNow(1) })
  expect(after.signatures[0]?.statusOf).toBe(listed(thisUpdate))
})

/** As a list writes it, in whole seconds. */
const listed = (time: Date): string => new Date(Math.floor(time.getTime() / 1000) * 1000).toISOString()

describe('a list that nobody signed clears no stolen key', () => {
  const later = { now: daysFromNow(1) }
  const of = (issuer: Issuer, serial: Uint8Array, reason: number) =>
    issueCrl({
      issuer,
      number: 9,
      thisUpdate: new Date(Date.now() + 60_000),
      nextUpdate: daysFromNow(30),
      revoked: [{ serial, date: new Date(Date.now() + 60_000), reason }],
    })

  test('under the name of the authority’s CA, beside the genuine one or the CA’s own revocation', async () => {
    const octets = await signedEvidence(Buffer.from('x'))
    const { tsa, intermediate, root, crls } = pki()
    const forger: Issuer = { certificate: intermediate.certificate, key: makeKey('p256').privateKey }
    const forged = of(forger, tsa.certificate.serialBytes, 4)
    const stolen = of(intermediate, tsa.certificate.serialBytes, 1)
    for (const lists of [
      [stolen, forged],
      [forged, stolen],
    ])
      expect(await judge(octets, { crls: [...lists, ...crls], ...later })).toMatchObject({
        timestamps: [{ reason: 'CERTIFICATE_REVOKED_NO_PROOF' }],
      })
    const ofCa = of(root, intermediate.certificate.serialBytes, 1)
    const superseded = of(intermediate, tsa.certificate.serialBytes, 4)
    for (const lists of [
      [ofCa, forged],
      [ofCa, superseded],
    ])
      expect(await judge(octets, { crls: [...lists, ...crls], ...later })).toMatchObject({
        verdict: 'INDETERMINATE',
        timestamps: [{ reason: 'CERTIFICATE_ISSUER_REVOKED' }],
      })
  })
})

describe('an answer about the authority, heard later', () => {
  const { tsa, intermediate, root, crls } = pki()
  const producedAt = new Date(Date.now() + 60_000)
  const told = (reason: number | undefined, signer = intermediate) =>
    answer({
      issuer: intermediate,
      signer,
      producedAt,
      singles: [
        {
          certificate: tsa.certificate,
          status: { revoked: producedAt, ...(reason === undefined ? {} : { reason }) },
          thisUpdate: producedAt,
          nextUpdate: daysFromNow(30),
        },
      ],
    })
  const stolen = told(1)
  const lost = { verdict: 'INDETERMINATE', timestamps: [{ reason: 'CERTIFICATE_REVOKED_NO_PROOF' }] }

  test.each([
    ['superseded', 4, { verdict: 'TOTAL-PASSED' }],
    ['ceased', 5, { verdict: 'TOTAL-PASSED' }],
    ['stolen', 1, lost],
    ['of its CA', 2, lost],
    ['for no reason', undefined, lost],
  ])('%s', async (_name, reason, expected) => {
    const octets = await signedEvidence(Buffer.from('x'))
    expect(await judge(octets, { crls, ocsps: [told(reason)], now: daysFromNow(1) })).toMatchObject(expected)
  })

  test('stolen stays stolen after list and answer ran out, however late one asks', async () => {
    const octets = await signedEvidence(Buffer.from('x'))
    const revoked = [{ serial: tsa.certificate.serialBytes, date: producedAt, reason: 1 }]
    const dates = { thisUpdate: producedAt, nextUpdate: daysFromNow(7) }
    const week = issueCrl({ issuer: intermediate, number: 2, ...dates, revoked })
    const roots = issueCrl({ issuer: root, number: 2, ...dates, nextUpdate: daysFromNow(3000), revoked: [] })
    for (const now of [3, 10, 100, 2000].map(daysFromNow))
      for (const revocation of ['if-present', 'require'] as const)
        for (const told of [{ crls: [roots, week] }, { crls: [roots, ...crls], ocsps: [stolen] }])
          expect(await judge(octets, { ...told, revocation, now }), now.toISOString()).toMatchObject({
            verdict: 'INDETERMINATE',
          })
  })

  test('"superseded" in a list of its CA does not outweigh "stolen" in an answer', async () => {
    const octets = await signedEvidence(Buffer.from('x'))
    const revoked = [{ serial: tsa.certificate.serialBytes, date: producedAt, reason: 4 }]
    const list = {
      issuer: intermediate,
      number: 9,
      thisUpdate: producedAt,
      nextUpdate: daysFromNow(30),
      revoked,
    }
    const now = daysFromNow(1)
    expect(await judge(octets, { crls: [issueCrl(list), ...crls], ocsps: [told(1)], now })).toMatchObject(
      lost,
    )
    const other = issueCrl({ ...list, revoked: revoked.map((one) => ({ ...one, reason: 1 })) })
    expect(await judge(octets, { crls: [other, ...crls], ocsps: [told(4)], now })).toMatchObject(lost)
  })

  test('signed by somebody else it says nothing, for good or ill', async () => {
    const octets = await signedEvidence(Buffer.from('x'))
    const forger: Issuer = { certificate: intermediate.certificate, key: makeKey('p256').privateKey }
    const judged = judge(octets, { crls, ocsps: [told(1, forger)], now: daysFromNow(1) })
    expect(await judged).toMatchObject({ verdict: 'TOTAL-PASSED' })
  })
})
