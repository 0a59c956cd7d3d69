import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { OID } from '../../../../evidence/asn1/oid.ts'
import {
  boolean,
  encode,
  integer,
  nullValue,
  sequence,
  tagged,
  taggedPrimitive,
} from '../../../../evidence/asn1/writer.ts'
import type { Certificate, TrustContext } from '../../../../evidence/ports.ts'
import { parseCertificate } from '../../../../evidence/x509/certificate.ts'
import { X509Error } from '../../../../evidence/x509/error.ts'
import { extension } from '../../../../evidence/x509/extensions.ts'
import { type Issuer, issueCertificate, issueCrl, type Profile } from '../../../../evidence/x509/issue.ts'
import { validatePath } from '../../../../evidence/x509/path.ts'
import { daysFromNow, emptyCrl, makeKey, makeRoot, pki } from '../../../fakes/pki.ts'

const user: Profile = { kind: 'user', email: 'a@hs98.kep.tr' }
const { root, intermediate } = pki()

const authority = (
  issuer: Issuer,
  name: string,
  profile: Profile,
  extensions: readonly Uint8Array[] = [],
): Issuer => {
  const { publicKey, privateKey } = makeKey('p256')
  const times = { notBefore: daysFromNow(-9), notAfter: daysFromNow(900) }
  const certificate = issueCertificate({
    subject: { commonName: name },
    publicKey,
    profile,
    issuer,
    ...times,
    extensions,
  })
  return { certificate, key: privateKey }
}
const judge = (leaf: Certificate, given: Partial<TrustContext> = {}) => {
  const result = validatePath(leaf, { ...pki().trust, revocation: 'if-present', at: new Date(), ...given })
  return result.ok ? 'ok' : result.failure
}
const below = (
  issuer: Issuer,
  profile: Profile = user,
  extensions: readonly Uint8Array[] = [],
): Certificate => pki().issue(profile, { issuer, extensions }).certificate

const email = (text: string) => sequence(taggedPrimitive(1, Buffer.from(text)))
const dns = (text: string) => sequence(taggedPrimitive(2, Buffer.from(text)))
const constraints = (kind: 0 | 1, ...trees: Uint8Array[]) =>
  extension(OID.nameConstraints, true, sequence(tagged(kind, ...trees)))
const constrained = (...list: Uint8Array[]): Issuer =>
  authority(root, `constrained ${Math.random()}`, { kind: 'intermediate' }, list)
const tls: Profile = { kind: 'tls', dns: ['a.kep.tr'], ip: ['10.0.0.1'] }

describe('RFC 5280 §6.1: paths', () => {
  const good = pki().user.certificate
  const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const small = issueCertificate({
    subject: { commonName: 'small' },
    publicKey: rsa1024.publicKey,
    profile: user,
    issuer: intermediate,
    notBefore: daysFromNow(-1),
    notAfter: daysFromNow(1),
  })
  const withExponent = (publicExponent: number): Certificate =>
    issueCertificate({
      subject: { commonName: 'exponent' },
      publicKey: generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent }).publicKey,
      profile: user,
      issuer: intermediate,
      notBefore: daysFromNow(-1),
      notAfter: daysFromNow(1),
    })
  const stranger = makeRoot('Deneme Kök')
  const forged = { certificate: intermediate.certificate, key: makeKey('p256').privateKey }
  const deeper = authority(intermediate, 'too deep', { kind: 'intermediate' })
  const mail = constrained(constraints(0, email('hs98.kep.tr')))
  const noMail = constrained(constraints(1, email('.kep.tr')))
  const host = constrained(constraints(0, dns('kep.tr')))
  const noHost = constrained(constraints(1, dns('kep.tr')))
  const address = constrained(constraints(0, sequence(taggedPrimitive(7, new Uint8Array(8)))))
  const distance = constrained(
    constraints(
      0,
      sequence(taggedPrimitive(1, Buffer.from('hs98.kep.tr')), taggedPrimitive(0, Uint8Array.of(1))),
    ),
  )
  const named = constrained(constraints(0, sequence(tagged(4, pki().user.certificate.issuer.der))))
  const intermediates = [mail, noMail, host, noHost, address, distance, named].map(
    ({ certificate }) => certificate,
  )

  test.each<{ name: string; leaf: Certificate; given?: Partial<TrustContext>; result: string }>([
    { name: 'leaf, intermediate, root', leaf: good, result: 'ok' },
    { name: 'every list required and present', leaf: good, given: { revocation: 'require' }, result: 'ok' },
    { name: 'intermediate missing', leaf: good, given: { intermediates: [] }, result: 'NO_PATH' },
    { name: 'no anchor', leaf: good, given: { anchors: [] }, result: 'NO_PATH' },
    {
      name: 'an anchor of the same name',
      leaf: good,
      given: { anchors: [stranger.certificate] },
      result: 'NO_PATH',
    },
    {
      name: 'both anchors of one name',
      leaf: good,
      given: { anchors: [stranger.certificate, root.certificate] },
      result: 'ok',
    },
    { name: 'signed by another key', leaf: below(forged), result: 'BAD_SIGNATURE' },
    { name: 'before its time', leaf: good, given: { at: daysFromNow(-15) }, result: 'NOT_YET_VALID' },
    { name: 'after its time', leaf: good, given: { at: daysFromNow(701) }, result: 'EXPIRED' },
    {
      name: 'issued by a leaf',
      leaf: below(pki().user),
      given: { intermediates: [intermediate.certificate, good] },
      result: 'NOT_A_CA',
    },
    {
      name: 'pathLen exceeded',
      leaf: below(deeper),
      given: { intermediates: [intermediate.certificate, deeper.certificate] },
      result: 'PATH_LENGTH',
    },
    { name: 'RSA-1024', leaf: small, result: 'WEAK_ALGORITHM' },
    { name: 'RSA with exponent 3', leaf: withExponent(3), result: 'WEAK_ALGORITHM' },
    { name: 'RSA with an exponent over 31 bits', leaf: withExponent(2 ** 31 + 11), result: 'WEAK_ALGORITHM' },
    { name: 'RSA with an exponent of 31 bits', leaf: withExponent(2 ** 31 - 1), result: 'ok' },
    {
      name: 'unknown critical extension',
      leaf: below(intermediate, user, [extension('1.2.3.4', true, nullValue())]),
      result: 'UNKNOWN_CRITICAL_EXTENSION',
    },
    {
      name: 'unknown extension, not critical',
      leaf: below(intermediate, user, [extension('1.2.3.4', false, nullValue())]),
      result: 'ok',
    },
    { name: 'permitted mailbox', leaf: below(mail), given: { intermediates }, result: 'ok' },
    {
      name: 'mailbox outside',
      leaf: below(mail, { kind: 'user', email: 'a@hs99.kep.tr' }),
      given: { intermediates },
      result: 'NAME_CONSTRAINTS',
    },
    {
      name: 'mailbox outside by suffix',
      leaf: below(mail, { kind: 'user', email: 'a@evilhs98.kep.tr' }),
      given: { intermediates },
      result: 'NAME_CONSTRAINTS',
    },
    {
      name: 'two @ in a mailbox',
      leaf: below(mail, { kind: 'user', email: 'a@hs98.kep.tr@x.org' }),
      given: { intermediates },
      result: 'NAME_CONSTRAINTS',
    },
    {
      name: 'no mailbox at all',
      leaf: below(mail, { kind: 'qualified' }),
      given: { intermediates },
      result: 'ok',
    },
    { name: 'excluded domain', leaf: below(noMail), given: { intermediates }, result: 'NAME_CONSTRAINTS' },
    { name: 'permitted host', leaf: below(host, tls), given: { intermediates }, result: 'ok' },
    { name: 'excluded host', leaf: below(noHost, tls), given: { intermediates }, result: 'NAME_CONSTRAINTS' },
    {
      name: 'address under an address constraint',
      leaf: below(address, tls),
      given: { intermediates },
      result: 'NAME_CONSTRAINTS',
    },
    {
      name: 'subtree with a distance',
      leaf: below(distance),
      given: { intermediates },
      result: 'NAME_CONSTRAINTS',
    },
    {
      name: 'subject outside a directory subtree',
      leaf: below(named),
      given: { intermediates },
      result: 'NAME_CONSTRAINTS',
    },
  ])('$name: $result', ({ leaf, given, result }) => expect(judge(leaf, given)).toBe(result))

  test('a signature algorithm outside the list is weak', () => {
    // Replaced in both places, by an arc below ecdsa-with-SHA1 of the same length.
    const sha1 = Buffer.from('06072a8648ce3d0401', 'hex')
    const sha256 = Buffer.from('06082a8648ce3d040302', 'hex')
    const hex = Buffer.from(good.der).toString('hex')
    expect(hex.split(sha256.toString('hex'))).toHaveLength(3)
    const other = hex.replaceAll(sha256.toString('hex'), `${sha1.toString('hex').replace('0607', '0608')}01`)
    expect(judge(parseCertificate(Buffer.from(other, 'hex')))).toBe('WEAK_ALGORITHM')
  })
  test('a CA whose key usage leaves certificates out', () => {
    const basic = extension(OID.basicConstraints, true, sequence(boolean(true)))
    const ca = authority(root, 'no keyCertSign', { kind: 'qualified' }, [basic])
    expect(judge(below(ca), { intermediates: [ca.certificate] })).toBe('KEY_USAGE')
  })
  test('a CA whose key usage leaves lists out', () => {
    const certificate = { ...intermediate.certificate, keyUsage: new Set(['keyCertSign'] as const) }
    expect(judge(good, { intermediates: [certificate], revocation: 'require' })).toBe('REVOCATION_UNKNOWN')
  })
  test('RFC 5280 §4.1.2.9 and §4.2: extensions before version 3, and one extension twice', () => {
    const bent = Buffer.from(Buffer.from(good.der).toString('hex').replace('a003020102', 'a003020101'), 'hex')
    expect(() => parseCertificate(bent)).toThrow(X509Error)
    const names = extension(OID.subjectAltName, false, email('b@hs98.kep.tr'))
    expect(() => below(intermediate, user, [names])).toThrow(/twice/)
  })
  test('loops and bags of namesakes end', () => {
    const namesakes = Array.from({ length: 200 }, () => makeRoot('Deneme Alt Kök').certificate)
    const a = authority(root, 'loop', { kind: 'intermediate' })
    const anchors = [makeRoot('elsewhere').certificate]
    expect(judge(below(a), { anchors, intermediates: [a.certificate, root.certificate, ...namesakes] })).toBe(
      'NO_PATH',
    )
    expect(['NO_PATH', 'BAD_SIGNATURE']).toContain(judge(good, { anchors, intermediates: namesakes }))
  })
})

describe('RFC 5280 §6.3: lists', () => {
  const leaf = pki().issue(user).certificate
  const [rootList] = pki().crls
  const entry = (date: Date) => ({ serial: leaf.serialBytes, date })
  const list = (given: object) =>
    issueCrl({
      issuer: intermediate,
      number: 2,
      thisUpdate: daysFromNow(-1),
      nextUpdate: daysFromNow(1),
      revoked: [],
      ...given,
    })
  const idp = extension(OID.issuingDistributionPoint, true, sequence(taggedPrimitive(2, Uint8Array.of(0xff))))
  const delta = extension(OID.deltaCrlIndicator, true, integer(1))
  const bent = Uint8Array.from(list({}))
  bent[bent.length - 1]! ^= 1
  const foreign = { certificate: intermediate.certificate, key: makeKey('p256').privateKey }

  test.each([
    { name: 'good', crl: list({}), required: 'ok', lenient: 'ok' },
    {
      name: 'revoked',
      crl: list({ revoked: [entry(daysFromNow(-2))] }),
      required: 'REVOKED',
      lenient: 'REVOKED',
    },
    {
      name: 'on hold',
      crl: list({ revoked: [{ ...entry(daysFromNow(-2)), reason: 6 }] }),
      required: 'REVOKED',
      lenient: 'REVOKED',
    },
    {
      name: 'revoked after the time in question, later list',
      crl: list({ thisUpdate: daysFromNow(0.5), revoked: [entry(daysFromNow(0.25))] }),
      required: 'ok',
      lenient: 'ok',
    },
    {
      name: 'another was revoked',
      crl: list({ revoked: [{ serial: Uint8Array.of(5), date: daysFromNow(-2) }] }),
      required: 'ok',
      lenient: 'ok',
    },
    {
      name: 'ran out',
      crl: list({ nextUpdate: daysFromNow(-0.5) }),
      required: 'REVOCATION_UNKNOWN',
      lenient: 'ok',
    },
    {
      name: 'a part that is about CAs',
      crl: list({ extensions: [idp] }),
      required: 'REVOCATION_UNKNOWN',
      lenient: 'ok',
    },
    {
      name: 'a delta alone',
      crl: list({ extensions: [delta] }),
      required: 'REVOCATION_UNKNOWN',
      lenient: 'ok',
    },
    {
      name: 'unknown critical extension',
      crl: list({ extensions: [extension('1.2.3', true, nullValue())] }),
      required: 'REVOCATION_UNKNOWN',
      lenient: 'ok',
    },
    { name: 'bad signature', crl: bent, required: 'REVOCATION_UNKNOWN', lenient: 'ok' },
    { name: 'signed by another key', crl: emptyCrl(foreign), required: 'REVOCATION_UNKNOWN', lenient: 'ok' },
    {
      name: 'of another issuer',
      crl: emptyCrl(makeRoot('other')),
      required: 'REVOCATION_UNKNOWN',
      lenient: 'ok',
    },
    { name: 'garbage', crl: encode(0x30, Uint8Array.of(1)), required: 'REVOCATION_UNKNOWN', lenient: 'ok' },
  ])('$name', ({ crl, required, lenient }) => {
    const crls = [rootList!, crl]
    expect(judge(leaf, { crls, revocation: 'require' })).toBe(required)
    expect(judge(leaf, { crls })).toBe(lenient)
  })
  test('one list that revokes outweighs another that does not', () => {
    const crls = [rootList!, list({}), list({ revoked: [entry(daysFromNow(-2))] })]
    expect(judge(leaf, { crls })).toBe('REVOKED')
  })
})
