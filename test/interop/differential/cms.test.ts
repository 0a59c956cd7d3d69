/** RFC 5652 §5: signatures before us, `openssl cms -verify` and pkijs. */
import { generateKeyPairSync, hash } from 'node:crypto'
import * as pkijs from 'pkijs'
import { afterAll, expect, test } from 'vitest'
import { OID } from '../../../evidence/asn1/oid.ts'
import {
  encode,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  setOf,
  tagged,
} from '../../../evidence/asn1/writer.ts'
import { OpaqueReader } from '../../../evidence/cms/opaque.ts'
import { signDetached, signEnclosed } from '../../../evidence/cms/sign.ts'
import { type CmsReport, verifyDetached } from '../../../evidence/cms/verify.ts'
import type { HashName, Signer } from '../../../evidence/ports.ts'
import { signatureIdentifier } from '../../../evidence/x509/algorithm.ts'
import { toPem } from '../../../evidence/x509/certificate.ts'
import { issueCertificate } from '../../../evidence/x509/issue.ts'
import { validatePath } from '../../../evidence/x509/path.ts'
import {
  attribute,
  type Craft,
  content,
  contentType,
  craft,
  digestId,
  digestOf,
  messageDigest,
} from '../../fakes/crafted-cms.ts'
import { daysFromNow, type IssueOptions, makeRoot, pki } from '../../fakes/pki.ts'
import { OpensslFolder } from '../openssl.ts'
import { accepts, compare, type Difference, eachOf, exact, type Opinion, TIME_LIMIT } from './opinions.ts'

interface Artefact {
  readonly fault: string
  readonly name: string
  readonly der: Uint8Array
  readonly isDetached: boolean
  readonly content: Uint8Array
}

const folder = new OpensslFolder()
afterAll(() => folder[Symbol.dispose]())
const { root, intermediate } = pki()
const HASHES: readonly HashName[] = ['sha256', 'sha384', 'sha512']
const KINDS: readonly (IssueOptions & { readonly name: string })[] = [
  { name: 'RSA', kind: 'rsa' },
  { name: 'RSA-3072', kind: 'rsa3072' },
  { name: 'PSS', kind: 'rsa', pss: true },
  { name: 'P-256', kind: 'p256' },
  { name: 'P-384', kind: 'p384' },
  { name: 'P-521', kind: 'p521' },
]
const holderOf = (options: IssueOptions) => pki().issue({ kind: 'user', email: 'a@hs98.kep.tr' }, options)

/** The same in BER, as programs write it that do not know the length of the content before. */
function streamed(der: Uint8Array): Uint8Array {
  const indefinite = (tag: number, ...parts: readonly Uint8Array[]) =>
    Buffer.concat([Uint8Array.of(tag, 0x80), ...parts, Uint8Array.of(0, 0)])
  const enclosed = Buffer.from(sequence(oid(OID.data), tagged(0, octetString(content))))
  const at = Buffer.from(der).indexOf(enclosed)
  const head = Buffer.from(der).subarray(Buffer.from(der).indexOf(Buffer.from('020101', 'hex')), at)
  const segments = indefinite(0x24, octetString(content.subarray(0, 3)), octetString(content.subarray(3)))
  const info = indefinite(0x30, oid(OID.data), indefinite(0xa0, segments))
  const body = indefinite(0x30, head, info, der.subarray(at + enclosed.length))
  return indefinite(0x30, oid(OID.signedData), indefinite(0xa0, body))
}

/** Every key, digest and shape, as we write them. */
async function whole(): Promise<Artefact[]> {
  const made: Artefact[] = []
  for (const { name, ...options } of KINDS)
    for (const digest of HASHES) {
      const { signer } = holderOf({ ...options, hash: digest })
      const request = { signer, signingTime: new Date() }
      const enclosed = await signEnclosed(content, request)
      const all = { content, fault: 'none' }
      const detached = await signDetached({ ...request, digest: digestOf(digest) })
      made.push({ ...all, name: `${name} ${digest} detached`, der: detached, isDetached: true })
      made.push({ ...all, name: `${name} ${digest} enclosed`, der: enclosed, isDetached: false })
      made.push({ ...all, name: `${name} ${digest} streamed`, der: streamed(enclosed), isDetached: false })
    }
  return made
}

const otherDigest = hash('sha256', 'another', 'buffer')
const sha1 = (octets: Uint8Array) => hash('sha1', octets, 'buffer')
const good = [contentType(), messageDigest()]
const ess = (certificate: Uint8Array) =>
  attribute(
    OID.signingCertificateV2,
    sequence(sequence(sequence(octetString(hash('sha256', certificate, 'buffer'))))),
  )

/** What is wrong, for a signer of any kind. */
const FAULTS: Readonly<Record<string, (by: Signer) => Craft>> = {
  'as it is': () => ({}),
  'digest of another content': () => ({ attributes: [contentType(), messageDigest(otherDigest)] }),
  'no digest': () => ({ attributes: [contentType()] }),
  'no content type': () => ({ attributes: [messageDigest()] }),
  'another content type': () => ({ attributes: [contentType(OID.tstInfo), messageDigest()] }),
  'a bit of the signature': () => ({
    bend: (value) => value.map((octet, at) => (at === value.length - 1 ? octet ^ 1 : octet)),
  }),
  'no signature value': () => ({ bend: () => new Uint8Array() }),
  'attributes added': () => ({
    attributes: good,
    sent: [...good, attribute('1.2.3', nullValue())].sort(Buffer.compare),
  }),
  'attributes in another order': () => ({ attributes: good, sent: [...good].sort(Buffer.compare).reverse() }),
  'an attribute twice': () => ({
    attributes: [...good, attribute('1.2.3', nullValue()), attribute('1.2.3', nullValue())],
  }),
  'two digests': () => ({
    attributes: [
      contentType(),
      attribute(OID.messageDigest, octetString(digestOf('sha256')), octetString(otherDigest)),
    ],
  }),
  'an unknown attribute': () => ({ attributes: [...good, attribute('1.2.3', nullValue())] }),
  'an unsigned attribute': () => ({ unsigned: [attribute('1.2.3', nullValue())] }),
  'a signing time of 1970': () => ({
    attributes: [...good, attribute(OID.signingTime, encode(0x17, Buffer.from('700101000000Z')))],
  }),
  'the signing certificate of another': () => ({ attributes: [...good, ess(root.certificate.der)] }),
  'the signing certificate': (by) => ({ attributes: [...good, ess(by.certificate.der)] }),
  'SHA-1 of the content': () => ({
    digestAlgorithm: digestId(OID.sha1),
    attributes: [contentType(), messageDigest(sha1(content))],
  }),
  'another digest algorithm': () => ({ digestAlgorithm: digestId(OID.sha512) }),
  'the certificate missing': () => ({ certificates: [intermediate.certificate.der] }),
  'issuers missing': (by) => ({ certificates: [by.certificate.der] }),
  'more certificates than needed': (by) => ({
    certificates: [by.certificate.der, intermediate.certificate.der, makeRoot('beside').certificate.der],
  }),
}

async function faulty(): Promise<Artefact[]> {
  const made: Artefact[] = []
  for (const { name, ...options } of KINDS) {
    const { signer: by } = holderOf(options)
    for (const [fault, of] of Object.entries(FAULTS))
      for (const isDetached of [true, false]) {
        const certificates = [by.certificate.der, intermediate.certificate.der]
        const given = { by, certificates, ...of(by), ...(isDetached ? {} : { enclosed: content }) }
        made.push({
          fault,
          name: `${name} ${isDetached ? 'detached' : 'enclosed'}`,
          der: await craft(given),
          isDetached,
          content,
        })
      }
  }
  return made
}

/** Certificates that should not have signed; each as one key signs. */
async function badSigners(): Promise<Artefact[]> {
  const other = makeRoot('stranger')
  const times = { notBefore: daysFromNow(-1), notAfter: daysFromNow(1) }
  const keyed = (modulusLength: number, publicExponent: number) => {
    const pair = generateKeyPairSync('rsa', { modulusLength, publicExponent })
    const certificate = issueCertificate({
      subject: { commonName: 'zayıf' },
      publicKey: pair.publicKey,
      profile: { kind: 'qualified' },
      issuer: intermediate,
      ...times,
    })
    return { pair, certificate }
  }
  const { createSign } = await import('node:crypto')
  const weak = (bits: number, exponent: number): Signer => {
    const { pair, certificate } = keyed(bits, exponent)
    return {
      certificate,
      chain: [],
      algorithm: 'rsa-pkcs1',
      hash: 'sha256',
      sign: async (tbs) => createSign('sha256').update(tbs).sign(pair.privateKey),
    }
  }
  const signers: Readonly<Record<string, Signer>> = {
    'an expired certificate': holderOf({ notAfter: daysFromNow(-1) }).signer,
    'a certificate of tomorrow': holderOf({ notBefore: daysFromNow(1) }).signer,
    'a certificate of strangers': holderOf({ issuer: other }).signer,
    'RSA-1024': weak(1024, 65_537),
    'exponent 3': weak(2048, 3),
  }
  const made: Artefact[] = []
  for (const [fault, by] of Object.entries(signers))
    for (const isDetached of [true, false]) {
      const given = {
        by,
        certificates: [by.certificate.der, intermediate.certificate.der],
        ...(isDetached ? {} : { enclosed: content }),
      }
      made.push({ fault, name: String(isDetached), der: await craft(given), isDetached, content })
    }
  return made
}

/** Signatures without attributes, and contents that are not the one. */
async function others(): Promise<Artefact[]> {
  const made: Artefact[] = []
  for (const { name, ...options } of KINDS) {
    const { signer } = holderOf(options)
    const bare = sequence(
      integer(1),
      sequence(signer.certificate.issuer.der, integer(signer.certificate.serialBytes)),
      digestId(OID.sha256),
      signatureIdentifier(signer.algorithm, signer.hash),
      octetString(await signer.sign(content)),
    )
    const certificates = tagged(0, signer.certificate.der, intermediate.certificate.der)
    const frame = (info: Uint8Array, ...inside: Uint8Array[]) =>
      sequence(
        oid(OID.signedData),
        tagged(
          0,
          sequence(
            integer(1),
            setOf(digestId(OID.sha256)),
            sequence(oid(OID.data), ...inside),
            certificates,
            setOf(info),
          ),
        ),
      )
    const enclosed = tagged(0, octetString(content))
    const fault = 'no signed attributes'
    made.push({ fault, name: `${name} detached`, der: frame(bare), isDetached: true, content })
    made.push({ fault, name: `${name} enclosed`, der: frame(bare, enclosed), isDetached: false, content })
    const signed = await signDetached({ signer, signingTime: new Date(), digest: digestOf('sha256') })
    made.push({
      fault: 'another content',
      name,
      der: signed,
      isDetached: true,
      content: Buffer.from('another'),
    })
    made.push({ fault: 'no content', name, der: signed, isDetached: false, content })
    const cut = signed.subarray(0, signed.length - 1)
    made.push({ fault: 'cut short', name, der: cut, isDetached: true, content })
    const bytes = await signEnclosed(content, { signer, signingTime: new Date() })
    const at = Buffer.from(bytes).indexOf(content)
    const changed = bytes.map((octet, index) => (index === at ? octet ^ 1 : octet))
    made.push({ fault: 'a bit of the content', name, der: changed, isDetached: false, content })
  }
  return made
}

async function weSay({ der, isDetached, content }: Artefact): Promise<string> {
  const report = isDetached ? await verifyDetached(der, (name) => hash(name, content, 'buffer')) : opaque(der)
  const [signer] = report.signers
  if (signer?.ok !== true) return signer?.failure ?? 'NO_SIGNERS'
  const trust = {
    anchors: [root.certificate],
    intermediates: report.certificates,
    crls: [],
    revocation: 'if-present',
  } as const
  const path = validatePath(signer.certificate, { ...trust, at: new Date() })
  return path.ok ? 'good' : path.failure
}
function opaque(der: Uint8Array): CmsReport {
  const reader = new OpaqueReader(() => {})
  reader.write(der)
  return reader.end()
}

async function opensslSays({ der, isDetached, content }: Artefact, id: string): Promise<boolean> {
  folder.write(`${id}.der`, der)
  folder.write(`${id}.content`, content)
  const what = isDetached ? ['-content', `${id}.content`] : []
  const trust = ['-no-CApath', '-no-CAstore', '-CAfile', 'root.pem', '-purpose', 'any']
  const args = [
    'cms',
    '-verify',
    '-binary',
    '-inform',
    'DER',
    '-in',
    `${id}.der`,
    ...what,
    ...trust,
    '-out',
    '/dev/null',
  ]
  return await accepts('openssl', args, folder.path)
}

async function pkijsSays({ der, isDetached, content }: Artefact): Promise<boolean> {
  try {
    const data = new pkijs.SignedData({ schema: pkijs.ContentInfo.fromBER(exact(der)).content })
    const trustedCerts = [pkijs.Certificate.fromBER(exact(root.certificate.der))]
    const what = isDetached ? { data: exact(content) } : {}
    return await data.verify({ signer: 0, trustedCerts, checkChain: true, ...what })
  } catch {
    return false // it throws for what it cannot read, and for some of what it refuses
  }
}

const BOTH = ['openssl', 'pkijs'] as const
const DIFFERENCES: readonly Difference[] = [
  ...BOTH.map(
    (program): Difference => ({
      program,
      faults: ['no signed attributes'],
      says: 'good',
      right: 'either',
      why: 'RFC 5652 §5.3 allows it for plain data; such a signature is also one over the attributes of another',
    }),
  ),
  ...BOTH.map(
    (program): Difference => ({
      program,
      faults: ['another content type'],
      says: 'good',
      right: 'ours',
      why: 'the attribute must name the type of what is enclosed [RFC 5652 §5.6] [RFC 5652 §11.1]',
    }),
  ),
  ...BOTH.map(
    (program): Difference => ({
      program,
      faults: ['an attribute twice'],
      says: 'good',
      right: 'either',
      why: 'the standard names the four that stand once; we let none stand twice [RFC 5652 §11]',
    }),
  ),
  {
    program: 'pkijs',
    faults: ['two digests'],
    says: 'good',
    right: 'ours',
    why: 'the attribute has one value [RFC 5652 §11.2]',
  },
  ...BOTH.map(
    (program): Difference => ({
      program,
      faults: ['the signing certificate of another'],
      says: 'good',
      right: 'ours',
      why: 'the certificate must be the one that was signed [RFC 5035 §3]; openssl looks only with -cades',
    }),
  ),
  {
    program: 'pkijs',
    faults: ['SHA-1 of the content'],
    says: 'good',
    right: 'either',
    why: 'it knows no weak digest; collisions of SHA-1 are made to order',
  },
  ...BOTH.map(
    (program): Difference => ({
      program,
      faults: ['RSA-1024', 'exponent 3'],
      says: 'good',
      right: 'either',
      why: 'what is strong enough is for the relying party to say',
    }),
  ),
]

test(
  'CMS: whoever says otherwise than we is in the table',
  async () => {
    folder.write('root.pem', toPem('CERTIFICATE', root.certificate.der))
    const artefacts = [...(await whole()), ...(await faulty()), ...(await badSigners()), ...(await others())]
    const opinions = await eachOf(artefacts, async (artefact, at): Promise<Opinion> => {
      const { fault, name } = artefact
      const [openssl, other] = [await opensslSays(artefact, String(at)), await pkijsSays(artefact)]
      return { fault, name, ours: await weSay(artefact), theirs: { openssl, pkijs: other } }
    })
    const result = compare(opinions, DIFFERENCES)
    expect(result.unexplained).toEqual([])
    expect(result.stale).toEqual([])
    expect(result.artefacts).toBeGreaterThanOrEqual(340)
    expect(result.good).toBeGreaterThan(80)
  },
  TIME_LIMIT,
)
