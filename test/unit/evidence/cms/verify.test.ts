import { generateKeyPairSync, hash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { OID } from '../../../../evidence/asn1/oid.ts'
import {
  integer,
  nullValue,
  octetString,
  oid,
  retag,
  sequence,
  setOf,
  tagged,
  time,
} from '../../../../evidence/asn1/writer.ts'
import { signingCertificateAttribute } from '../../../../evidence/cms/ess.ts'
import { signDetached } from '../../../../evidence/cms/sign.ts'
import { verifyDetached } from '../../../../evidence/cms/verify.ts'
import type { HashName, Signer } from '../../../../evidence/ports.ts'
import { HASH_LENGTH, signatureIdentifier } from '../../../../evidence/x509/algorithm.ts'
import { issueCertificate } from '../../../../evidence/x509/issue.ts'
import { daysFromNow, pki } from '../../../fakes/pki.ts'

const content = Buffer.from('içerik')
const digestOf = (name: HashName): Uint8Array => hash(name, content, 'buffer')
const { signer } = pki().user
const rsa = pki().provider.signer
const pss = pki().issue({ kind: 'user', email: 'a@hs98.kep.tr' }, { kind: 'rsa', pss: true }).signer

const attribute = (type: string, ...values: Uint8Array[]) => sequence(oid(type), setOf(...values))
const contentType = attribute(OID.contentType, oid(OID.data))
const messageDigest = attribute(OID.messageDigest, octetString(digestOf('sha256')))
const digestId = (id: string) => sequence(oid(id))

interface Craft {
  readonly by?: Signer
  readonly attributes?: readonly Uint8Array[] | undefined
  readonly digestAlgorithm?: Uint8Array
  readonly algorithm?: Uint8Array
  readonly certificates?: readonly Uint8Array[]
  readonly none?: boolean
  readonly bareSignature?: boolean
}

/** SignedData with any part replaced, and signed over whatever attributes it then has. */
async function craft(given: Craft): Promise<Uint8Array> {
  const by = given.by ?? signer
  const attributes = setOf(...(given.attributes ?? [contentType, messageDigest]))
  const info = sequence(
    integer(1),
    sequence(by.certificate.issuer.der, integer(by.certificate.serialBytes)),
    given.digestAlgorithm ?? digestId(OID.sha256),
    ...(given.bareSignature ? [] : [retag(0xa0, attributes)]),
    given.algorithm ?? signatureIdentifier(by.algorithm, by.hash),
    octetString(await by.sign(given.bareSignature ? content : attributes)),
  )
  const certificates = retag(0xa0, setOf(...(given.certificates ?? [by.certificate.der])))
  const body = sequence(
    integer(1),
    setOf(digestId(OID.sha256)),
    sequence(oid(OID.data)),
    certificates,
    given.none ? setOf() : setOf(info),
  )
  return sequence(oid(OID.signedData), tagged(0, body))
}

const pssParameters = (name: string, mask: string, salt: number) => {
  const digest = (id: string) => sequence(oid(id), nullValue())
  const parts = [
    tagged(0, digest(name)),
    tagged(1, sequence(oid(OID.mgf1), digest(mask))),
    tagged(2, integer(salt)),
  ]
  return sequence(oid(OID.rsassaPss), sequence(...parts))
}
const small = (() => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const times = { notBefore: daysFromNow(-1), notAfter: daysFromNow(1) }
  const subject = { commonName: 'small' }
  return issueCertificate({
    subject,
    publicKey: pair.publicKey,
    profile: { kind: 'qualified' },
    issuer: pki().intermediate,
    ...times,
  })
})()
const other = pki().provider.certificate

describe('RFC 5652 §5: what is refused', () => {
  test.each<{ name: string; given: Craft; failure: string | undefined }>([
    { name: 'nothing wrong', given: {}, failure: undefined },
    { name: 'nothing wrong, RSA', given: { by: rsa }, failure: undefined },
    { name: 'nothing wrong, PSS', given: { by: pss }, failure: undefined },
    { name: 'MD5', given: { digestAlgorithm: digestId(OID.md5) }, failure: 'WEAK_DIGEST' },
    { name: 'SHA-1', given: { digestAlgorithm: digestId(OID.sha1) }, failure: 'WEAK_DIGEST' },
    {
      name: 'sha1WithRSA',
      given: { by: rsa, algorithm: digestId('1.2.840.113549.1.1.5') },
      failure: 'WEAK_SIGNATURE_ALGORITHM',
    },
    { name: 'Ed25519', given: { algorithm: digestId('1.3.101.112') }, failure: 'WEAK_SIGNATURE_ALGORITHM' },
    {
      name: 'another digest in the signature algorithm',
      given: { by: rsa, algorithm: digestId(OID.sha512WithRsa) },
      failure: 'ALGORITHM_MISMATCH',
    },
    {
      name: 'an algorithm of another key',
      given: { algorithm: digestId(OID.rsaEncryption) },
      failure: 'BAD_SIGNATURE',
    },
    {
      name: 'PSS without parameters',
      given: { by: pss, algorithm: digestId(OID.rsassaPss) },
      failure: 'PSS_PARAMETERS',
    },
    {
      name: 'PSS with defaults (SHA-1)',
      given: { by: pss, algorithm: sequence(oid(OID.rsassaPss), sequence()) },
      failure: 'PSS_PARAMETERS',
    },
    {
      name: 'PSS with another mask digest',
      given: { by: pss, algorithm: pssParameters(OID.sha256, OID.sha512, HASH_LENGTH.sha256) },
      failure: 'PSS_PARAMETERS',
    },
    {
      name: 'PSS with SHA-1',
      given: { by: pss, algorithm: pssParameters(OID.sha1, OID.sha1, 20) },
      failure: 'PSS_PARAMETERS',
    },
    {
      name: 'PSS with another salt',
      given: { by: pss, algorithm: pssParameters(OID.sha256, OID.sha256, 20) },
      failure: 'BAD_SIGNATURE',
    },
    { name: 'no signed attributes', given: { bareSignature: true }, failure: 'NO_SIGNED_ATTRIBUTES' },
    { name: 'no content type', given: { attributes: [messageDigest] }, failure: 'CONTENT_TYPE_MISMATCH' },
    {
      name: 'another content type',
      given: { attributes: [attribute(OID.contentType, oid(OID.tstInfo)), messageDigest] },
      failure: 'CONTENT_TYPE_MISMATCH',
    },
    { name: 'no digest', given: { attributes: [contentType] }, failure: 'DIGEST_MISMATCH' },
    {
      name: 'another digest',
      given: { attributes: [contentType, attribute(OID.messageDigest, octetString(new Uint8Array(32)))] },
      failure: 'DIGEST_MISMATCH',
    },
    {
      name: 'two digests',
      given: { attributes: [contentType, messageDigest, messageDigest] },
      failure: 'DUPLICATE_ATTRIBUTE',
    },
    {
      name: 'two digests in one attribute',
      given: {
        attributes: [
          contentType,
          attribute(OID.messageDigest, octetString(digestOf('sha256')), octetString(new Uint8Array(32))),
        ],
      },
      failure: 'DUPLICATE_ATTRIBUTE',
    },
    {
      name: 'any attribute twice',
      given: {
        attributes: [
          contentType,
          messageDigest,
          attribute('1.2.3', nullValue()),
          attribute('1.2.3', nullValue()),
        ],
      },
      failure: 'DUPLICATE_ATTRIBUTE',
    },
    {
      name: 'signing certificate of another',
      given: { attributes: [contentType, messageDigest, signingCertificateAttribute(other, 'sha256')] },
      failure: 'SIGNING_CERTIFICATE_MISMATCH',
    },
    {
      name: 'version 1 of another',
      given: {
        attributes: [
          contentType,
          messageDigest,
          attribute(
            OID.signingCertificate,
            sequence(sequence(sequence(octetString(hash('sha1', other.der, 'buffer'))))),
          ),
        ],
      },
      failure: 'SIGNING_CERTIFICATE_MISMATCH',
    },
    {
      name: 'version 2 with SHA-1',
      given: {
        attributes: [
          contentType,
          messageDigest,
          attribute(
            OID.signingCertificateV2,
            sequence(
              sequence(
                sequence(digestId(OID.sha1), octetString(hash('sha1', signer.certificate.der, 'buffer'))),
              ),
            ),
          ),
        ],
      },
      failure: 'WEAK_DIGEST',
    },
    { name: 'certificate missing', given: { certificates: [other.der] }, failure: 'NO_CERTIFICATE' },
    { name: 'RSA-1024', given: { by: { ...rsa, certificate: small } }, failure: 'KEY_TOO_SMALL' },
    { name: 'nobody signed', given: { none: true }, failure: 'NO_SIGNERS' },
  ])('$name: $failure', async ({ given, failure }) => {
    const { signers } = await verifyDetached(await craft(given), digestOf)
    expect(signers).toHaveLength(1)
    expect(signers[0]?.failure).toBe(failure)
    expect(signers[0]?.ok).toBe(failure === undefined)
  })
  test('a signing certificate with the right digest and another serial number', async () => {
    const issuer = sequence(tagged(4, signer.certificate.issuer.der))
    const digest = octetString(hash('sha256', signer.certificate.der, 'buffer'))
    const bound = (serial: Uint8Array) =>
      attribute(
        OID.signingCertificateV2,
        sequence(sequence(sequence(digest, sequence(issuer, integer(serial))))),
      )
    const report = async (serial: Uint8Array) =>
      (
        await verifyDetached(
          await craft({ attributes: [contentType, messageDigest, bound(serial)] }),
          digestOf,
        )
      ).signers
    expect(await report(signer.certificate.serialBytes)).toMatchObject([{ ok: true, bes: true }])
    expect(await report(Uint8Array.of(5))).toMatchObject([{ failure: 'SIGNING_CERTIFICATE_MISMATCH' }])
  })
  test('RFC 5652 §5.4: signed attributes that are BER', async () => {
    const long = Buffer.concat([Uint8Array.of(0x04, 0x81, 0x20), digestOf('sha256')])
    const der = await craft({ attributes: [contentType, attribute(OID.messageDigest, long)] })
    expect((await verifyDetached(der, digestOf)).signers).toMatchObject([{ failure: 'MALFORMED' }])
  })
  test('attributes that were changed after signing', async () => {
    const der = Buffer.from(
      await craft({
        attributes: [contentType, messageDigest, attribute(OID.signingTime, time(new Date('2026-01-01')))],
      }),
    )
    der[der.indexOf('260101000000Z') + 1] = '5'.charCodeAt(0)
    expect((await verifyDetached(der, digestOf)).signers).toMatchObject([
      { ok: false, failure: 'BAD_SIGNATURE' },
    ])
  })
  test.each(['', '00', '3000', '308006092a864886f70d010702'])('malformed: %j', async (hex) => {
    expect((await verifyDetached(Buffer.from(hex, 'hex'), digestOf)).signers).toMatchObject([
      { failure: 'MALFORMED' },
    ])
  })
})

describe('EN 319 122-1 §5.2: CAdES-BES', () => {
  test('carries the claimed time, the certificate and its issuers', async () => {
    const signingTime = new Date('2026-11-21T18:00:00Z')
    const der = await signDetached({ digest: digestOf('sha256'), signer, signingTime })
    const report = await verifyDetached(der, digestOf)
    expect(report.signers).toMatchObject([
      { ok: true, bes: true, signingTime, certificate: signer.certificate },
    ])
    expect(report.certificates).toHaveLength(2)
  })
})
