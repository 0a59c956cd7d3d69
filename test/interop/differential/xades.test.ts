/** XMLDSIG and XAdES: evidence before us, xmlsec1 and xml-crypto. */
import { afterAll, expect, test, vi } from 'vitest'
import { SignedXml } from 'xml-crypto'
import type { Certificate } from '../../../evidence/ports.ts'
import { verifyEvidence } from '../../../evidence/verify/evidence.ts'
import { toPem } from '../../../evidence/x509/certificate.ts'
import { signedEvidence, trustOptions } from '../../fakes/evidence.ts'
import { daysFromNow, type IssueOptions, makeRoot, pki } from '../../fakes/pki.ts'
import { OpensslFolder } from '../openssl.ts'
import { accepts, compare, type Difference, eachOf, type Opinion, TIME_LIMIT } from './opinions.ts'

const folder = new OpensslFolder()
afterAll(() => folder[Symbol.dispose]())

const KINDS: readonly (IssueOptions & { readonly name: string })[] = (
  ['sha256', 'sha384', 'sha512'] as const
).flatMap((hash) => [
  { name: `RSA ${hash}`, kind: 'rsa', hash },
  { name: `P-256 ${hash}`, kind: 'p256', hash },
  { name: `P-384 ${hash}`, kind: 'p384', hash },
  { name: `P-521 ${hash}`, kind: 'p521', hash },
])
/** Those that every fault is tried with. */
const FEW = ['RSA sha256', 'RSA sha512', 'P-256 sha256', 'P-384 sha384']

interface Artefact {
  readonly fault: string
  readonly name: string
  readonly text: string
  readonly certificate: Certificate
}

const signature = (text: string): string => /<ds:Signature .*<\/ds:Signature>/s.exec(text)?.[0] ?? ''
const between = (open: string) => new RegExp(`(<${open}[^>]*>)([^<]*)`)
const otherBase64 = (text: string): string => `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`

const FAULTS: Readonly<Record<string, (text: string) => string>> = {
  'a value changed': (t) => t.replace('Acceptance</EventCode>', 'Rejection</EventCode>'),
  'an element added': (t) => t.replace('<EventCode>', '<x/><EventCode>'),
  'an element taken out': (t) => t.replace(/<EventCode>.*?<\/EventCode>/, ''),
  'an attribute added': (t) => t.replace('<EventCode>', '<EventCode a="b">'),
  'white space added': (t) => t.replace('<EventCode>', ' <EventCode>'),
  'white space inside a tag': (t) => t.replace('<EventCode>', '<EventCode >'),
  'a reference for a character': (t) => t.replace('rem.1@', 'rem&#x2e;1@'),
  'CDATA for text': (t) => t.replace(/(<EventCode>)(.*?)(<\/EventCode>)/, '$1<![CDATA[$2]]>$3'),
  'CRLF for LF between': (t) => t.replace('?>\n', '?>\r\n'),
  'no XML declaration': (t) => t.replace(/^<\?.*\n/, ''),
  'a comment': (t) => t.replace('<EventCode>', '<!-- x --><EventCode>'),
  'a comment in a value': (t) => t.replace('rem.1@', 'rem<!-- -->.1@'),
  'a DOCTYPE': (t) => t.replace('?>\n', '?>\n<!DOCTYPE SubmissionAcceptanceRejection>\n'),
  'an entity of its own': (t) =>
    t
      .replace('?>\n', '?>\n<!DOCTYPE SubmissionAcceptanceRejection [<!ENTITY p "rem.1">]>\n')
      .replace('rem.1@', '&p;@'),
  'a processing instruction': (t) => t.replace('<EventCode>', '<?x y?><EventCode>'),
  'a namespace that is not used': (t) => t.replace('<EventCode>', '<EventCode xmlns:unused="urn:x">'),
  'another prefix': (t) => t.replaceAll('xades:', 'xa:').replaceAll('xmlns:xades', 'xmlns:xa'),
  'digest of the document': (t) =>
    t.replace(between('ds:DigestValue'), (_, open, value) => open + otherBase64(value)),
  'signature value': (t) =>
    t.replace(between('ds:SignatureValue'), (_, open, value) => open + otherBase64(value)),
  'signing time': (t) => t.replace(/(<xades:SigningTime>)\d{4}/, '$12001'),
  'a digest algorithm that is weak': (t) => t.replace('2001/04/xmlenc#sha', '2000/09/xmldsig#sha'),
  'the transform left out': (t) =>
    t.replace(
      /<ds:Transform Algorithm="http:\/\/www.w3.org\/2000\/09\/xmldsig#enveloped-signature"><\/ds:Transform>/,
      '',
    ),
  'a reference to nowhere': (t) => t.replace(/URI="#[^"]*-properties"/, 'URI="#nowhere"'),
  'the reference to the properties left out': (t) =>
    t.replace(/<ds:Reference Type="[^"]*SignedProperties".*?<\/ds:Reference>/s, ''),
  'the properties left out': (t) => t.replace(/<ds:Object>.*<\/ds:Object>/s, ''),
  'KeyInfo left out': (t) => t.replace(/<ds:KeyInfo>.*<\/ds:KeyInfo>/s, ''),
  'Target of another': (t) => t.replace(/Target="#[^"]*"/, 'Target="#other"'),
  'the signature twice': (t) => t.replace(signature(t), signature(t) + signature(t)),
  'the signature moved down': (t) =>
    t.replace(signature(t), '').replace('</Extension>', `${signature(t)}</Extension>`),
  'the document inside another': (t) => `<x xmlns="urn:x">${t.replace(/^<\?.*\n/, '')}</x>`,
  'an Id twice': (t) =>
    t
      .replace('<EventCode>', '<EventCode>')
      .replace('<xades:SignedProperties ', '<xades:SignedProperties ')
      .replace(
        '</ds:Object>',
        `</ds:Object><ds:Object Id="${/Id="([^"]*)-properties"/.exec(t)?.[1]}-properties"></ds:Object>`,
      ),
  'a second object in the signature': (t) =>
    t.replace('</ds:Object>', '</ds:Object><ds:Object>evil</ds:Object>'),
  'the time-stamp of another': (t) => t.replace(/(<xades:EncapsulatedTimeStamp>)[^<]*/, '$1MAA='),
  'the time-stamp cut off': (t) => t.replace(/<xades:UnsignedProperties>.*<\/xades:UnsignedProperties>/s, ''),
  'half a document': (t) => t.slice(0, t.length / 2),
}

async function artefacts(): Promise<Artefact[]> {
  const made: Artefact[] = []
  for (const { name, ...options } of KINDS) {
    const { signer, certificate } = pki().issue({ kind: 'provider', email: 'kep@hs98.kep.tr' }, options)
    const text = Buffer.from(await signedEvidence(Buffer.from('x'), {}, signer)).toString()
    made.push({ fault: 'none', name, text, certificate })
    if (!FEW.includes(name)) continue
    for (const [fault, bend] of Object.entries(FAULTS)) {
      const bent = bend(text)
      if (bent === text) throw new Error(`nothing was changed: ${fault}, ${name}`)
      made.push({ fault, name, text: bent, certificate })
    }
  }
  const signers: Readonly<Record<string, IssueOptions>> = {
    'expired signer': { notAfter: daysFromNow(-1) },
    'signer of strangers': { issuer: makeRoot('strangers') },
  }
  for (const [fault, options] of Object.entries(signers)) {
    const { signer, certificate } = pki().issue({ kind: 'provider', email: 'kep@hs98.kep.tr' }, options)
    made.push({
      fault,
      name: '',
      text: Buffer.from(await signedEvidence(Buffer.from('x'), {}, signer)).toString(),
      certificate,
    })
  }
  return made
}

function weSay({ text }: Artefact): string {
  const { findings } = verifyEvidence(Buffer.from(text), { ...trustOptions(), revocation: 'if-present' })
  return findings[0]?.subIndication ?? 'good'
}

async function xmlsecSays({ text }: Artefact, id: string): Promise<boolean> {
  folder.write(`${id}.xml`, text)
  const args = [
    '--verify',
    '--id-attr:Id',
    'SignedProperties',
    '--trusted-pem',
    'root.pem',
    '--untrusted-pem',
    'ca.pem',
    `${id}.xml`,
  ]
  return await accepts('xmlsec1', args, folder.path)
}

/** Signatures alone: it knows RSA only, and no chains. */
function xmlCryptoSays({ text, certificate }: Artefact): boolean {
  try {
    const verifier = new SignedXml({ publicCert: toPem('CERTIFICATE', certificate.der) })
    verifier.loadSignature(signature(text))
    return verifier.checkSignature(text)
  } catch {
    return false
  }
}
const XML_CRYPTO = new Set(['RSA sha256', 'RSA sha512'])

const both = (row: Omit<Difference, 'program'>): Difference[] =>
  (['xmlsec1', 'xml-crypto'] as const).map((program) => ({ program, ...row }))

const DIFFERENCES: readonly Difference[] = [
  ...both({
    faults: ['a comment', 'a comment in a value'],
    says: 'good',
    right: 'either',
    why: 'canonical XML leaves comments out [XML C14N 1.0 §2.1]; readers that keep them see two texts where others see one',
  }),
  ...both({
    faults: ['a DOCTYPE'],
    says: 'good',
    right: 'either',
    why: 'it is not covered by the signature [XML C14N 1.0 §2.1], and who reads it may see another document',
  }),
  ...both({
    faults: ['the signature moved down'],
    says: 'good',
    right: 'either',
    why: 'XMLDSIG lets an enveloped signature stand anywhere; evidence has one place for it, and an extension is another',
  }),
  {
    program: 'xmlsec1',
    faults: ['an Id twice'],
    says: 'good',
    right: 'ours',
    why: 'an ID is unique [XML 1.0 §3.3.1]; xmlsec1 heeds only the elements that it was told of',
  },
  ...both({
    faults: ['a second object in the signature'],
    says: 'good',
    right: 'either',
    why: 'XMLDSIG allows any objects, and nothing covers this one; evidence has one',
  }),
  ...both({
    faults: ['Target of another', 'the time-stamp of another', 'the time-stamp cut off'],
    says: 'good',
    right: 'ours',
    why: 'neither reads XAdES: Target names the signature [EN 319 132-1 §4.3.1], the stamp is over its value [EN 319 132-1 §5.3]',
  }),
  {
    program: 'xml-crypto',
    faults: ['KeyInfo left out'],
    says: 'good',
    right: 'either',
    why: 'it was handed the certificate; evidence brings its own [TS 102 640-2 §6.2]',
  },
]

// What it cannot parse it tells the screen.
for (const kind of ['error', 'warn'] as const) vi.spyOn(console, kind).mockImplementation(() => {})
afterAll(() => vi.restoreAllMocks())

test(
  'XAdES: whoever says otherwise than we is in the table',
  async () => {
    folder.write('root.pem', toPem('CERTIFICATE', pki().root.certificate.der))
    folder.write('ca.pem', toPem('CERTIFICATE', pki().intermediate.certificate.der))
    const opinions = await eachOf(await artefacts(), async (artefact, at): Promise<Opinion> => {
      const { fault, name } = artefact
      const xmlsec1 = await xmlsecSays(artefact, String(at))
      const more = XML_CRYPTO.has(name) ? { 'xml-crypto': xmlCryptoSays(artefact) } : {}
      return { fault, name, ours: weSay(artefact), theirs: { xmlsec1, ...more } }
    })
    const result = compare(opinions, DIFFERENCES)
    expect(result.unexplained).toEqual([])
    expect(result.stale).toEqual([])
    expect(result.artefacts).toBeGreaterThanOrEqual(150)
    expect(result.good).toBeGreaterThan(30)
  },
  TIME_LIMIT,
)
