/** RFC 5280 §6.3 and RFC 6960 §3.2: lists and answers before us, `openssl verify -crl_check` and `openssl ocsp`. */
import { spawnSync } from 'node:child_process'
import { afterAll, expect, test } from 'vitest'
import { OID } from '../../../evidence/asn1/oid.ts'
import { boolean, encode, integer, nullValue, sequence } from '../../../evidence/asn1/writer.ts'
import type { Certificate } from '../../../evidence/ports.ts'
import { toPem } from '../../../evidence/x509/certificate.ts'
import { extension } from '../../../evidence/x509/extensions.ts'
import { type CrlRequest, type Issuer, issueCertificate, issueCrl } from '../../../evidence/x509/issue.ts'
import { answerStatus } from '../../../evidence/x509/ocsp-status.ts'
import { validatePath } from '../../../evidence/x509/path.ts'
import {
  crlDistributionPoints,
  deltaIndicator,
  issuingDistributionPoint,
  uriName,
} from '../../fakes/crl-parts.ts'
import { type Answer, answer, delegate, errorAnswer } from '../../fakes/ocsp-responder.ts'
import { daysFromNow, type KeyKind, makeKey, makePki, makeRoot, pki } from '../../fakes/pki.ts'
import { resigned } from '../../fakes/resigned.ts'
import { OpensslFolder } from '../openssl.ts'
import { compare, type Difference, eachOf, type Opinion, TIME_LIMIT } from './opinions.ts'

const folder = new OpensslFolder()
afterAll(() => folder[Symbol.dispose]())

const KINDS: readonly KeyKind[] = ['rsa', 'p256', 'p384', 'p521']
const POINT = uriName('http://a.example/liste.crl')
const OTHER = uriName('http://b.example/liste.crl')

interface House {
  readonly ca: Issuer
  readonly leaf: Certificate
}
/** A CA that is its own root, and a certificate of its that names a point. */
function houseOf(kind: KeyKind): House {
  const ca = makeRoot(`Liste ${kind}`, kind)
  const leaf = issueCertificate({
    subject: { commonName: 'Ayşe' },
    publicKey: makeKey('p256').publicKey,
    profile: { kind: 'user', email: 'a@hs98.kep.tr' },
    issuer: ca,
    notBefore: daysFromNow(-9),
    notAfter: daysFromNow(90),
    extensions: [crlDistributionPoints({ names: [POINT] })],
  })
  return { ca, leaf }
}

/** Beside good or not: who says that it was revoked. */
interface Told extends Opinion {
  readonly revoked: { readonly ours: boolean; readonly openssl: boolean }
}

type Lists = (house: House) => readonly Uint8Array[]
const list = ({ ca }: House, given: Partial<CrlRequest> = {}): Uint8Array =>
  issueCrl({
    issuer: ca,
    number: 5,
    thisUpdate: daysFromNow(-1),
    nextUpdate: daysFromNow(9),
    revoked: [],
    ...given,
  })
const revokedNow = ({ leaf }: House, reason?: number) => ({
  revoked: [{ serial: leaf.serialBytes, date: daysFromNow(-1), reason }],
})
const forged = (octets: Uint8Array): Uint8Array =>
  octets.map((octet, at) => (at === octets.length - 1 ? octet ^ 1 : octet))
const scoped = (
  house: House,
  scope: Parameters<typeof issuingDistributionPoint>[0],
  more: Partial<CrlRequest> = {},
) => list(house, { extensions: [issuingDistributionPoint(scope)], ...more })

const LISTS: Readonly<Record<string, Lists>> = {
  good: (house) => [list(house)],
  'no list': () => [],
  revoked: (house) => [list(house, revokedNow(house))],
  'revoked with a reason': (house) => [list(house, revokedNow(house, 1))],
  'on hold': (house) => [list(house, revokedNow(house, 6))],
  'lifted, in a complete list': (house) => [list(house, revokedNow(house, 8))],
  'another revoked': (house) => [
    list(house, { revoked: [{ serial: Uint8Array.of(9), date: daysFromNow(-1) }] }),
  ],
  'ran out': (house) => [list(house, { nextUpdate: daysFromNow(-0.5) })],
  'ran out, and names it': (house) => [list(house, { ...revokedNow(house), nextUpdate: daysFromNow(-0.5) })],
  'ran out, and names it on hold': (house) => [
    list(house, { ...revokedNow(house, 6), nextUpdate: daysFromNow(-0.5) }),
  ],
  'ran out, names it, and a new one is silent': (house) => [
    list(house, { ...revokedNow(house), nextUpdate: daysFromNow(-0.5) }),
    list(house, { number: 6, thisUpdate: daysFromNow(-0.1) }),
  ],
  'of tomorrow': (house) => [list(house, { thisUpdate: daysFromNow(1), nextUpdate: daysFromNow(2) })],
  'of strangers': () => [list(houseOf('p256'))],
  'of strangers with the same name': ({ leaf }) => [list({ ca: makeRoot('Liste p256'), leaf })],
  'a signature that is none': (house) => [forged(list(house))],
  'revoked by a signature that is none': (house) => [forged(list(house, revokedNow(house)))],
  'signed with SHA-1': (house) => [resigned(list(house), { key: house.ca.key, hash: 'sha1' })],
  'an unknown critical extension': (house) => [
    list(house, { extensions: [extension('1.2.3', true, nullValue())] }),
  ],
  'an unknown extension': (house) => [list(house, { extensions: [extension('1.2.3', false, nullValue())] })],
  'an entry with an unknown critical extension': (house) => [
    list(house, {
      revoked: [
        {
          serial: Uint8Array.of(9),
          date: daysFromNow(-1),
          extensions: [extension('1.2.3', true, nullValue())],
        },
      ],
    }),
  ],
  'users only': (house) => [scoped(house, { users: true })],
  'CAs only': (house) => [scoped(house, { authorities: true })],
  'attribute certificates only': (house) => [scoped(house, { attributes: true })],
  'its point': (house) => [scoped(house, { names: [POINT] })],
  'its point, and it revokes': (house) => [scoped(house, { names: [POINT] }, revokedNow(house))],
  'another point': (house) => [scoped(house, { names: [OTHER] })],
  'another point, and it revokes': (house) => [scoped(house, { names: [OTHER] }, revokedNow(house))],
  'its point among others': (house) => [scoped(house, { names: [OTHER, POINT] })],
  'some reasons': (house) => [scoped(house, { reasons: [1, 2] })],
  indirect: (house) => [scoped(house, { indirect: true })],
  'a delta alone': (house) => [list(house, { extensions: [deltaIndicator(3)] })],
  'no nextUpdate': (house) => [
    resigned(list(house), { key: house.ca.key, bend: (parts) => parts.filter((_, at) => at !== 4) }),
  ],
  'no nextUpdate, and names it': (house) => [
    resigned(list(house, revokedNow(house)), {
      key: house.ca.key,
      bend: (parts) => parts.filter((_, at) => at !== 4),
    }),
  ],
  'a number of forty octets': (house) => [
    resigned(list(house), {
      key: house.ca.key,
      bend: (parts) =>
        parts.with(
          -1,
          encode(0xa0, sequence(extension(OID.crlNumber, false, encode(2, new Uint8Array(40).fill(1))))),
        ),
    }),
  ],
  'good and revoked': (house) => [list(house), list(house, { number: 6, ...revokedNow(house) })],
  'an old good one and a new one that revokes': (house) => [
    list(house, { thisUpdate: daysFromNow(-5) }),
    list(house, { number: 6, thisUpdate: daysFromNow(-0.1), ...revokedNow(house) }),
  ],
  'critical entries of a kind that is known': (house) => [
    list(house, {
      revoked: [
        {
          serial: Uint8Array.of(9),
          date: daysFromNow(-1),
          extensions: [extension(OID.reasonCode, true, encode(0x0a, Uint8Array.of(1)))],
        },
      ],
    }),
  ],
  'the root’s name in the scope of a list': (house) => [
    list(house, {
      extensions: [extension('1.2.4', false, boolean(true)), extension('1.2.5', false, integer(1))],
    }),
  ],
}

async function byList(house: House, name: string, lists: readonly Uint8Array[], id: string): Promise<Told> {
  const path = validatePath(house.leaf, {
    anchors: [house.ca.certificate],
    intermediates: [],
    crls: lists,
    at: new Date(),
    revocation: 'require',
  })
  folder.write(`${id}.leaf`, toPem('CERTIFICATE', house.leaf.der))
  folder.write(`${id}.ca`, toPem('CERTIFICATE', house.ca.certificate.der))
  folder.write(`${id}.crl`, lists.map((one) => toPem('X509 CRL', one)).join(''))
  const given = lists.length === 0 ? [] : ['-CRLfile', `${id}.crl`]
  const args = [
    'verify',
    '-no-CApath',
    '-no-CAstore',
    '-CAfile',
    `${id}.ca`,
    ...given,
    '-crl_check',
    '-extended_crl',
    `${id}.leaf`,
  ]
  const said = saysOpenssl(args)
  return {
    fault: name,
    name: house.ca.certificate.subject.text,
    ours: path.ok ? 'good' : path.failure,
    theirs: { openssl: said.isWell },
    revoked: { ours: !path.ok && path.failure === 'REVOKED', openssl: /^error 23 /m.test(said.words) },
  }
}

const made = pki()
const certificate = made.user.certificate
const ANSWERS: Readonly<Record<string, (issuer: Issuer) => Partial<Answer> | Uint8Array>> = {
  'answer: good': () => ({}),
  'answer: good, by name': () => ({ byName: true }),
  'answer: revoked': () => ({ singles: [{ certificate, status: { revoked: daysFromNow(-1) } }] }),
  'answer: unknown': () => ({ singles: [{ certificate, status: 'unknown' }] }),
  'answer: about another': () => ({ singles: [{ certificate: made.tsa.certificate }] }),
  'answer: about others and it': () => ({
    singles: [{ certificate: made.tsa.certificate, status: { revoked: daysFromNow(-1) } }, { certificate }],
  }),
  'answer: ran out': () => ({
    singles: [{ certificate, thisUpdate: daysFromNow(-3), nextUpdate: daysFromNow(-1) }],
  }),
  'answer: ran out, and says revoked': () => ({
    singles: [
      {
        certificate,
        status: { revoked: daysFromNow(-4) },
        thisUpdate: daysFromNow(-3),
        nextUpdate: daysFromNow(-1),
      },
    ],
  }),
  'answer: of tomorrow': () => ({
    singles: [{ certificate, thisUpdate: daysFromNow(1), nextUpdate: daysFromNow(2) }],
  }),
  'answer: ran out before it began': () => ({
    singles: [{ certificate, thisUpdate: daysFromNow(-1), nextUpdate: daysFromNow(-2) }],
  }),
  'answer: without nextUpdate': () => ({ singles: [{ certificate, nextUpdate: undefined }] }),
  'answer: a delegate': () => by(delegate(made)),
  'answer: a delegate with RSA': () => by(delegate(made, { kind: 'rsa' })),
  'answer: a delegate without its certificate': () => ({ ...by(delegate(made)), certificates: [] }),
  'answer: a delegate that expired': () => by(delegate(made, { notAfter: daysFromNow(-1) })),
  'answer: a certificate for another purpose': () => by(made.issue({ kind: 'user', email: 'x@hs98.kep.tr' })),
  'answer: a delegate of strangers': () => by(delegate(makePki())),
  'answer: a signature that is none': (issuer) => forged(answer({ issuer, singles: [{ certificate }] })),
  'answer: tryLater': () => errorAnswer(3),
  'answer: unauthorized': () => errorAnswer(6),
  'answer: an unknown critical extension': () => ({ extensions: [extension('1.2.3', true, nullValue())] }),
  'answer: an unknown extension': () => ({ extensions: [extension('1.2.3', false, nullValue())] }),
}
const by = (signer: { key: Issuer['key']; certificate: Certificate }): Partial<Answer> => ({
  signer,
  certificates: [signer.certificate],
})

async function byAnswer(name: string, der: Uint8Array, id: string): Promise<Told> {
  const status = answerStatus(der, {
    certificate,
    issuer: made.intermediate.certificate,
    at: new Date(),
    crls: made.crls,
  })
  folder.write(`${id}.ocsp`, der)
  const trust = ['-CAfile', 'root.pem', '-verify_other', 'ca.pem', '-issuer', 'ca.pem']
  const args = ['ocsp', '-respin', `${id}.ocsp`, ...trust, '-cert', 'leaf.pem', '-no_nonce']
  const { isWell, words } = saysOpenssl(args)
  const isBelieved = /^Response verify OK$/m.test(words)
  const isCurrent = !/WARNING: Status times invalid/.test(words)
  return {
    fault: name,
    name: '',
    ours: status.status === 'unknown' ? status.code : status.status,
    theirs: { openssl: isWell && isBelieved && isCurrent && /leaf\.pem: good/.test(words) },
    revoked: {
      ours: status.status === 'revoked',
      openssl: isBelieved && /^(leaf\.pem: )?revoked$/m.test(words),
    },
  }
}

/** All that it says; of lists and answers that ran out it tells that, and what stands in them. */
function saysOpenssl(args: readonly string[]): { readonly isWell: boolean; readonly words: string } {
  const { stdout, stderr, status } = spawnSync('openssl', args, { cwd: folder.path, encoding: 'utf8' })
  return { isWell: status === 0, words: `${stdout}${stderr}` }
}

const DIFFERENCES: readonly Difference[] = [
  {
    program: 'openssl',
    faults: ['of tomorrow', 'answer: of tomorrow'],
    says: 'refused',
    right: 'either',
    why: 'the time in question may lie in the past, so what was made after it says more than what was made before',
  },
  {
    program: 'openssl',
    faults: ['critical entries of a kind that is known'],
    says: 'refused',
    right: 'either',
    why: 'the reason should not be critical [RFC 5280 §5.3.1]; we know it, so it is processed',
  },
  {
    program: 'openssl',
    faults: ['good and revoked'],
    says: 'good',
    right: 'either',
    why: 'it takes the first of two lists of one time; for us the one that revokes outweighs any other',
  },
  {
    program: 'openssl',
    faults: ['ran out, names it, and a new one is silent'],
    says: 'good',
    right: 'either',
    why: 'it asks the newest list alone; a certificate may leave lists when it expires [RFC 5280 §3.3], so silence takes nothing back',
  },
  {
    program: 'openssl',
    faults: ['signed with SHA-1'],
    says: 'good',
    right: 'either',
    why: 'what is strong enough is for the relying party to say',
  },
  {
    program: 'openssl',
    faults: ['no nextUpdate'],
    says: 'good',
    right: 'ours',
    why: 'a list must have it [RFC 5280 §5.1.2.5]; one without it would never run out',
  },
  {
    program: 'openssl',
    faults: ['indirect'],
    says: 'good',
    right: 'either',
    why: 'who does not process indirect lists leaves them [RFC 5280 §5.2.5]; openssl does with -extended_crl',
  },
  {
    program: 'openssl',
    faults: ['a number of forty octets'],
    says: 'good',
    right: 'either',
    why: 'no list may have a number of over 20 octets [RFC 5280 §5.2.3]',
  },
  {
    program: 'openssl',
    faults: ['answer: an unknown critical extension'],
    says: 'good',
    right: 'ours',
    why: 'what is critical and not understood must not be ignored [RFC 6960 §4.4]',
  },
]

/** Who alone says revoked, and why. */
const REVOKED_DIFFERENCES: ReadonlyMap<string, string> = new Map([
  ['good and revoked', 'we: it takes the first of two lists of one time'],
  ['ran out, names it, and a new one is silent', 'we: it asks the newest list alone'],
  ['ran out, and names it on hold', 'openssl: a hold may have been lifted since, so we say unknown'],
])

test(
  'status: whoever says otherwise than we is in the table',
  async () => {
    folder.write('root.pem', toPem('CERTIFICATE', made.root.certificate.der))
    folder.write('ca.pem', toPem('CERTIFICATE', made.intermediate.certificate.der))
    folder.write('leaf.pem', toPem('CERTIFICATE', certificate.der))
    const houses = KINDS.map(houseOf)
    const lists = houses.flatMap((house) =>
      Object.entries(LISTS).map(([name, of]) => ({ house, name, lists: of(house) })),
    )
    const answers = Object.entries(ANSWERS).map(([name, of]) => {
      const given = of(made.intermediate)
      return {
        name,
        der:
          given instanceof Uint8Array
            ? given
            : answer({ issuer: made.intermediate, singles: [{ certificate }], ...given }),
      }
    })
    const opinions = [
      ...(await eachOf(
        lists,
        async ({ house, name, lists }, at) => await byList(house, name, lists, String(at)),
      )),
      ...(await eachOf(answers, async ({ name, der }, at) => await byAnswer(name, der, `a${at}`))),
    ]
    const result = compare(opinions, DIFFERENCES)
    expect(result.unexplained).toEqual([])
    expect(result.stale).toEqual([])
    expect(result.artefacts).toBeGreaterThanOrEqual(150)
    expect(result.good).toBeGreaterThan(30)
    const differ = opinions.filter(({ revoked }) => revoked.ours !== revoked.openssl)
    expect(new Set(differ.map(({ fault }) => fault))).toEqual(new Set(REVOKED_DIFFERENCES.keys()))
    expect(opinions.filter(({ revoked }) => revoked.ours && revoked.openssl).length).toBeGreaterThan(20)
  },
  TIME_LIMIT,
)
