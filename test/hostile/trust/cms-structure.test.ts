/** What signs what: attributes, several signers, contents inside and outside, and what no signature covers. [RFC 5652 §5] */
import { createPublicKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { OID } from '../../../evidence/asn1/oid.ts'
import {
  encode,
  integer,
  nullValue,
  octetString,
  oid,
  retag,
  sequence,
  setOf,
  tagged,
} from '../../../evidence/asn1/writer.ts'
import { signingCertificateAttribute } from '../../../evidence/cms/ess.ts'
import { OpaqueReader } from '../../../evidence/cms/opaque.ts'
import { signDetached, signEnclosed } from '../../../evidence/cms/sign.ts'
import { type CmsReport, verifyDetached } from '../../../evidence/cms/verify.ts'
import { keySigner } from '../../../evidence/keys/key-signer.ts'
import { judgeCms } from '../../../evidence/verify/cms.ts'
import { strictSignedData } from '../../../evidence/verify/signed-data-shape.ts'
import { issueCertificate } from '../../../evidence/x509/issue.ts'
import {
  attribute,
  type Craft,
  content,
  contentType,
  craft,
  digestId,
  digestOf,
  frame,
  messageDigest,
  signerInfo,
} from '../../fakes/crafted-cms.ts'
import { localTimestamper, trustOptions } from '../../fakes/evidence.ts'
import { makeKey, makeRoot, pki } from '../../fakes/pki.ts'

const { signer } = pki().user
const told = ({ signers }: CmsReport) => signers.map(({ failure }) => failure ?? 'good')
const detached = async (der: Uint8Array) => told(await verifyDetached(der, digestOf))
const opaque = (der: Uint8Array): [string[], string] => {
  const seen: Uint8Array[] = []
  const reader = new OpaqueReader((octets) => seen.push(Uint8Array.from(octets)))
  reader.write(der)
  return [told(reader.end()), Buffer.concat(seen).toString()]
}

describe('the signature is an OCTET STRING and nothing else', () => {
  test.each([0x02, 0x0c, 0x80, 0xc7])('tag %i', async (signatureTag) => {
    const der = await craft({ signatureTag })
    expect(await detached(der)).toEqual(['MALFORMED'])
  })
  test('a content type that is no OBJECT IDENTIFIER', async () => {
    const type = Uint8Array.from(oid(OID.data))
    type[0] = 0x0c
    const attributes = [sequence(oid(OID.contentType), setOf(type)), messageDigest()]
    expect(await detached(await craft({ attributes }))).toEqual(['MALFORMED'])
  })
})

test('of two certificates of one key the signed attribute says which is meant, whatever stands first', async () => {
  const { certificate, key } = pki().user
  const renewed = issueCertificate({
    subject: { commonName: 'Yenisi' },
    publicKey: createPublicKey(key),
    profile: { kind: 'user', email: 'a@hs98.kep.tr' },
    issuer: pki().intermediate,
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
  })
  const attributes = [contentType(), messageDigest(), signingCertificateAttribute(certificate, 'sha256')]
  for (const certificates of [
    [certificate.der, renewed.der],
    [renewed.der, certificate.der],
  ]) {
    const keyId = certificate.subjectKeyId!
    const report = await verifyDetached(await craft({ attributes, certificates, keyId }), digestOf)
    expect(report.signers).toMatchObject([{ ok: true, certificate: { serial: certificate.serial } }])
  }
})

describe('attributes', () => {
  const more = attribute('1.2.3', nullValue())
  const given = [contentType(), messageDigest(), more]
  test.each<[string, Craft, string]>([
    ['in the order of DER', { attributes: given }, 'good'],
    [
      'sent in another order than they were signed',
      { attributes: given, sent: [...given].sort(Buffer.compare).reverse() },
      'BAD_SIGNATURE',
    ],
    [
      'one that was not signed',
      { attributes: given.slice(0, 2), sent: [...given].sort(Buffer.compare) },
      'BAD_SIGNATURE',
    ],
    ['one left out', { attributes: given, sent: given.slice(0, 2).sort(Buffer.compare) }, 'BAD_SIGNATURE'],
    ['none at all', { attributes: given, sent: [] }, 'CONTENT_TYPE_MISMATCH'],
    [
      'one twice, once signed',
      { attributes: given, sent: [...given, more].sort(Buffer.compare) },
      'DUPLICATE_ATTRIBUTE',
    ],
    [
      'a digest among the unsigned ones',
      { attributes: [contentType()], unsigned: [messageDigest()] },
      'DIGEST_MISMATCH',
    ],
    [
      'a content type in the frame alone',
      { type: OID.tstInfo, attributes: [contentType(), messageDigest()] },
      'CONTENT_TYPE_MISMATCH',
    ],
    [
      'a digest that is no OCTET STRING',
      {
        attributes: [
          contentType(),
          attribute(OID.messageDigest, encode(3, Uint8Array.of(0), digestOf('sha256'))),
        ],
      },
      'DIGEST_MISMATCH',
    ],
    [
      'an attribute without a value',
      { attributes: [contentType(), messageDigest(), sequence(oid(OID.signingTime), setOf())] },
      'DUPLICATE_ATTRIBUTE',
    ],
  ])('%s: %s', async (_name, bent, expected) => expect(await detached(await craft(bent))).toEqual([expected]))

  test('signed as if they were the content: attributes are no message [RFC 5652 §5.4]', async () => {
    // The octets of a signed SET, sent as content without attributes: the same signature value.
    const attributes = setOf(contentType(), messageDigest())
    const value = await signer.sign(attributes)
    const info = sequence(
      integer(1),
      sequence(signer.certificate.issuer.der, integer(signer.certificate.serialBytes)),
      digestId(OID.sha256),
      sequence(oid(OID.ecdsaWithSha256)),
      octetString(value),
    )
    expect(opaque(frame([info], { enclosed: attributes }))[0]).toEqual(['NO_SIGNED_ATTRIBUTES'])
  })
})

describe('signers', () => {
  test('one good, one bad: both are told, whichever comes first', async () => {
    const good = await signerInfo({})
    const bad = await signerInfo({ by: pki().provider.signer, bend: (value) => value.toReversed() })
    const certificates = [signer.certificate.der, pki().provider.certificate.der]
    const both = await detached(frame([good, bad], { certificates }))
    expect(both.toSorted()).toEqual(['BAD_SIGNATURE', 'good'])
    const judged = judgeCms(
      'user',
      await verifyDetached(frame([good, bad], { certificates }), digestOf),
      undefined,
      trustOptions(),
    )
    expect(judged.filter(({ findings }) => findings.length > 0)).toHaveLength(1)
  })
  test('seventeen: MALFORMED', async () => {
    const infos = await Promise.all(Array.from({ length: 17 }, () => signerInfo({})))
    expect(await detached(frame(infos))).toEqual(['MALFORMED'])
  })
  test('named as somebody whose certificate is another’s', async () => {
    const root = makeRoot('x')
    expect(await detached(await craft({ certificates: [root.certificate.der] }))).toEqual(['NO_CERTIFICATE'])
  })
  test('a key that was put under the name and number of another', async () => {
    // The same issuer and serial number, and a key of the forger: what it signs is nobody's.
    const { privateKey } = makeKey('p256')
    const by = { ...signer, sign: async () => octetsSignedBy(privateKey) }
    expect(await detached(await craft({ by }))).toEqual(['BAD_SIGNATURE'])
  })
})

const octetsSignedBy = async (key: ReturnType<typeof makeKey>['privateKey']): Promise<Uint8Array> => {
  const certificate = issueCertificate({
    subject: { commonName: 'forger' },
    publicKey: createPublicKey(key),
    profile: { kind: 'qualified' },
    issuer: pki().intermediate,
    notBefore: new Date(0),
    notAfter: new Date(2 ** 41),
  })
  return keySigner({ key, certificate, chain: [], hash: 'sha256' }).sign(
    setOf(contentType(), messageDigest()),
  )
}

describe('contents', () => {
  test('one inside and one outside: CONTENT_PRESENT', async () => {
    expect(await detached(await craft({ enclosed: Buffer.from('another') }))).toEqual(['CONTENT_PRESENT'])
    expect(await detached(await craft({ enclosed: content }))).toEqual(['CONTENT_PRESENT'])
  })
  test('none, where one is to be enclosed: CONTENT_MISSING', async () => {
    expect(opaque(await craft())[0]).toEqual(['CONTENT_MISSING'])
  })
  test('two strings: only what was hashed is handed on, and it is refused', async () => {
    const der = Buffer.from(await craft({ enclosed: content }))
    const one = Buffer.from(tagged(0, octetString(content)))
    const two = tagged(0, octetString(content), octetString(Buffer.from('evil')))
    const bent = Buffer.from(
      der.toString('hex').replace(one.toString('hex'), Buffer.from(two).toString('hex')),
      'hex',
    )
    expect(opaque(bent)[0]).toEqual(['MALFORMED'])
  })
  test('a signature inside a signature is not taken for the outer one', async () => {
    const inner = await signEnclosed(content, { signer, signingTime: new Date() })
    const outer = await signEnclosed(inner, { signer: pki().provider.signer, signingTime: new Date() })
    const [failures, seen] = opaque(outer)
    expect(failures).toEqual(['good'])
    expect(Buffer.from(seen).length).toBeGreaterThan(content.length)
    const reader = new OpaqueReader(() => {})
    reader.write(outer)
    expect(reader.end().signers).toMatchObject([{ certificate: pki().provider.certificate }])
  })
  test.each<[string, Uint8Array]>([
    ['a gigabyte declared', Buffer.from('30843fffffff06092a864886f70d010702', 'hex')],
    ['indefinite lengths without end', Buffer.alloc(100_000, '3080', 'hex')],
    ['indefinite lengths, ended too early', Buffer.from('308006092a864886f70d010702a0800000', 'hex')],
    ['a length of five octets', Buffer.from('30850000000001', 'hex')],
  ])('%s: MALFORMED', async (_name, der) => {
    expect(await detached(der)).toEqual(['MALFORMED'])
    expect(opaque(der)[0]).toEqual(['MALFORMED'])
  })
})

describe('what no signature covers', () => {
  const request = {
    digest: digestOf('sha256'),
    signer,
    signingTime: new Date(),
    timestamper: localTimestamper(),
  }
  const reasons = async (der: Uint8Array) =>
    judgeCms('user', await verifyDetached(der, digestOf), undefined, trustOptions()).flatMap(({ findings }) =>
      findings.map(({ reason }) => reason),
    )
  const tokenOf = async (der: Uint8Array) => {
    const [one] = (await verifyDetached(der, digestOf)).signers
    return one?.timestampToken ?? new Uint8Array()
  }
  test('a time-stamp that was moved from another signature', async () => {
    const stamped = await signDetached(request)
    expect(await reasons(stamped)).toEqual([])
    const token = await tokenOf(await signDetached(request))
    const moved = await craft({ unsigned: [attribute(OID.signatureTimeStampToken, token)] })
    expect(await reasons(moved)).toEqual(['TOKEN_IMPRINT_MISMATCH', 'TIMESTAMP_NOT_PROVED'])
  })
  test('a time-stamp that is none', async () => {
    const junk = await craft({ unsigned: [attribute(OID.signatureTimeStampToken, sequence())] })
    expect(await reasons(junk)).toEqual(['TOKEN_MALFORMED', 'TIMESTAMP_NOT_PROVED'])
  })
  test('a version, an unsigned attribute, a digest that nobody used: not in the strict form', async () => {
    const der = Buffer.from(await craft())
    expect(strictSignedData(der)).toBeUndefined()
    expect(strictSignedData(await craft({ unsigned: [attribute('1.2.3', nullValue())] }))).toContain(
      'unsigned',
    )
    const other = der
      .toString('hex')
      .replace(
        Buffer.from(setOf(digestId(OID.sha256))).toString('hex'),
        Buffer.from(setOf(digestId(OID.sha512))).toString('hex'),
      )
    expect(strictSignedData(Buffer.from(other, 'hex'))).toContain('digest')
    const version = Buffer.from(der)
    version[der.indexOf(Buffer.from('020101', 'hex')) + 2] = 5
    expect(strictSignedData(version)).toContain('version')
  })
  test('a certificate that leads nowhere, beside the signer’s', async () => {
    const certificates = [
      signer.certificate.der,
      pki().intermediate.certificate.der,
      makeRoot('stray').certificate.der,
    ]
    expect(await reasons(await craft({ certificates }))).toEqual(['CERTIFICATE_STRAY'])
  })
  test('a retagged frame', async () => {
    expect(await detached(retag(0x31, await craft()))).toEqual(['MALFORMED'])
  })
})
