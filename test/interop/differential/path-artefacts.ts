/** Chains of certificates, each with one thing wrong or odd. */
import { generateKeyPairSync } from 'node:crypto'
import { OID } from '../../../evidence/asn1/oid.ts'
import {
  boolean,
  encode,
  integer,
  nullValue,
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
import { daysFromNow, type KeyKind, makeKey, makeRoot } from '../../fakes/pki.ts'
import { resigned } from '../../fakes/resigned.ts'

export interface Chain {
  readonly leaf: Certificate
  readonly intermediates: readonly Certificate[]
  readonly anchor: Certificate
}

/** One certificate below the root, of a CA or the leaf. */
interface Row {
  readonly profile?: Profile
  readonly extensions?: readonly Uint8Array[]
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly key?: ReturnType<typeof makeKey>
  readonly commonName?: string
  /** Parts of tbsCertificate, signed anew. */
  readonly bend?: (parts: readonly Uint8Array[]) => readonly Uint8Array[]
  readonly hash?: 'sha1'
  readonly isForged?: boolean
}

export interface Fault {
  readonly name: string
  /** The first CA below the root, and the leaf. */
  readonly ca?: Row
  readonly leaf?: Row
  /** Shorter, or longer, chains cannot have it. */
  readonly leastCas?: number
  readonly mostCas?: number
  readonly change?: (chain: Chain) => Chain
}

const keys = new Map<string, ReturnType<typeof makeKey>>()
const keyOf = (kind: KeyKind, level: number) => {
  const id = `${kind} ${level}`
  const key = keys.get(id) ?? makeKey(kind)
  keys.set(id, key)
  return key
}
const roots = new Map<KeyKind, Issuer>()
export const rootOf = (kind: KeyKind): Issuer => {
  const root = roots.get(kind) ?? makeRoot(`Kök ${kind}`, kind)
  roots.set(kind, root)
  return root
}
const stranger = makeRoot('Kök p256', 'p256')

const LEAF: Profile = { kind: 'user', email: 'a@hs98.kep.tr' }

export function chainOf(kind: KeyKind, cas: number, fault: Pick<Fault, 'ca' | 'leaf' | 'change'>): Chain {
  let issuer = rootOf(kind)
  const anchor = issuer.certificate
  const intermediates: Certificate[] = []
  for (let level = 0; level <= cas; level++) {
    const isLeaf = level === cas
    const row: Row = (isLeaf ? fault.leaf : level === 0 ? fault.ca : undefined) ?? {}
    const pair = row.key ?? keyOf(kind, level)
    const made = issueCertificate({
      subject: { commonName: row.commonName ?? (isLeaf ? 'Ayşe' : `CA ${level}`), organization: 'Deneme' },
      publicKey: pair.publicKey,
      profile: row.profile ?? (isLeaf ? LEAF : { kind: 'intermediate' }),
      issuer,
      notBefore: row.notBefore ?? daysFromNow(-20),
      notAfter: row.notAfter ?? daysFromNow(900),
      extensions: row.extensions,
    })
    const certificate = bent(made, issuer, row)
    if (isLeaf) return (fault.change ?? ((chain) => chain))({ leaf: certificate, intermediates, anchor })
    intermediates.push(certificate)
    issuer = { certificate, key: pair.privateKey }
  }
  throw new RangeError('no leaf')
}

function bent(made: Certificate, issuer: Issuer, { bend, hash, isForged }: Row): Certificate {
  if (isForged === true) {
    const octets = Uint8Array.from(made.der)
    octets[octets.length - 1]! ^= 1
    return parseCertificate(octets)
  }
  if (bend === undefined && hash === undefined) return made
  return parseCertificate(
    resigned(made.der, { key: issuer.key, ...(hash && { hash }), ...(bend && { bend }) }),
  )
}

const oddKey = (options: object, type: 'rsa' | 'ec' | 'ed25519') =>
  generateKeyPairSync(type as 'rsa', options as { modulusLength: number }) as ReturnType<typeof makeKey>
const limits = (kind: 0 | 1, ...bases: readonly Uint8Array[]) =>
  extension(OID.nameConstraints, true, sequence(tagged(kind, ...bases.map((base) => sequence(base)))))
const mail = (text: string) => taggedPrimitive(1, Buffer.from(text))
const host = (text: string) => taggedPrimitive(2, Buffer.from(text))
const uri = (text: string) => taggedPrimitive(6, Buffer.from(text))
const [VERSION, SERIAL, ISSUER, VALIDITY, SUBJECT] = [0, 1, 3, 4, 5]
const validity = (from: string, to: string) =>
  sequence(...[from, to].map((text) => encode(text.length > 13 ? 0x18 : 0x17, Buffer.from(text))))
const user: Profile = { kind: 'qualified' }
const withNames = (...names: readonly Uint8Array[]): Row => ({
  profile: user,
  extensions: [extension(OID.subjectAltName, false, sequence(...names))],
})
const basic = (...parts: readonly Uint8Array[]) => extension(OID.basicConstraints, true, sequence(...parts))

export const FAULTS: readonly Fault[] = [
  { name: 'none' },
  { name: 'leaf expired', leaf: { notAfter: daysFromNow(-1) } },
  { name: 'CA expired', ca: { notAfter: daysFromNow(-1) } },
  { name: 'leaf not yet valid', leaf: { notBefore: daysFromNow(1) } },
  { name: 'CA not yet valid', ca: { notBefore: daysFromNow(1) } },
  {
    name: 'leaf valid for ever',
    leaf: { bend: (parts) => parts.with(VALIDITY, validity('260101000000Z', '99991231235959Z')) },
  },
  {
    name: 'times in four digits before 2050',
    leaf: { bend: (parts) => parts.with(VALIDITY, validity('20260101000000Z', '20301231235959Z')) },
  },
  { name: 'CA without basicConstraints', ca: { profile: user } },
  { name: 'CA: FALSE', ca: { profile: user, extensions: [basic()] } },
  {
    name: 'CA whose key may not sign certificates',
    ca: { profile: user, extensions: [basic(boolean(true))] },
  },
  { name: 'issued by an end entity of a CA', ca: { profile: LEAF } },
  {
    name: 'pathLen 0, nothing but the leaf below',
    ca: { profile: { kind: 'intermediate', pathLength: 0 } },
    mostCas: 1,
  },
  { name: 'pathLen too short', ca: { profile: { kind: 'intermediate', pathLength: 0 } }, leastCas: 2 },
  {
    name: 'pathLen as long as needed',
    ca: { profile: { kind: 'intermediate', pathLength: 1 } },
    leastCas: 2,
  },
  { name: 'leaf with a signature that is none', leaf: { isForged: true } },
  { name: 'CA with a signature that is none', ca: { isForged: true } },
  { name: 'leaf signed with SHA-1', leaf: { hash: 'sha1' } },
  { name: 'CA signed with SHA-1', ca: { hash: 'sha1' } },
  {
    name: 'leaf with an unknown critical extension',
    leaf: { extensions: [extension('1.2.3.4', true, nullValue())] },
  },
  {
    name: 'CA with an unknown critical extension',
    ca: { extensions: [extension('1.2.3.4', true, nullValue())] },
  },
  {
    name: 'leaf with an unknown extension',
    leaf: { extensions: [extension('1.2.3.4', false, nullValue())] },
  },
  {
    name: 'critical qcStatements',
    leaf: { extensions: [extension(OID.qcStatements, true, sequence(sequence(oid(OID.qcCompliance))))] },
  },
  {
    name: 'critical CRL points',
    leaf: {
      extensions: [
        extension(
          OID.crlDistributionPoints,
          true,
          sequence(sequence(tagged(0, tagged(0, uri('http://a.tr'))))),
        ),
      ],
    },
  },
  { name: 'RSA-1024', leaf: { key: oddKey({ modulusLength: 1024 }, 'rsa') } },
  { name: 'RSA with exponent 3', leaf: { key: oddKey({ modulusLength: 2048, publicExponent: 3 }, 'rsa') } },
  { name: 'a curve that we do not know', leaf: { key: oddKey({ namedCurve: 'secp256k1' }, 'ec') } },
  { name: 'Ed25519', leaf: { key: oddKey({}, 'ed25519') } },
  { name: 'intermediates missing', change: (chain) => ({ ...chain, intermediates: [] }) },
  { name: 'another anchor', change: (chain) => ({ ...chain, anchor: makeRoot('başka').certificate }) },
  {
    name: 'an anchor of the same name',
    change: (chain) => ({
      ...chain,
      anchor: chain.anchor.subject.text.includes('p256')
        ? stranger.certificate
        : makeRoot('Kök p256', 'p256').certificate,
    }),
  },
  {
    name: 'other intermediates beside',
    change: (chain) => ({
      ...chain,
      intermediates: [stranger.certificate, ...chain.intermediates.toReversed()],
    }),
  },
  { name: 'the leaf is a CA', leaf: { profile: { kind: 'intermediate' } } },
  { name: 'the issuer in capitals', leaf: { bend: (parts) => parts.with(ISSUER, capitals(parts[ISSUER]!)) } },
  {
    name: 'the issuer under another name',
    leaf: {
      bend: (parts) => parts.with(ISSUER, sequence(setOf(sequence(oid(OID.commonName), utf8String('CA 9'))))),
    },
  },
  { name: 'serial number zero', leaf: { bend: (parts) => parts.with(SERIAL, integer(0)) } },
  {
    name: 'serial number below zero',
    leaf: { bend: (parts) => parts.with(SERIAL, encode(2, Uint8Array.of(0x80))) },
  },
  { name: 'no subject', leaf: { bend: (parts) => parts.with(SUBJECT, sequence()) } },
  {
    name: 'version 1, no extensions',
    leaf: { bend: (parts) => parts.filter((_, at) => at !== VERSION).slice(0, 6) },
  },
  { name: 'CA of version 1', ca: { bend: (parts) => parts.filter((_, at) => at !== VERSION).slice(0, 6) } },
  { name: 'key identifier of another', leaf: { bend: (parts) => parts.map((part) => otherKeyId(part)) } },
  { name: 'mailbox permitted', ca: { extensions: [limits(0, mail('hs98.kep.tr'))] } },
  { name: 'mailbox outside', ca: { extensions: [limits(0, mail('hs99.kep.tr'))] } },
  { name: 'mailbox excluded', ca: { extensions: [limits(1, mail('hs98.kep.tr'))] } },
  { name: 'mailbox excluded, in capitals', ca: { extensions: [limits(1, mail('HS98.KEP.TR'))] } },
  { name: 'mailbox below a permitted domain', ca: { extensions: [limits(0, mail('.kep.tr'))] } },
  { name: 'mailbox below an excluded domain', ca: { extensions: [limits(1, mail('.kep.tr'))] } },
  { name: 'constraints on other kinds', ca: { extensions: [limits(0, host('example.org'))] } },
  {
    name: 'host permitted',
    ca: { extensions: [limits(0, host('kep.tr'))] },
    leaf: withNames(host('a.kep.tr')),
  },
  {
    name: 'host outside',
    ca: { extensions: [limits(0, host('kep.tr'))] },
    leaf: withNames(host('a.example.org')),
  },
  {
    name: 'host outside by suffix',
    ca: { extensions: [limits(0, host('kep.tr'))] },
    leaf: withNames(host('akep.tr')),
  },
  {
    name: 'host excluded',
    ca: { extensions: [limits(1, host('kep.tr'))] },
    leaf: withNames(host('a.kep.tr')),
  },
  {
    name: 'one of two names outside',
    ca: { extensions: [limits(0, mail('hs98.kep.tr'))] },
    leaf: withNames(mail('a@hs98.kep.tr'), mail('a@x.org')),
  },
  {
    name: 'address in the subject outside',
    ca: { extensions: [limits(0, mail('hs98.kep.tr'))] },
    leaf: {
      profile: user,
      bend: (parts) =>
        parts.with(
          SUBJECT,
          sequence(setOf(sequence(oid(OID.emailAddress), encode(0x16, Buffer.from('a@x.org'))))),
        ),
    },
  },
  {
    name: 'constraints of a kind that few know',
    ca: { extensions: [limits(0, uri('.kep.tr'))] },
    leaf: withNames(uri('http://a.kep.tr/')),
  },
  {
    name: 'subject within a directory',
    ca: {
      extensions: [
        limits(0, tagged(4, sequence(setOf(sequence(oid(OID.organization), utf8String('Deneme')))))),
      ],
    },
  },
  {
    name: 'subject outside a directory',
    ca: {
      extensions: [
        limits(0, tagged(4, sequence(setOf(sequence(oid(OID.organization), utf8String('Başka')))))),
      ],
    },
  },
  {
    name: 'subject excluded by its directory',
    ca: {
      extensions: [
        limits(1, tagged(4, sequence(setOf(sequence(oid(OID.organization), utf8String('deneme')))))),
      ],
    },
  },
]

/** A-Z for a-z, in place: lengths stay. */
function capitals(name: Uint8Array): Uint8Array {
  return Buffer.from(
    Buffer.from(name)
      .toString('latin1')
      .replace(/Kök|CA|Deneme/g, (text) => text.toUpperCase()),
    'latin1',
  )
}

/** In the authority key identifier. */
function otherKeyId(part: Uint8Array): Uint8Array {
  const at = Buffer.from(part).indexOf(Buffer.from('30168014', 'hex'))
  if (part[0] !== 0xa3 || at < 0) return part
  return Uint8Array.from(part).fill(0x77, at + 4, at + 24)
}

/** Constraints and names from small alphabets, so that they meet. */
export function randomConstraints(chance: () => number): Pick<Fault, 'ca' | 'leaf'> {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)]!
  const some = <T>(make: () => T): T[] => Array.from({ length: 1 + Math.floor(chance() * 2) }, make)
  const base = () =>
    pick([
      () => mail(pick(['kep.tr', 'a.kep.tr', '.kep.tr', 'x@kep.tr', 'KEP.TR', 'x@A.kep.tr'])),
      () => host(pick(['kep.tr', 'a.kep.tr', 'b.tr', 'KEP.tr'])),
    ])()
  const name = () =>
    pick([
      () =>
        mail(pick(['x@kep.tr', 'y@kep.tr', 'x@a.kep.tr', 'x@A.KEP.TR', 'x@b.tr', 'x@akep.tr', 'X@kep.tr'])),
      () => host(pick(['kep.tr', 'a.kep.tr', 'b.a.kep.tr', 'akep.tr', 'b.tr', 'A.KEP.TR'])),
    ])()
  const trees = [pick([0, 1] as const)].concat(chance() < 0.3 ? [1] : [])
  const parts = [...new Set(trees)]
    .sort()
    .map((kind) => tagged(kind, ...some(base).map((one) => sequence(one))))
  return {
    ca: { extensions: [extension(OID.nameConstraints, true, sequence(...parts))] },
    leaf: withNames(...some(name)),
  }
}
