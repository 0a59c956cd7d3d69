/** Names that evade what a CA was allowed: case, international domains, addresses in other places, paths of its own name. [RFC 5280 §4.2.1.10] */
import { describe, expect, test } from 'vitest'
import { OID } from '../../../evidence/asn1/oid.ts'
import {
  encode,
  oid,
  sequence,
  setOf,
  tagged,
  taggedPrimitive,
  utf8String,
} from '../../../evidence/asn1/writer.ts'
import type { Certificate } from '../../../evidence/ports.ts'
import { parseCertificate } from '../../../evidence/x509/certificate.ts'
import { extension } from '../../../evidence/x509/extensions.ts'
import { type Issuer, issueCertificate, type Profile } from '../../../evidence/x509/issue.ts'
import { validatePath } from '../../../evidence/x509/path.ts'
import { daysFromNow, makeKey, pki } from '../../fakes/pki.ts'
import { resigned } from '../../fakes/resigned.ts'

const { root } = pki()
const times = { notBefore: daysFromNow(-9), notAfter: daysFromNow(900) }
const key = makeKey('p256')

const authority = (
  extensions: readonly Uint8Array[],
  commonName = 'Sınırlı Alt Kök',
  issuer: Issuer = root,
  pathLength?: number,
): Issuer => {
  const pair = makeKey('p256')
  const profile: Profile = { kind: 'intermediate', pathLength }
  const certificate = issueCertificate({
    subject: { commonName },
    publicKey: pair.publicKey,
    profile,
    issuer,
    ...times,
    extensions,
  })
  return { certificate, key: pair.privateKey }
}
const limits = (kind: 0 | 1, ...bases: readonly Uint8Array[]): Uint8Array =>
  extension(OID.nameConstraints, true, sequence(tagged(kind, ...bases.map((base) => sequence(base)))))
const mail = (text: string) => taggedPrimitive(1, Buffer.from(text, 'utf8'))
const host = (text: string) => taggedPrimitive(2, Buffer.from(text, 'latin1'))
const smtpUtf8 = (text: string) => tagged(0, oid('1.3.6.1.5.5.7.8.9'), tagged(0, utf8String(text)))
const names = (...list: readonly Uint8Array[]) => extension(OID.subjectAltName, false, sequence(...list))

const judge = (leaf: Certificate, issuers: readonly Issuer[]): string => {
  const intermediates = issuers.map(({ certificate }) => certificate)
  const path = validatePath(leaf, { ...pki().trust, intermediates, at: new Date(), revocation: 'if-present' })
  return path.ok ? 'ok' : path.failure
}
const leafOf = (issuer: Issuer, extensions: readonly Uint8Array[]): Certificate =>
  issueCertificate({
    subject: { commonName: 'Ayşe' },
    publicKey: key.publicKey,
    profile: { kind: 'qualified' },
    issuer,
    ...times,
    extensions,
  })

describe('addresses', () => {
  const within = authority([limits(0, mail('hs98.kep.tr'))])
  const without = authority([limits(1, mail('hs98.kep.tr'))])
  const mailbox = authority([limits(1, mail('a@hs98.kep.tr'))])
  const PERMITTED = 'permitted: hs98.kep.tr'
  test.each<[string, Issuer, string, string]>([
    [PERMITTED, within, 'a@hs98.kep.tr', 'ok'],
    [PERMITTED, within, 'a@HS98.KEP.TR', 'ok'],
    [PERMITTED, within, 'a@x.hs98.kep.tr', 'NAME_CONSTRAINTS'],
    [PERMITTED, within, 'a@hs98.kep.tr.', 'NAME_CONSTRAINTS'],
    [PERMITTED, within, 'a@hs98.kep.tr\0.evil.org', 'NAME_CONSTRAINTS'],
    [PERMITTED, within, 'hs98.kep.tr', 'NAME_CONSTRAINTS'],
    [PERMITTED, within, '@hs98.kep.tr', 'NAME_CONSTRAINTS'],
    [PERMITTED, within, '"a@evil.org"@hs98.kep.tr', 'ok'],
    [PERMITTED, within, 'a@hs98.kep.tr@evil.org', 'NAME_CONSTRAINTS'],
    [PERMITTED, within, 'a@hs９８.kep.tr', 'NAME_CONSTRAINTS'],
    ['excluded: hs98.kep.tr', without, 'a@hs98.kep.tr', 'NAME_CONSTRAINTS'],
    ['excluded: hs98.kep.tr', without, 'a@Hs98.Kep.Tr', 'NAME_CONSTRAINTS'],
    ['excluded: hs98.kep.tr', without, 'a@hs99.kep.tr', 'ok'],
    ['excluded: a@hs98.kep.tr', mailbox, 'a@HS98.kep.tr', 'NAME_CONSTRAINTS'],
    ['excluded: a@hs98.kep.tr', mailbox, 'b@hs98.kep.tr', 'ok'],
    // What others may take for an address there is held against it.
    ['excluded: hs98.kep.tr', without, 'a@hs98.kep.tr.', 'NAME_CONSTRAINTS'],
    ['excluded: hs98.kep.tr', without, '@hs98.kep.tr', 'NAME_CONSTRAINTS'],
    ['excluded: hs98.kep.tr', without, 'hs98.kep.tr', 'NAME_CONSTRAINTS'],
  ])('%s, %o as an alternative name: %s', (_name, issuer, address, expected) => {
    expect(judge(leafOf(issuer, [names(mail(address))]), [issuer])).toBe(expected)
  })
  test('an address that stands in the subject, as text of any kind', () => {
    for (const tag of [0x0c, 0x13, 0x16]) {
      const inSubject = bySubject(within, 'a@evil.org', tag)
      expect(judge(inSubject, [within])).toBe('NAME_CONSTRAINTS')
      expect(judge(bySubject(within, 'a@hs98.kep.tr', tag), [within])).toBe('ok')
    }
  })
  test('an address in UTF-32, or in a type that nobody knows, is excluded all the same', () => {
    expect(judge(bySubject(without, 'a@hs98.kep.tr', UNIVERSAL), [without])).toBe('NAME_CONSTRAINTS')
    expect(judge(bySubject(without, 'a@hs98.kep.tr', GENERAL), [without])).toBe('NAME_CONSTRAINTS')
    expect(judge(bySubject(without, 'a@evil.org', UNIVERSAL), [without])).toBe('ok')
    expect(judge(bySubject(within, 'a@hs98.kep.tr', UNIVERSAL), [within])).toBe('ok')
  })
  test('an address of letters beyond ASCII, in the name that is made for it [RFC 9598 §6]', () => {
    expect(judge(leafOf(within, [names(smtpUtf8('ı@evil.org'))]), [within])).toBe('NAME_CONSTRAINTS')
    expect(judge(leafOf(within, [names(smtpUtf8('ı@hs98.kep.tr'))]), [within])).toBe('ok')
    expect(judge(leafOf(without, [names(smtpUtf8('ı@hs98.kep.tr'))]), [without])).toBe('NAME_CONSTRAINTS')
  })
  test('one allowed name does not cover another', () => {
    expect(judge(leafOf(within, [names(mail('a@hs98.kep.tr'), mail('a@evil.org'))]), [within])).toBe(
      'NAME_CONSTRAINTS',
    )
  })
})

/** UTF-32, and a string type that no name uses. */
const UNIVERSAL = 0x1c
const GENERAL = 0x1b
const value = (text: string, tag: number): Uint8Array =>
  encode(tag, tag === UNIVERSAL ? utf32(text) : Buffer.from(text))
const utf32 = (text: string): Buffer =>
  Buffer.concat([...text].map((letter) => Buffer.from([0, 0, 0, letter.charCodeAt(0)])))

/** A subject with an address, which our issuing code does not write. */
function bySubject(
  issuer: Issuer,
  address: string,
  tag: number,
  type: string = OID.emailAddress,
): Certificate {
  const attribute = sequence(oid(type), value(address, tag))
  const SUBJECT = 5
  return parseCertificate(
    resigned(leafOf(issuer, []).der, {
      key: issuer.key,
      bend: (parts) => parts.with(SUBJECT, sequence(setOf(attribute))),
    }),
  )
}

describe('directory names', () => {
  const bank = sequence(setOf(sequence(oid(OID.organization), utf8String('Banka'))))
  const number = sequence(setOf(sequence(oid(OID.serialNumber), utf8String('10000000146'))))
  const without = authority([limits(1, tagged(4, bank), tagged(4, number))])
  test.each<[string, string, string, number, string]>([
    ['in UTF-8', OID.organization, 'Banka', 0x0c, 'NAME_CONSTRAINTS'],
    ['in other letters', OID.organization, 'BANKA', 0x13, 'NAME_CONSTRAINTS'],
    ['in UTF-32', OID.organization, 'Banka', UNIVERSAL, 'NAME_CONSTRAINTS'],
    ['in a type that nobody knows', OID.organization, 'Banka', GENERAL, 'NAME_CONSTRAINTS'],
    ['in digits', OID.serialNumber, '10000000146', 0x12, 'NAME_CONSTRAINTS'],
    ['another, in UTF-32', OID.organization, 'Bank', UNIVERSAL, 'ok'],
    ['another, in digits', OID.serialNumber, '10000000147', 0x12, 'ok'],
  ])('excluded, %s', (_name, type, text, tag, expected) => {
    expect(judge(bySubject(without, text, tag, type), [without])).toBe(expected)
  })
})

describe('hosts', () => {
  const within = authority([limits(0, host('kep.tr'))])
  test.each([
    ['a.kep.tr', 'ok'],
    ['A.KEP.TR', 'ok'],
    ['kep.tr', 'ok'],
    ['evilkep.tr', 'NAME_CONSTRAINTS'],
    ['a.kep.tr.evil.org', 'NAME_CONSTRAINTS'],
    ['a.kep.tr.', 'NAME_CONSTRAINTS'],
    ['xn--kp-bja.tr', 'NAME_CONSTRAINTS'],
    ['a.kep.tr\0.evil.org', 'NAME_CONSTRAINTS'],
  ])('permitted: kep.tr, %o: %s', (name, expected) => {
    expect(judge(leafOf(within, [names(host(name))]), [within])).toBe(expected)
  })
})

describe('constraints of a CA above', () => {
  const outer = authority([limits(0, mail('hs98.kep.tr'))], 'dış')
  test('a CA below cannot widen them', () => {
    const inner = authority([limits(0, mail('evil.org'))], 'iç', outer)
    expect(judge(leafOf(inner, [names(mail('a@evil.org'))]), [outer, inner])).toBe('NAME_CONSTRAINTS')
    expect(judge(leafOf(inner, [names(mail('a@hs98.kep.tr'))]), [outer, inner])).toBe('NAME_CONSTRAINTS')
  })
  test('nor by a certificate of its own name between', () => {
    const again = authority([], 'dış', outer)
    expect(judge(leafOf(again, [names(mail('a@evil.org'))]), [outer, again])).toBe('NAME_CONSTRAINTS')
  })
})

describe('length of the path', () => {
  const one = authority([], 'bir', root, 0)
  test('a CA of its own name does not count, another does', () => {
    const again = authority([], 'bir', one)
    expect(judge(leafOf(again, []), [one, again])).toBe('ok')
    const other = authority([], 'iki', one)
    expect(judge(leafOf(other, []), [one, other])).toBe('PATH_LENGTH')
    const behind = authority([], 'iki', again)
    expect(judge(leafOf(behind, []), [one, again, behind])).toBe('PATH_LENGTH')
  })
  test('a longer length below does not lift a shorter one above', () => {
    const longer = authority([], 'iki', one, 5)
    expect(judge(leafOf(longer, []), [one, longer])).toBe('PATH_LENGTH')
  })
})
