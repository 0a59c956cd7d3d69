import { describe, expect, test } from 'vitest'
import { OID } from '../../../../evidence/asn1/oid.ts'
import { TAG } from '../../../../evidence/asn1/tag.ts'
import {
  encode,
  nullValue,
  oid,
  sequence,
  setOf,
  tagged,
  utf8String,
} from '../../../../evidence/asn1/writer.ts'
import type { Certificate, TrustContext } from '../../../../evidence/ports.ts'
import { extension } from '../../../../evidence/x509/extensions.ts'
import {
  type CrlRequest,
  type Issuer,
  issueCertificate,
  issueCrl,
  writeName,
} from '../../../../evidence/x509/issue.ts'
import { validatePath } from '../../../../evidence/x509/path.ts'
import {
  crlDistributionPoints,
  deltaIndicator,
  directoryName,
  issuingDistributionPoint,
  type Point,
  type Scope,
  uriName,
} from '../../../fakes/crl-parts.ts'
import { daysFromNow, makeKey, makeRoot, pki } from '../../../fakes/pki.ts'

const { root, intermediate, crls } = pki()
const [rootList] = crls
const A = uriName('http://a.example/1.crl')
const B = uriName('http://b.example/2.crl')
const SOME = [1, 2, 3]
const REST = [4, 5, 6, 7, 8]

const leafWith = (...points: Point[]): Certificate =>
  pki().issue(
    { kind: 'user', email: 'a@hs98.kep.tr' },
    { crlUrl: null, extensions: points.length === 0 ? [] : [crlDistributionPoints(...points)] },
  ).certificate
const leaf = leafWith({ names: [A] })
const entry = (certificate: Certificate, days = -2, reason?: number) => ({
  serial: certificate.serialBytes,
  date: daysFromNow(days),
  ...(reason === undefined ? {} : { reason }),
})
const list = (scope: Scope | undefined, given: Partial<CrlRequest> = {}): Uint8Array =>
  issueCrl({
    issuer: intermediate,
    number: 5,
    thisUpdate: daysFromNow(-1),
    nextUpdate: daysFromNow(1),
    revoked: [],
    ...given,
    extensions: [
      ...(scope === undefined ? [] : [issuingDistributionPoint(scope)]),
      ...(given.extensions ?? []),
    ],
  })
const delta = (base: number, number: number, given: Partial<CrlRequest> = {}, scope?: Scope): Uint8Array =>
  list(scope, { thisUpdate: daysFromNow(-0.5), number, ...given, extensions: [deltaIndicator(base)] })

/** ok, REVOKED, or the code of what is missing. */
const judge = (certificate: Certificate, lists: readonly Uint8Array[], given: Partial<TrustContext> = {}) => {
  const result = validatePath(certificate, {
    ...pki().trust,
    crls: [rootList!, ...lists],
    at: daysFromNow(0),
    revocation: 'require',
    ...given,
  })
  if (result.ok) return 'ok'
  return result.failure === 'REVOCATION_UNKNOWN' ? /: ([A-Z_]+) /.exec(result.detail)?.[1] : result.failure
}

describe('RFC 5280 §5.2.5: lists of a part', () => {
  const relative = setOf(sequence(oid(OID.commonName), utf8String('parça 1')))
  const full = directoryName(sequence(intermediate.certificate.subject.der.subarray(2), relative))
  test.each([
    { name: 'everything', lists: [list({})], expected: 'ok' },
    { name: 'users only', lists: [list({ users: true })], expected: 'ok' },
    { name: 'CAs only', lists: [list({ authorities: true })], expected: 'CRL_SCOPE' },
    { name: 'attribute certificates only', lists: [list({ attributes: true })], expected: 'CRL_SCOPE' },
    { name: 'the certificate’s own point', lists: [list({ names: [B, A] })], expected: 'ok' },
    { name: 'another point', lists: [list({ names: [B] })], expected: 'CRL_SCOPE' },
    {
      name: 'the point of the issuer’s name',
      lists: [list({ names: [directoryName(intermediate.certificate.subject.der)] })],
      expected: 'ok',
    },
    { name: 'indirect', lists: [list({ indirect: true })], expected: 'CRL_INDIRECT' },
    {
      name: 'indirect, and it revokes',
      lists: [list({ indirect: true }, { revoked: [entry(leaf)] })],
      expected: 'CRL_INDIRECT',
    },
    { name: 'some reasons', lists: [list({ reasons: SOME })], expected: 'CRL_REASONS' },
    {
      name: 'some reasons, revoked',
      lists: [list({ reasons: SOME }, { revoked: [entry(leaf)] })],
      expected: 'REVOKED',
    },
    {
      name: 'some reasons and the rest',
      lists: [list({ reasons: SOME }), list({ reasons: REST })],
      expected: 'ok',
    },
    {
      name: 'some reasons, the rest ran out',
      lists: [list({ reasons: SOME }), list({ reasons: REST }, { nextUpdate: daysFromNow(-0.1) })],
      expected: 'CRL_REASONS',
    },
    {
      name: 'another point, and it revokes',
      lists: [list({ names: [B] }, { revoked: [entry(leaf)] })],
      expected: 'CRL_SCOPE',
    },
  ])('$name: $expected', ({ lists, expected }) => expect(judge(leaf, lists)).toBe(expected))

  test('a point for some reasons wants another for the rest', () => {
    const divided = leafWith({ names: [A], reasons: SOME }, { names: [B], reasons: REST })
    expect(judge(divided, [list({ names: [A] })])).toBe('CRL_REASONS')
    expect(judge(divided, [list({ names: [A] }), list({ names: [B] })])).toBe('ok')
    expect(judge(divided, [list(undefined)])).toBe('ok')
  })
  test('a point whose list another issuer signs is none of ours', () => {
    const foreign = leafWith({ names: [A], issuer: directoryName(root.certificate.subject.der) })
    expect(judge(foreign, [list({ names: [A] })])).toBe('CRL_SCOPE')
    expect(judge(foreign, [list(undefined)])).toBe('ok')
  })
  test('a name relative to the issuer', () => {
    const inner = sequence(oid(OID.commonName), utf8String('parça 1'))
    const named = leafWith({ names: [full] })
    expect(judge(named, [list({ point: tagged(0, tagged(1, inner)) })])).toBe('ok')
    expect(judge(leaf, [list({ point: tagged(0, tagged(1, inner)) })])).toBe('CRL_SCOPE')
  })
})

describe('RFC 5280 §5.2.4: delta lists', () => {
  const onHold = list(undefined, { revoked: [entry(leaf, -2, 6)] })
  const lifted = { revoked: [entry(leaf, -1, 8)] }
  const held = { revoked: [entry(leaf, -2, 6)] }
  test.each([
    { name: 'base alone', lists: [list(undefined)], expected: 'ok' },
    { name: 'delta alone', lists: [delta(3, 6)], expected: 'CRL_BASE' },
    {
      name: 'delta alone that revokes',
      lists: [delta(3, 6, { revoked: [entry(leaf)] })],
      expected: 'REVOKED',
    },
    {
      name: 'revoked since the base',
      lists: [list(undefined), delta(5, 6, { revoked: [entry(leaf, -0.6)] })],
      expected: 'REVOKED',
    },
    { name: 'nothing since the base', lists: [list(undefined), delta(5, 6)], expected: 'ok' },
    { name: 'a hold', lists: [onHold, delta(5, 6)], expected: 'REVOKED' },
    { name: 'a hold that was lifted (removeFromCRL)', lists: [delta(5, 6, lifted), onHold], expected: 'ok' },
    { name: 'lifted by a delta of a later base', lists: [onHold, delta(6, 7, lifted)], expected: 'REVOKED' },
    {
      name: 'lifted by a delta older than the base',
      lists: [onHold, delta(3, 5, lifted)],
      expected: 'REVOKED',
    },
    {
      name: 'lifted by a delta of another scope',
      lists: [onHold, delta(5, 6, lifted, { users: true })],
      expected: 'REVOKED',
    },
    {
      name: 'lifted by a delta that ran out',
      lists: [onHold, delta(5, 6, { ...lifted, nextUpdate: daysFromNow(-0.1) })],
      expected: 'REVOKED',
    },
    {
      name: 'the newest delta counts',
      lists: [onHold, delta(5, 7, { revoked: [entry(leaf, -0.6, 6)] }), delta(5, 6, lifted)],
      expected: 'REVOKED',
    },
    {
      name: 'a hold since the base, lifted by a newer delta',
      lists: [delta(5, 6, held), delta(5, 7, lifted), list(undefined)],
      expected: 'ok',
    },
    {
      name: 'the same, not named by the newer any more',
      lists: [list(undefined), delta(5, 7), delta(5, 6, held)],
      expected: 'ok',
    },
    {
      name: 'not named by a newer that goes on from a later base',
      lists: [list(undefined), delta(6, 7), delta(5, 6, held)],
      expected: 'REVOKED',
    },
    {
      name: 'a leaked key is never taken back',
      lists: [list(undefined), delta(5, 6, { revoked: [entry(leaf, -2, 1)] }), delta(5, 7, lifted)],
      expected: 'REVOKED',
    },
    {
      name: 'lifted by a newer one of another scope',
      lists: [list(undefined), delta(5, 6, held), delta(5, 7, lifted, { users: true })],
      expected: 'REVOKED',
    },
    {
      name: 'lifted after the time in question',
      lists: [list(undefined), delta(5, 6, held), delta(5, 7, { ...lifted, thisUpdate: daysFromNow(0.2) })],
      expected: 'REVOKED',
    },
    {
      name: 'a base that ran out, brought up to date',
      lists: [list(undefined, { nextUpdate: daysFromNow(-0.1) }), delta(5, 6)],
      expected: 'ok',
    },
  ])('$name: $expected', ({ lists, expected }) => expect(judge(leaf, lists)).toBe(expected))

  test('a hold that was lifted later held at the time in question', () => {
    const lists = [onHold, delta(5, 6, { ...lifted, thisUpdate: daysFromNow(0.2) })]
    expect(judge(leaf, lists)).toBe('REVOKED')
  })
  test('base and delta are both told', () => {
    const lists = [rootList!, list(undefined), delta(5, 6)]
    const context = { ...pki().trust, crls: lists, at: daysFromNow(0), revocation: 'require' as const }
    const result = validatePath(leaf, context)
    expect(result.ok && result.usedCrls.length).toBe(3)
  })
})

test('RFC 5280 §3.3: a list may have dropped what expired before it', () => {
  const after = { thisUpdate: daysFromNow(750), nextUpdate: daysFromNow(760) }
  expect(judge(leaf, [list(undefined, after)])).toBe('CRL_EXPIRED')
  expect(judge(leaf, [list(undefined, { ...after, thisUpdate: daysFromNow(100) })])).toBe('ok')
})

describe('revoked is never taken back, but for a hold [RFC 5280 §5.3.1]', () => {
  const old = { thisUpdate: daysFromNow(-9), nextUpdate: daysFromNow(-2) }
  const since = { revoked: [entry(leaf, -10)] }
  test.each([
    { name: 'a list that ran out', lists: [list(undefined, { ...old, ...since })], expected: 'REVOKED' },
    {
      name: 'beside a current one that is silent',
      lists: [list(undefined, { ...old, ...since }), list(undefined)],
      expected: 'REVOKED',
    },
    {
      name: 'of some reasons',
      lists: [list({ reasons: SOME }, { ...old, revoked: [entry(leaf, -10, 1)] })],
      expected: 'REVOKED',
    },
    { name: 'a delta that ran out', lists: [delta(5, 6, { ...old, ...since })], expected: 'REVOKED' },
    {
      name: 'a hold in a list that ran out',
      lists: [list(undefined, { ...old, revoked: [entry(leaf, -10, 6)] })],
      expected: 'CRL_EXPIRED',
    },
    {
      name: 'a hold in a list that ran out, and a current list',
      lists: [list(undefined, { ...old, revoked: [entry(leaf, -10, 6)] }), list(undefined)],
      expected: 'ok',
    },
    {
      name: 'a certificate that is named no more, since it expired',
      lists: [
        list(undefined, { ...old, ...since, nextUpdate: daysFromNow(1) }),
        delta(5, 6, { revoked: [entry(leaf, -1, 8)] }),
      ],
      expected: 'REVOKED',
    },
    {
      name: 'of a list that nobody signed',
      lists: [
        list(undefined, { ...old, ...since, issuer: { ...intermediate, key: makeKey('p256').privateKey } }),
      ],
      expected: 'CRL_SIGNATURE',
    },
  ])('$name', ({ lists, expected }) => expect(judge(leaf, lists)).toBe(expected))

  test('of several reasons the gravest counts, in whichever order the lists come', () => {
    const told = (number: number, reason: number) =>
      list(undefined, { ...old, number, revoked: [entry(leaf, -10, reason)] })
    const lists = [told(5, 5), told(6, 1), told(7, 4)]
    for (const crls of [lists, lists.toReversed()]) {
      const trust = { ...pki().trust, crls: [rootList!, ...crls], at: daysFromNow(0) }
      expect(validatePath(leaf, { ...trust, revocation: 'if-present' })).toMatchObject({
        failure: 'REVOKED',
        reason: 1,
      })
    }
  })

  test('not before it happened', () => {
    const lists = [list(undefined, { ...old, revoked: [entry(leaf, -9.5)] }), list(undefined)]
    expect(judge(leaf, lists, { at: daysFromNow(-9.8) })).not.toBe('REVOKED')
  })
})

describe('RFC 5280 §5.3: entries', () => {
  const other = { serial: Uint8Array.of(9), date: daysFromNow(-3) }
  const reason = encode(TAG.enumerated, Uint8Array.of(4))
  const superseded = { ...other, extensions: [extension(OID.reasonCode, true, reason)] }
  const odd = (id: string, critical: boolean) => ({
    ...other,
    extensions: [extension(id, critical, nullValue())],
  })
  test.each([
    {
      name: 'an entry for another issuer',
      revoked: [odd(OID.certificateIssuer, true)],
      expected: 'CRL_INDIRECT',
    },
    {
      name: 'the same, not critical',
      revoked: [odd(OID.certificateIssuer, false)],
      expected: 'CRL_INDIRECT',
    },
    {
      name: 'an unknown critical extension',
      revoked: [other, odd('1.2.3', true), other],
      expected: 'CRL_EXTENSION',
    },
    { name: 'an unknown extension', revoked: [odd('1.2.3', false)], expected: 'ok' },
    { name: 'a critical reason', revoked: [superseded, superseded], expected: 'ok' },
    {
      name: 'more critical reasons than any list has',
      revoked: Array.from({ length: 1001 }, () => superseded),
      expected: 'CRL_EXTENSION',
    },
    {
      name: 'a serial number that looks like one',
      revoked: [{ ...other, serial: Uint8Array.of(1, 1, 0xff, 0x55, 0x1d, 0x1d) }],
      expected: 'ok',
    },
  ])('$name: $expected', ({ revoked, expected }) =>
    expect(judge(leaf, [list(undefined, { revoked })])).toBe(expected),
  )
})

describe('RFC 5280 §6.3.3 (f): a CA that changed its key', () => {
  const pair = makeKey('p256')
  const subject = { commonName: 'Deneme Alt Kök', organization: 'OpenKEP Deneme', country: 'TR' }
  const certify = (issuer: Issuer, days = 900): Issuer => ({
    key: pair.privateKey,
    certificate: issueCertificate({
      subject,
      publicKey: pair.publicKey,
      profile: { kind: 'intermediate' },
      issuer,
      notBefore: daysFromNow(-9),
      notAfter: daysFromNow(days),
    }),
  })
  const renewed = certify(root)
  const own = intermediate.certificate
  const signed = (issuer: Issuer, more: Partial<CrlRequest> = {}) => list(undefined, { issuer, ...more })
  const with_ = (certificate: Certificate) => ({ intermediates: [own, certificate] })

  test('names are one, keys are not', () => {
    expect(Buffer.compare(renewed.certificate.subject.der, writeName(subject))).toBe(0)
    expect(Buffer.compare(renewed.certificate.spki, own.spki)).not.toBe(0)
  })
  test('a list under the other key counts, for good and for revoked', () => {
    expect(judge(leaf, [signed(renewed)])).toBe('CRL_SIGNATURE')
    expect(judge(leaf, [signed(renewed)], with_(renewed.certificate))).toBe('ok')
    expect(judge(leaf, [signed(renewed, { revoked: [entry(leaf)] })], with_(renewed.certificate))).toBe(
      'REVOKED',
    )
  })
  test('the other key certified by the first, its list the only one of both', () => {
    const next = certify(intermediate)
    expect(judge(leaf, [signed(next)], with_(next.certificate))).toBe('ok')
    const revoking = signed(next, { revoked: [entry(leaf)] })
    expect(judge(leaf, [revoking], with_(next.certificate))).toBe('REVOKED')
  })
  test('a delta under another key than its base goes on from nothing', () => {
    const held = signed(intermediate, { revoked: [entry(leaf, -2, 6)] })
    const lifted = { revoked: [entry(leaf, -1, 8)] }
    expect(judge(leaf, [held, delta(5, 6, lifted)], with_(renewed.certificate))).toBe('ok')
    const other = delta(5, 6, { ...lifted, issuer: renewed })
    expect(judge(leaf, [held, other], with_(renewed.certificate))).toBe('REVOKED')
  })
  test('not when the other certificate has no path, was revoked, ran out or leads to another anchor', () => {
    const stranger = certify(makeRoot('another'))
    expect(judge(leaf, [signed(stranger)], with_(stranger.certificate))).toBe('CRL_SIGNATURE')
    const another = makeRoot('another')
    const elsewhere = certify(another)
    expect(
      judge(leaf, [signed(elsewhere)], {
        ...with_(elsewhere.certificate),
        anchors: [root.certificate, another.certificate],
      }),
    ).toBe('CRL_SIGNATURE')
    const ended = certify(root, -1)
    expect(judge(leaf, [signed(ended)], with_(ended.certificate))).toBe('CRL_SIGNATURE')
    const revoking = list(undefined, { issuer: root, revoked: [entry(renewed.certificate)] })
    expect(judge(leaf, [signed(renewed), revoking], with_(renewed.certificate))).toBe('CRL_SIGNATURE')
  })
})
