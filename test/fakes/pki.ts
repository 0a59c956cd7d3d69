/** A small real CA with everything a provider needs, made in memory once per process. Keys exist only while it runs. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { keySigner } from '../../evidence/keys/key-signer.ts'
import type { Certificate, HashName, Signer, TrustContext } from '../../evidence/ports.ts'
import {
  type Issuer,
  issueCertificate,
  issueCrl,
  type Profile,
  type SubjectName,
} from '../../evidence/x509/issue.ts'

export type KeyKind = 'rsa' | 'rsa3072' | 'p256' | 'p384' | 'p521'

export interface Holder {
  readonly key: KeyObject
  readonly certificate: Certificate
  readonly signer: Signer
}

export interface Pki {
  readonly root: Issuer
  readonly intermediate: Issuer
  readonly provider: Holder
  readonly tsa: Holder
  readonly user: Holder
  readonly qualifiedUser: Holder
  readonly tls: Holder
  /** Fresh empty lists of root and intermediate. */
  readonly crls: readonly Uint8Array[]
  readonly trust: Omit<TrustContext, 'at'>
  /** Another certificate below the intermediate. */
  issue(profile: Profile, options?: IssueOptions): Holder
}

export interface IssueOptions {
  readonly subject?: SubjectName
  readonly kind?: KeyKind
  readonly hash?: HashName
  readonly pss?: boolean
  readonly issuer?: Issuer
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly extensions?: readonly Uint8Array[]
  /** Where its list is said to be; null: nowhere. */
  readonly crlUrl?: string | null
}

const DAY = 24 * 60 * 60 * 1000
export const daysFromNow = (days: number): Date => new Date(Math.floor(Date.now() / 1000) * 1000 + days * DAY)

let made: Pki | undefined

export const pki = (): Pki => {
  made ??= makePki()
  return made
}

export function makeKey(kind: KeyKind): { publicKey: KeyObject; privateKey: KeyObject } {
  if (kind === 'rsa' || kind === 'rsa3072')
    return generateKeyPairSync('rsa', { modulusLength: kind === 'rsa' ? 2048 : 3072 })
  return generateKeyPairSync('ec', { namedCurve: { p256: 'P-256', p384: 'P-384', p521: 'P-521' }[kind] })
}

/** A root of its own; tests use it for strangers. */
export function makeRoot(commonName: string, kind: KeyKind = 'p256'): Issuer {
  const { publicKey, privateKey } = makeKey(kind)
  const certificate = issueCertificate({
    subject: { commonName, organization: 'OpenKEP Deneme', country: 'TR' },
    publicKey,
    profile: { kind: 'root' },
    issuer: { self: privateKey },
    notBefore: daysFromNow(-30),
    notAfter: daysFromNow(3650),
  })
  return { certificate, key: privateKey }
}

/** A new set; with RSA keys throughout where asked. */
export function makePki(): Pki {
  const root = makeRoot('Deneme Kök')
  const authority = makeKey('p256')
  const intermediate: Issuer = {
    key: authority.privateKey,
    certificate: issueCertificate({
      subject: { commonName: 'Deneme Alt Kök', organization: 'OpenKEP Deneme', country: 'TR' },
      publicKey: authority.publicKey,
      profile: { kind: 'intermediate', pathLength: 0 },
      issuer: root,
      notBefore: daysFromNow(-20),
      notAfter: daysFromNow(1800),
    }),
  }
  const issue: Pki['issue'] = (profile, options = {}) => {
    const pair = makeKey(options.kind ?? 'p256')
    const certificate = issueCertificate({
      subject: options.subject ?? { commonName: `Deneme ${profile.kind}`, country: 'TR' },
      publicKey: pair.publicKey,
      profile,
      issuer: options.issuer ?? intermediate,
      notBefore: options.notBefore ?? daysFromNow(-10),
      notAfter: options.notAfter ?? daysFromNow(700),
      crlUrl: options.crlUrl === null ? undefined : (options.crlUrl ?? 'http://127.0.0.1/deneme.crl'),
      extensions: options.extensions,
    })
    const chain = options.issuer === undefined ? [intermediate.certificate] : []
    const { hash = 'sha256', pss } = options
    return {
      key: pair.privateKey,
      certificate,
      signer: keySigner({ key: pair.privateKey, certificate, chain, hash, pss }),
    }
  }
  const crls = [root, intermediate].map((issuer) => emptyCrl(issuer))
  const person = { commonName: 'Ayşe Işık', country: 'TR', serialNumber: '10000000146' }
  return {
    root,
    intermediate,
    provider: issue({ kind: 'provider', email: 'kep@hs98.kep.tr' }, { kind: 'rsa' }),
    tsa: issue({ kind: 'tsa' }),
    user: issue({ kind: 'user', email: 'deneme.gonderen@hs98.kep.tr' }, { subject: person }),
    qualifiedUser: issue({ kind: 'qualified' }, { subject: { ...person, serialNumber: '10000000078' } }),
    tls: issue({ kind: 'tls', dns: ['localhost', 'hs98.kep.tr'], ip: ['127.0.0.1', '::1'] }),
    crls,
    trust: {
      anchors: [root.certificate],
      intermediates: [intermediate.certificate],
      crls,
      revocation: 'require',
    },
    issue,
  }
}

export const emptyCrl = (
  issuer: Issuer,
  revoked: readonly { serial: Uint8Array; date: Date }[] = [],
): Uint8Array =>
  issueCrl({ issuer, number: 1, thisUpdate: daysFromNow(-1), nextUpdate: daysFromNow(30), revoked })

/** As a CA publishes it: of the last hour. */
export const freshCrl = (
  issuer: Issuer,
  revoked: readonly { serial: Uint8Array; date: Date }[] = [],
  now = new Date(),
): Uint8Array =>
  issueCrl({
    issuer,
    number: 1,
    thisUpdate: new Date(now.getTime() - DAY / 24),
    nextUpdate: new Date(now.getTime() + 30 * DAY),
    revoked,
  })
