/** RFC 3161 §2.4.2: tokens before us and `openssl ts -verify`. */
import { hash } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { OID } from '../../../evidence/asn1/oid.ts'
import {
  boolean,
  encode,
  generalizedTime,
  integer,
  octetString,
  oid,
  sequence,
  tagged,
} from '../../../evidence/asn1/writer.ts'
import { signEnclosed } from '../../../evidence/cms/sign.ts'
import type { HashName, Signer } from '../../../evidence/ports.ts'
import { TimestampError } from '../../../evidence/tsa/error.ts'
import { verifyToken } from '../../../evidence/tsa/token.ts'
import { digestIdentifier } from '../../../evidence/x509/algorithm.ts'
import { toPem } from '../../../evidence/x509/certificate.ts'
import { extension } from '../../../evidence/x509/extensions.ts'
import {
  attribute,
  type Craft,
  contentType,
  craft,
  digestId,
  messageDigest,
} from '../../fakes/crafted-cms.ts'
import { daysFromNow, type IssueOptions, type KeyKind, makePki, pki } from '../../fakes/pki.ts'
import { TSA_POLICY } from '../../fakes/tsa.ts'
import { OpensslFolder } from '../openssl.ts'
import { accepts, compare, type Difference, eachOf, type Opinion, TIME_LIMIT } from './opinions.ts'

const folder = new OpensslFolder()
afterAll(() => folder[Symbol.dispose]())

const content = Buffer.from('belge')
const KINDS: readonly KeyKind[] = ['rsa', 'p256', 'p384', 'p521']
const HASHES: readonly HashName[] = ['sha256', 'sha384', 'sha512']

interface Artefact {
  readonly fault: string
  readonly name: string
  readonly token: Uint8Array
  readonly hash: HashName
}

const imprintOf = (name: HashName) => hash(name, content, 'buffer')
const info = (
  name: HashName,
  bend: (parts: readonly Uint8Array[]) => readonly Uint8Array[] = (parts) => parts,
): Uint8Array =>
  sequence(
    ...bend([
      integer(1),
      oid(TSA_POLICY),
      sequence(digestIdentifier(name), octetString(imprintOf(name))),
      integer(77),
      generalizedTime(new Date()),
      sequence(integer(1)),
    ]),
  )
const [VERSION, POLICY, IMPRINT, SERIAL, TIME, ACCURACY] = [0, 1, 2, 3, 4, 5]
const imprint = (algorithm: Uint8Array, octets: Uint8Array) => sequence(algorithm, octetString(octets))

/** Of TSTInfo. */
const CONTENTS: Readonly<Record<string, (parts: readonly Uint8Array[]) => readonly Uint8Array[]>> = {
  'imprint of other data': (parts) =>
    parts.with(IMPRINT, imprint(digestIdentifier('sha256'), hash('sha256', 'x', 'buffer'))),
  'imprint under another name': (parts) =>
    parts.with(IMPRINT, imprint(digestIdentifier('sha512'), imprintOf('sha256'))),
  'imprint cut short': (parts) =>
    parts.with(IMPRINT, imprint(digestIdentifier('sha256'), imprintOf('sha256').subarray(0, 20))),
  'imprint by SHA-1': (parts) =>
    parts.with(IMPRINT, imprint(digestId(OID.sha1), hash('sha1', content, 'buffer'))),
  'version 2': (parts) => parts.with(VERSION, integer(2)),
  'no policy': (parts) => parts.filter((_, at) => at !== POLICY),
  'serial number zero': (parts) => parts.with(SERIAL, integer(0)),
  'a time of UTCTime': (parts) => parts.with(TIME, encode(0x17, Buffer.from('260101000000Z'))),
  'a time with fractions': (parts) =>
    parts.with(TIME, encode(0x18, Buffer.from(`${new Date().toISOString().replace(/[-T:]|\..*/g, '')}.25Z`))),
  'no accuracy': (parts) => parts.filter((_, at) => at !== ACCURACY),
  'accuracy of milliseconds': (parts) => parts.with(ACCURACY, sequence(encode(0x80, Uint8Array.of(5)))),
  ordering: (parts) => [...parts, boolean(true)],
  'a nonce that nobody asked for': (parts) => [...parts, integer(9)],
  'octets behind': (parts) => [...parts, encode(5)],
  'the name of the authority': (parts) => [...parts, tagged(0, tagged(4, pki().tsa.certificate.subject.der))],
  'the name of another': (parts) => [...parts, tagged(0, tagged(4, pki().root.certificate.subject.der))],
}

const purposes = (critical: boolean, ...list: readonly string[]) => ({
  extensions: [extension(OID.extendedKeyUsage, critical, sequence(...list.map(oid)))],
})
/** Of certificates. */
const SIGNERS: Readonly<Record<string, () => Signer>> = {
  'no purpose': () => pki().issue({ kind: 'qualified' }).signer,
  'a purpose that is not critical': () => issued(purposes(false, OID.timeStamping)),
  'two purposes': () => issued(purposes(true, OID.timeStamping, OID.emailProtection)),
  'another purpose': () => issued(purposes(true, OID.emailProtection)),
  'an authority of strangers': () => makePki().tsa.signer,
  'an expired authority': () => pki().issue({ kind: 'tsa' }, { notAfter: daysFromNow(-1) }).signer,
  'a user': () => pki().user.signer,
}
const issued = (options: IssueOptions): Signer => pki().issue({ kind: 'qualified' }, options).signer

/** Of the signature. */
const digest = () => messageDigest(hash('sha256', info('sha256'), 'buffer'))
const ess = (certificate: Uint8Array) =>
  attribute(
    OID.signingCertificateV2,
    sequence(sequence(sequence(octetString(hash('sha256', certificate, 'buffer'))))),
  )
const essV1 = (certificate: Uint8Array) =>
  attribute(
    OID.signingCertificate,
    sequence(sequence(sequence(octetString(hash('sha1', certificate, 'buffer'))))),
  )
const CRAFTS: Readonly<Record<string, (by: Signer, inner: Uint8Array) => Craft>> = {
  'a signing certificate of version 1': ({ certificate }) => ({
    attributes: [contentType(OID.tstInfo), digest(), essV1(certificate.der)],
  }),
  'a signing certificate of version 2': ({ certificate }) => ({
    attributes: [contentType(OID.tstInfo), digest(), ess(certificate.der)],
  }),
  'no signing certificate': () => ({ attributes: [contentType(OID.tstInfo), digest()] }),
  'the signing certificate of another, version 1': () => ({
    attributes: [contentType(OID.tstInfo), digest(), essV1(pki().root.certificate.der)],
  }),
  'the signing certificate of another': () => ({
    attributes: [contentType(OID.tstInfo), digest(), ess(pki().root.certificate.der)],
  }),
  'a bit of the signature': ({ certificate }) => ({
    attributes: [contentType(OID.tstInfo), digest(), ess(certificate.der)],
    bend: (value) => value.map((octet, at) => (at === value.length - 1 ? octet ^ 1 : octet)),
  }),
  'the digest of another content': ({ certificate }) => ({
    attributes: [contentType(OID.tstInfo), messageDigest(), ess(certificate.der)],
  }),
}

async function artefacts(): Promise<Artefact[]> {
  const made: Artefact[] = []
  const signed = async (inner: Uint8Array, signer: Signer) =>
    await signEnclosed(inner, { contentType: OID.tstInfo, signer, signingTime: new Date() })
  for (const kind of KINDS) {
    for (const name of HASHES)
      for (const own of HASHES) {
        const { signer } = pki().issue({ kind: 'tsa' }, { kind, hash: own })
        made.push({
          fault: 'none',
          name: `${kind} ${own} over ${name}`,
          token: await signed(info(name), signer),
          hash: name,
        })
      }
    const { signer } = pki().issue({ kind: 'tsa' }, { kind })
    for (const [fault, bend] of Object.entries(CONTENTS))
      made.push({ fault, name: kind, token: await signed(info('sha256', bend), signer), hash: 'sha256' })
    for (const [fault, given] of Object.entries(CRAFTS)) {
      // The time in it passes; what is signed must be what is enclosed.
      const inner = info('sha256')
      const certificates = [signer.certificate.der, pki().intermediate.certificate.der]
      const token = await craft({
        by: signer,
        type: OID.tstInfo,
        enclosed: inner,
        certificates,
        ...given(signer, inner),
      })
      made.push({ fault, name: kind, token, hash: 'sha256' })
    }
  }
  for (const [fault, signer] of Object.entries(SIGNERS))
    made.push({ fault, name: '', token: await signed(info('sha256'), signer()), hash: 'sha256' })
  return made
}

function weSay({ token, hash: name }: Artefact): string {
  try {
    const trust = { ...pki().trust, revocation: 'if-present' } as const
    verifyToken(token, { imprint: imprintOf(name), hash: name, trust })
    return 'good'
  } catch (error) {
    if (error instanceof TimestampError) return error.code
    throw error
  }
}

async function opensslSays({ token }: Artefact, id: string): Promise<boolean> {
  folder.write(`${id}.tst`, token)
  const trust = ['-CAfile', 'root.pem', '-untrusted', 'chain.pem']
  return await accepts(
    'openssl',
    ['ts', '-verify', '-data', 'content', '-token_in', '-in', `${id}.tst`, ...trust],
    folder.path,
  )
}

const DIFFERENCES: readonly Difference[] = [
  {
    program: 'openssl',
    faults: ['imprint by SHA-1'],
    says: 'good',
    right: 'either',
    why: 'what is strong enough is for the relying party to say; other data with the same SHA-1 are made to order',
  },
]

test(
  'time-stamps: whoever says otherwise than we is in the table',
  async () => {
    folder.write('content', content)
    folder.write('root.pem', toPem('CERTIFICATE', pki().root.certificate.der))
    folder.write('chain.pem', toPem('CERTIFICATE', pki().intermediate.certificate.der))
    const all = await artefacts()
    const opinions = await eachOf(all, async (artefact, at): Promise<Opinion> => {
      const { fault, name } = artefact
      return {
        fault,
        name,
        ours: weSay(artefact),
        theirs: { openssl: await opensslSays(artefact, String(at)) },
      }
    })
    const result = compare(opinions, DIFFERENCES)
    expect(result.unexplained).toEqual([])
    expect(result.stale).toEqual([])
    expect(result.artefacts).toBeGreaterThanOrEqual(130)
    expect(result.good).toBeGreaterThan(40)
  },
  TIME_LIMIT,
)
