/**
 * Issues the certificates and lists of a development installation and of the tests. [RFC 5280 §4] A real provider
 * gets its certificates from an ESHS; production refuses what is made here.
 */
import { constants, createPublicKey, hash, type KeyObject, randomBytes, sign } from 'node:crypto'
import { OID } from '../asn1/oid.ts'
import { TAG } from '../asn1/tag.ts'
import {
  bitString,
  boolean,
  encode,
  integer,
  namedBits,
  nullValue,
  octetString,
  oid,
  printableString,
  sequence,
  setOf,
  tagged,
  taggedPrimitive,
  time,
  unsigned,
  utf8String,
} from '../asn1/writer.ts'
import type { Certificate, KeyUsage, Name } from '../ports.ts'
import { signatureIdentifier } from './algorithm.ts'
import { parseCertificate } from './certificate.ts'
import { extension, KEY_USAGES } from './extensions.ts'

export interface SubjectName {
  readonly commonName: string
  readonly organization?: string | undefined
  readonly country?: string | undefined
  /** 2.5.4.5: the identity number of a person. */
  readonly serialNumber?: string | undefined
}

/** Who issues: the certificate's name and key identifier, and the private key. */
export interface Issuer {
  readonly certificate: Certificate
  readonly key: KeyObject
}

export type Profile =
  | { readonly kind: 'root' }
  | { readonly kind: 'intermediate'; readonly pathLength?: number | undefined }
  /** İşlem sertifikası: signs evidence and dispatches, and carries the address they come from. */
  | { readonly kind: 'provider'; readonly email: string }
  | { readonly kind: 'tsa' }
  /** Answers for its issuer. `noCheck`: it lives so shortly that its own status is not asked. [RFC 6960 §4.2.2.2] */
  | { readonly kind: 'ocsp'; readonly noCheck: boolean }
  | { readonly kind: 'tls'; readonly dns: readonly string[]; readonly ip: readonly string[] }
  | { readonly kind: 'user'; readonly email: string }
  /** Shaped like a qualified certificate: no address, one purpose, the person named by number. */
  | { readonly kind: 'qualified' }

export interface CertificateRequest {
  readonly subject: SubjectName
  readonly publicKey: KeyObject
  readonly profile: Profile
  /** 'self' with the private key of `publicKey`, for a root. */
  readonly issuer: Issuer | { readonly self: KeyObject }
  readonly notBefore: Date
  readonly notAfter: Date
  readonly crlUrl?: string | undefined
  /** Further extensions, already encoded: for certificates that must be refused. */
  readonly extensions?: readonly Uint8Array[] | undefined
}

export function issueCertificate(request: CertificateRequest): Certificate {
  const { issuer } = request
  const key = 'self' in issuer ? issuer.self : issuer.key
  const spki = request.publicKey.export({ format: 'der', type: 'spki' })
  const issuerSpki = 'self' in issuer ? spki : issuer.certificate.spki
  const subject = writeName(request.subject)
  const algorithm = identifierFor(key)
  const extensions = [
    extension(OID.subjectKeyIdentifier, false, octetString(keyId(spki))),
    extension(
      OID.authorityKeyIdentifier,
      false,
      sequence(taggedPrimitive(0, issuerKeyId(issuer, issuerSpki))),
    ),
    ...profileExtensions(request.profile),
    ...(request.crlUrl === undefined ? [] : [crlExtension(request.crlUrl)]),
    ...(request.extensions ?? []),
  ]
  const tbs = sequence(
    tagged(0, integer(2)),
    integer(positiveSerial()),
    algorithm,
    'self' in issuer ? subject : issuer.certificate.subject.der,
    sequence(time(request.notBefore), time(request.notAfter)),
    subject,
    spki,
    tagged(3, sequence(...extensions)),
  )
  return parseCertificate(sequence(tbs, algorithm, bitString(signWith(key, tbs))))
}

export interface CrlRequest {
  readonly issuer: Issuer
  readonly number: number
  readonly thisUpdate: Date
  readonly nextUpdate: Date
  readonly revoked: readonly {
    readonly serial: Uint8Array
    readonly date: Date
    readonly reason?: number | undefined
    /** Further entry extensions, already encoded. */
    readonly extensions?: readonly Uint8Array[] | undefined
  }[]
  readonly extensions?: readonly Uint8Array[] | undefined
}

/** A complete list in DER. [RFC 5280 §5] */
export function issueCrl(request: CrlRequest): Uint8Array {
  const { certificate, key } = request.issuer
  const algorithm = identifierFor(key)
  const entries = request.revoked.map(({ serial, date, reason, extensions: more = [] }) => {
    const code =
      reason === undefined
        ? []
        : [extension(OID.reasonCode, false, encode(TAG.enumerated, Uint8Array.of(reason)))]
    const all = [...code, ...more]
    return sequence(integer(serial), time(date), ...(all.length === 0 ? [] : [sequence(...all)]))
  })
  const extensions = [
    extension(OID.authorityKeyIdentifier, false, sequence(taggedPrimitive(0, keyIdOf(certificate)))),
    extension(OID.crlNumber, false, integer(request.number)),
    ...(request.extensions ?? []),
  ]
  const tbs = sequence(
    integer(1),
    algorithm,
    certificate.subject.der,
    time(request.thisUpdate),
    time(request.nextUpdate),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    tagged(0, sequence(...extensions)),
  )
  return sequence(tbs, algorithm, bitString(signWith(key, tbs)))
}

/** Name in DER, in the order country, organization, common name, number. */
export function writeName(name: SubjectName): Name['der'] {
  const attribute = (type: string, value: Uint8Array): Uint8Array => setOf(sequence(oid(type), value))
  return sequence(
    ...(name.country === undefined ? [] : [attribute(OID.country, printableString(name.country))]),
    ...(name.organization === undefined ? [] : [attribute(OID.organization, utf8String(name.organization))]),
    attribute(OID.commonName, utf8String(name.commonName)),
    ...(name.serialNumber === undefined
      ? []
      : [attribute(OID.serialNumber, printableString(name.serialNumber))]),
  )
}

function profileExtensions(profile: Profile): Uint8Array[] {
  switch (profile.kind) {
    case 'root':
      return [authority(undefined), usage('keyCertSign', 'cRLSign')]
    case 'intermediate':
      return [authority(profile.pathLength), usage('keyCertSign', 'cRLSign')]
    case 'provider':
      return [
        usage('digitalSignature', 'nonRepudiation'),
        purposes(false, OID.emailProtection),
        names(taggedPrimitive(1, Buffer.from(profile.email, 'latin1'))),
      ]
    case 'tsa':
      // The one purpose, and critical, or no verifier may accept its tokens. [RFC 3161 §2.3]
      return [usage('digitalSignature', 'nonRepudiation'), purposes(true, OID.timeStamping)]
    case 'ocsp':
      return [
        usage('digitalSignature'),
        purposes(false, OID.ocspSigning),
        ...(profile.noCheck ? [extension(OID.ocspNoCheck, false, nullValue())] : []),
      ]
    case 'tls':
      return [
        usage('digitalSignature', 'keyEncipherment'),
        purposes(false, OID.serverAuth, OID.clientAuth),
        names(
          ...profile.dns.map((host) => taggedPrimitive(2, Buffer.from(host, 'latin1'))),
          ...profile.ip.map((address) => taggedPrimitive(7, addressOctets(address))),
        ),
      ]
    case 'user':
      return [
        usage('digitalSignature', 'nonRepudiation'),
        purposes(false, OID.emailProtection),
        names(taggedPrimitive(1, Buffer.from(profile.email, 'latin1'))),
      ]
    case 'qualified':
      // Qualified, and of a person. [EN 319 412-5 §4.2.1]
      return [
        usage('nonRepudiation'),
        extension(
          OID.qcStatements,
          false,
          sequence(sequence(oid(OID.qcCompliance)), sequence(oid(OID.trPersonal))),
        ),
      ]
  }
}

const authority = (pathLength: number | undefined): Uint8Array =>
  extension(
    OID.basicConstraints,
    true,
    sequence(boolean(true), ...(pathLength === undefined ? [] : [integer(pathLength)])),
  )

const usage = (...usages: readonly KeyUsage[]): Uint8Array =>
  extension(OID.keyUsage, true, namedBits(usages.map((name) => KEY_USAGES.indexOf(name))))

const purposes = (critical: boolean, ...list: readonly string[]): Uint8Array =>
  extension(OID.extendedKeyUsage, critical, sequence(...list.map(oid)))

const names = (...list: readonly Uint8Array[]): Uint8Array =>
  extension(OID.subjectAltName, false, sequence(...list))

/** DistributionPoint → fullName → URI. [RFC 5280 §4.2.1.13] */
const crlExtension = (url: string): Uint8Array => {
  const address = taggedPrimitive(6, Buffer.from(url, 'latin1'))
  return extension(OID.crlDistributionPoints, false, sequence(sequence(tagged(0, tagged(0, address)))))
}

/** First 160 bits of SHA-256 over the key. [RFC 7093 §2] */
const keyId = (spki: Uint8Array): Uint8Array => hash('sha256', spki, 'buffer').subarray(0, 20)
const keyIdOf = (certificate: Certificate): Uint8Array => certificate.subjectKeyId ?? keyId(certificate.spki)
const issuerKeyId = (issuer: CertificateRequest['issuer'], spki: Uint8Array): Uint8Array =>
  'self' in issuer ? keyId(spki) : keyIdOf(issuer.certificate)

/** 127 random bits, never zero. [RFC 5280 §4.1.2.2] */
function positiveSerial(): Uint8Array {
  const octets = randomBytes(16)
  octets[0] = (octets[0]! & 0x7f) | 0x40
  return unsigned(octets)
}

function identifierFor(key: KeyObject): Uint8Array {
  return signatureIdentifier(
    createPublicKey(key).asymmetricKeyType === 'ec' ? 'ecdsa' : 'rsa-pkcs1',
    'sha256',
  )
}

const signWith = (key: KeyObject, tbs: Uint8Array): Uint8Array =>
  key.asymmetricKeyType === 'ec'
    ? sign('sha256', tbs, { key, dsaEncoding: 'der' })
    : sign('sha256', tbs, { key, padding: constants.RSA_PKCS1_PADDING })

/** Network octets of an IPv4 address or of an IPv6 address with at most one `::`. */
function addressOctets(address: string): Uint8Array {
  if (!address.includes(':')) return Uint8Array.from(address.split('.').map(Number))
  const [front = '', back] = address.split('::')
  const groups = (text: string | undefined): number[] =>
    (text ?? '')
      .split(':')
      .filter(Boolean)
      .map((group) => Number.parseInt(group, 16))
  const [head, tail] = [groups(front), groups(back)]
  const all = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]))
}
