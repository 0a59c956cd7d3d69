import { describe, expect, test } from 'vitest'
import { nullValue, oid, sequence } from '../../../../evidence/asn1/writer.ts'
import type { TrustContext } from '../../../../evidence/ports.ts'
import { writeCertId } from '../../../../evidence/x509/cert-id.ts'
import { extension } from '../../../../evidence/x509/extensions.ts'
import { issueCrl } from '../../../../evidence/x509/issue.ts'
import { answerStatus, ocspStatus } from '../../../../evidence/x509/ocsp-status.ts'
import { validatePath } from '../../../../evidence/x509/path.ts'
import {
  type Answer,
  answer,
  archiveCutoff,
  delegate,
  errorAnswer,
  type Single,
} from '../../../fakes/ocsp-responder.ts'
import { daysFromNow, makeKey, makeRoot, pki } from '../../../fakes/pki.ts'

const { root, intermediate, user, crls } = pki()
const certificate = user.certificate
const now = daysFromNow(0)

const of = (single: Partial<Single> = {}, more: Partial<Answer> = {}): Uint8Array =>
  answer({ issuer: intermediate, singles: [{ certificate, ...single }], ...more })
const judge = (der: Uint8Array, given: Partial<TrustContext> = {}): string => {
  const issuer = intermediate.certificate
  const status = answerStatus(der, { certificate, issuer, at: now, crls, ...given })
  return status.status === 'unknown' ? status.code : status.status
}
const path = (ocsps: readonly Uint8Array[], given: Partial<TrustContext> = {}) =>
  validatePath(certificate, {
    ...pki().trust,
    crls: [crls[0]!],
    ocsps,
    at: now,
    revocation: 'require',
    ...given,
  })
const signedBy = (holder: { certificate: typeof certificate; key: typeof user.key }, single = {}) =>
  of(single, { signer: holder, certificates: [holder.certificate] })

describe('RFC 6960 §2.2: what an answer says', () => {
  test.each([
    { name: 'good', der: of(), status: 'good' },
    {
      name: 'good, named by SHA-256',
      der: of({ certId: writeCertId(certificate, intermediate.certificate, 'sha256') }),
      status: 'good',
    },
    { name: 'revoked', der: of({ status: { revoked: daysFromNow(-2), reason: 1 } }), status: 'revoked' },
    { name: 'on hold', der: of({ status: { revoked: daysFromNow(-2), reason: 6 } }), status: 'revoked' },
    { name: 'unknown', der: of({ status: 'unknown' }), status: 'OCSP_UNKNOWN' },
    { name: 'tryLater', der: errorAnswer(3), status: 'OCSP_ERROR' },
    { name: 'unauthorized', der: errorAnswer(6), status: 'OCSP_ERROR' },
    {
      name: 'good and revoked in one answer',
      der: answer({
        issuer: intermediate,
        singles: [{ certificate }, { certificate, status: { revoked: daysFromNow(-1) } }],
      }),
      status: 'revoked',
    },
    {
      name: 'good among answers about others',
      der: answer({
        issuer: intermediate,
        singles: [
          { certificate: pki().tls.certificate, status: { revoked: daysFromNow(-1) } },
          { certificate },
        ],
      }),
      status: 'good',
    },
  ])('$name', ({ der, status }) => expect(judge(der)).toBe(status))

  test('one that says revoked outweighs others, and a list that does not', () => {
    const revoked = of({ status: { revoked: daysFromNow(-2) } })
    expect(path([of(), revoked, of()], { crls })).toMatchObject({ failure: 'REVOKED' })
  })
  test('of several reasons the gravest counts, in whichever order they come', () => {
    const told = (...reasons: number[]) =>
      answer({
        issuer: intermediate,
        singles: reasons.map((reason) => ({ certificate, status: { revoked: daysFromNow(-2), reason } })),
      })
    for (const ocsps of [[told(4), told(1)], [told(1), told(4)], [told(4, 1)], [told(1, 4)]])
      expect(path(ocsps, { crls })).toMatchObject({ failure: 'REVOKED', reason: 1 })
  })
  test('good outweighs no list that revokes', () => {
    const revoked = [{ serial: certificate.serialBytes, date: daysFromNow(-2) }]
    const given = { issuer: intermediate, number: 2, thisUpdate: daysFromNow(-1), nextUpdate: daysFromNow(1) }
    expect(path([of()], { crls: [crls[0]!, issueCrl({ ...given, revoked })] })).toMatchObject({
      failure: 'REVOKED',
    })
  })
  test('the octets that were used are told', () => {
    const good = of()
    expect(path([errorAnswer(3), good])).toMatchObject({
      ok: true,
      revocation: 'checked',
      usedOcsps: [good],
      usedCrls: [crls[0]],
    })
  })
  test('what none answers is unknown, by the first word of its detail', () => {
    const result = path([of({ status: 'unknown' })])
    expect(result).toMatchObject({ failure: 'REVOCATION_UNKNOWN' })
    expect(result.ok ? '' : result.detail).toContain(': OCSP_UNKNOWN ')
    expect(path([of({ status: 'unknown' })], { revocation: 'if-present' })).toMatchObject({
      ok: true,
      revocation: 'not-checked',
    })
  })
})

describe('RFC 6960 §2.4: times', () => {
  test.each([
    {
      name: 'ran out',
      der: of({ thisUpdate: daysFromNow(-3), nextUpdate: daysFromNow(-1) }),
      status: 'OCSP_EXPIRED',
    },
    {
      name: 'ran out before it began',
      der: of({ thisUpdate: daysFromNow(2), nextUpdate: daysFromNow(1) }),
      status: 'OCSP_EXPIRED',
    },
    { name: 'without nextUpdate, of this moment', der: of({ nextUpdate: undefined }), status: 'good' },
    {
      name: 'without nextUpdate, of an hour ago',
      der: of({ thisUpdate: daysFromNow(-1 / 24), nextUpdate: undefined }),
      status: 'OCSP_EXPIRED',
    },
    {
      name: 'revoked, and ran out long ago: nobody takes that back',
      der: of({
        thisUpdate: daysFromNow(-9),
        nextUpdate: daysFromNow(-2),
        status: { revoked: daysFromNow(-10), reason: 1 },
      }),
      status: 'revoked',
    },
    {
      name: 'revoked, of an hour ago and without nextUpdate',
      der: of({
        thisUpdate: daysFromNow(-1 / 24),
        nextUpdate: undefined,
        status: { revoked: daysFromNow(-1) },
      }),
      status: 'revoked',
    },
    {
      name: 'revoked, and ran out before it began',
      der: of({
        thisUpdate: daysFromNow(-2),
        nextUpdate: daysFromNow(-3),
        status: { revoked: daysFromNow(-10) },
      }),
      status: 'revoked',
    },
    {
      name: 'good and ran out, and revoked, in one answer',
      der: answer({
        issuer: intermediate,
        singles: [
          { certificate, thisUpdate: daysFromNow(-3), nextUpdate: daysFromNow(-2) },
          { certificate, status: { revoked: daysFromNow(-10) } },
        ],
      }),
      status: 'revoked',
    },
    {
      name: 'on hold, and ran out',
      der: of({
        thisUpdate: daysFromNow(-9),
        nextUpdate: daysFromNow(-2),
        status: { revoked: daysFromNow(-10), reason: 6 },
      }),
      status: 'OCSP_EXPIRED',
    },
    {
      name: 'on hold',
      der: of({ status: { revoked: daysFromNow(-1), reason: 6 } }),
      status: 'revoked',
    },
    {
      name: 'revoked since',
      der: of({ thisUpdate: daysFromNow(0.5), status: { revoked: daysFromNow(0.25) } }),
      status: 'good',
    },
    {
      name: 'revoked from a later day on, and said so before',
      der: of({ thisUpdate: daysFromNow(-0.1), status: { revoked: daysFromNow(0.25) } }),
      status: 'revoked',
    },
    {
      name: 'made later, revoked before',
      der: of({ thisUpdate: daysFromNow(0.5), status: { revoked: daysFromNow(-0.25) } }),
      status: 'revoked',
    },
  ])('$name', ({ der, status }) => expect(judge(der)).toBe(status))

  const late = { thisUpdate: daysFromNow(750), nextUpdate: daysFromNow(760) }
  test('after the certificate expired, what was kept of it counts [RFC 6960 §4.4.4]', () => {
    expect(judge(of(late))).toBe('OCSP_EXPIRED')
    expect(judge(of({ ...late, extensions: [archiveCutoff(daysFromNow(600))] }))).toBe('good')
    expect(judge(of({ ...late, extensions: [archiveCutoff(daysFromNow(740))] }))).toBe('OCSP_EXPIRED')
  })
  test('freshness: produced since the time that is asked for', () => {
    const freshness = { answeredSince: now }
    const old = of({}, { producedAt: daysFromNow(-0.01) })
    expect(judge(old, { freshness })).toBe('OCSP_STALE')
    expect(judge(of(), { freshness })).toBe('good')
    expect(
      judge(of({ status: { revoked: daysFromNow(-2) } }, { producedAt: daysFromNow(-0.01) }), { freshness }),
    ).toBe('revoked')
    const result = path([old], { freshness })
    expect(result.ok ? '' : `${result.failure} ${result.detail}`).toContain('OCSP_STALE')
  })
  test('freshness: listed since; only the first certificate is asked for it', () => {
    const [rootList, list] = crls
    const freshness = { listedSince: daysFromNow(-0.5) }
    const stale = path([], { crls: [rootList!, list!], freshness })
    expect(stale.ok ? '' : stale.detail).toContain('CRL_STALE')
    const young = issueCrl({
      issuer: intermediate,
      number: 3,
      thisUpdate: now,
      nextUpdate: daysFromNow(1),
      revoked: [],
    })
    expect(path([], { crls: [rootList!, young], freshness })).toMatchObject({
      ok: true,
      revocation: 'checked',
    })
  })
})

describe('RFC 6960 §4.2.2.2: who may answer', () => {
  const p256 = (options = {}) => delegate(pki(), options)
  const other = makeRoot('another')
  const namesake = { certificate: intermediate.certificate, key: makeKey('p256').privateKey }
  const listOf = (...serials: Uint8Array[]) =>
    issueCrl({
      issuer: intermediate,
      number: 9,
      thisUpdate: now,
      nextUpdate: daysFromNow(1),
      revoked: serials.map((serial) => ({ serial, date: daysFromNow(-1) })),
    })
  const checked = p256({ noCheck: false })

  test.each([
    { name: 'the issuer by key', der: of(), status: 'good' },
    { name: 'the issuer by name', der: of({}, { byName: true }), status: 'good' },
    { name: 'a delegate by key', der: signedBy(p256()), status: 'good' },
    {
      name: 'a delegate with an RSA key, by name',
      der: of(
        {},
        ((holder) => ({ signer: holder, byName: true, certificates: [holder.certificate] }))(
          p256({ kind: 'rsa' }),
        ),
      ),
      status: 'good',
    },
    { name: 'a delegate whose own status the lists tell', der: signedBy(checked), status: 'good' },
    {
      name: 'a delegate that brings no certificate',
      der: of({}, { signer: p256() }),
      status: 'OCSP_RESPONDER',
    },
    {
      name: 'a delegate that had expired when it answered',
      der: signedBy(p256({ notAfter: daysFromNow(-1) })),
      status: 'OCSP_RESPONDER',
    },
    {
      name: 'a delegate with an unknown critical extension',
      der: signedBy(p256({ extensions: [extension('1.2.3', true, nullValue())] })),
      status: 'OCSP_RESPONDER',
    },
    {
      name: 'a certificate of the issuer for another purpose',
      der: signedBy(user),
      status: 'OCSP_RESPONDER',
    },
    { name: 'the root, which did not issue it', der: signedBy(root), status: 'OCSP_RESPONDER' },
    {
      name: 'a delegate whom the issuer’s key certified under another name',
      der: signedBy(p256({ issuer: { certificate: root.certificate, key: intermediate.key } })),
      status: 'OCSP_RESPONDER',
    },
    { name: 'a delegate of another CA', der: signedBy(p256({ issuer: other })), status: 'OCSP_RESPONDER' },
    { name: 'the issuer by name, another key', der: of({}, { signer: namesake }), status: 'OCSP_SIGNATURE' },
    {
      name: 'a SHA-1 signature',
      der: of({}, { algorithm: sequence(oid('1.2.840.10045.4.1')) }),
      status: 'OCSP_WEAK',
    },
    {
      name: 'an algorithm that is none',
      der: of({}, { algorithm: sequence(nullValue()) }),
      status: 'OCSP_SIGNATURE',
    },
  ])('$name', ({ der, status }) => expect(judge(der)).toBe(status))

  test('a delegate that was revoked says nothing, neither good nor revoked', () => {
    const given = { crls: [listOf(checked.certificate.serialBytes)] }
    expect(judge(signedBy(checked), given)).toBe('OCSP_RESPONDER')
    expect(judge(signedBy(checked, { status: { revoked: daysFromNow(-2) } }), given)).toBe('OCSP_RESPONDER')
  })
  test('a delegate of whom nobody tells: revoked counts, good does not', () => {
    expect(judge(signedBy(checked), { crls: [] })).toBe('OCSP_RESPONDER')
    expect(judge(signedBy(checked, { status: { revoked: daysFromNow(-2) } }), { crls: [] })).toBe('revoked')
  })
})

describe('RFC 6960 §4.4: extensions', () => {
  const strange = (critical: boolean) => [extension('1.2.3', critical, nullValue())]
  test.each([
    {
      name: 'unknown',
      der: of({ extensions: strange(false) }, { extensions: strange(false) }),
      status: 'good',
    },
    {
      name: 'unknown and critical, of the answer',
      der: of({}, { extensions: strange(true) }),
      status: 'OCSP_EXTENSION',
    },
    {
      name: 'unknown and critical, of one certificate',
      der: of({ extensions: strange(true) }),
      status: 'OCSP_EXTENSION',
    },
  ])('$name', ({ der, status }) => expect(judge(der)).toBe(status))
  test('nobody answered', () => {
    const issuer = intermediate.certificate
    expect(ocspStatus({ certificate, issuer, at: now, crls: [] })).toMatchObject({ code: 'OCSP_UNKNOWN' })
  })
})
