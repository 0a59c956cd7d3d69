/** Signatures as other programs write them: other canonicalisations, the older certificate property, XPath Filter 2. */
import { hash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { DS, EXCLUSIVE_C14N, INCLUSIVE_C14N, XADES } from '../../../../evidence/xades/algorithms.ts'
import { verifyXades } from '../../../../evidence/xades/verify.ts'
import { canonicalize } from '../../../../evidence/xml/c14n.ts'
import { parseXml } from '../../../../evidence/xml/parse.ts'
import { childNamed, type XmlElement } from '../../../../evidence/xml/tree.ts'
import { pki } from '../../../fakes/pki.ts'

interface Shape {
  readonly envelopedTransform?: string
  readonly c14n?: string
  readonly certificateProperty?: string
  readonly rootUri?: string
}

const ENVELOPED = `<ds:Transform Algorithm="${DS}enveloped-signature"/>`
const { signer } = pki().provider
const digest = hash('sha256', signer.certificate.der, 'base64')
const certDigest = `<xades:CertDigest><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>${digest}</ds:DigestValue></xades:CertDigest>`
const V2 = `<xades:SigningCertificateV2><xades:Cert>${certDigest}</xades:Cert></xades:SigningCertificateV2>`
const V1 = `<xades:SigningCertificate><xades:Cert>${certDigest}<xades:IssuerSerial><ds:X509IssuerName>x</ds:X509IssuerName><ds:X509SerialNumber>1</ds:X509SerialNumber></xades:IssuerSerial></xades:Cert></xades:SigningCertificate>`
const filter2 = (path: string, filter = 'subtract') =>
  `<ds:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2"><f:XPath xmlns:f="http://www.w3.org/2002/06/xmldsig-filter2" Filter="${filter}">${path}</f:XPath></ds:Transform>`

const child = (element: XmlElement, namespace: string, local: string): XmlElement => {
  const found = childNamed(element, namespace, local)
  if (found === undefined) throw new Error(local)
  return found
}

/** Signs with the canonicaliser that the other tests prove right; pretty-printed, as programs do. */
async function foreign(shape: Shape): Promise<string> {
  const {
    envelopedTransform = ENVELOPED,
    c14n = EXCLUSIVE_C14N,
    certificateProperty = V2,
    rootUri = '',
  } = shape
  const mode = c14n === INCLUSIVE_C14N ? 'inclusive' : 'exclusive'
  const transform = `<ds:Transform Algorithm="${c14n}"/>`
  const build = (
    first: string,
    second: string,
    value: string,
  ): string => `<?xml version='1.0' encoding='utf-8'?>
<r:Root xmlns:r="urn:r" xmlns:ds="${DS}" xmlns:unused="urn:u" Id="root">
  <r:Text b='2' a="1">Şğ &amp; <![CDATA[<x>]]></r:Text>
  <ds:Signature Id="s"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="${c14n}"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>
    <ds:Reference URI="${rootUri}"><ds:Transforms>${envelopedTransform}${transform}</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>${first}</ds:DigestValue></ds:Reference>
    <ds:Reference URI="#p" Type="http://uri.etsi.org/01903#SignedProperties"><ds:Transforms>${transform}</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>${second}</ds:DigestValue></ds:Reference>
  </ds:SignedInfo><ds:SignatureValue>
${value}
</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${Buffer.from(signer.certificate.der).toString('base64')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>
  <ds:Object><xades:QualifyingProperties xmlns:xades="${XADES}" Target="#s"><xades:SignedProperties Id="p"><xades:SignedSignatureProperties><xades:SigningTime>2026-01-01T13:00:00+03:00</xades:SigningTime>${certificateProperty}</xades:SignedSignatureProperties></xades:SignedProperties></xades:QualifyingProperties></ds:Object></ds:Signature>
</r:Root>
`
  const take = (text: string) => {
    const root = parseXml(Buffer.from(text))
    const signature = child(root, DS, 'Signature')
    const properties = child(
      child(child(signature, DS, 'Object'), XADES, 'QualifyingProperties'),
      XADES,
      'SignedProperties',
    )
    return { root, signature, properties, signedInfo: child(signature, DS, 'SignedInfo') }
  }
  const empty = take(build('', '', ''))
  const first = hash('sha256', canonicalize(empty.root, { mode, without: empty.signature }), 'base64')
  const second = hash('sha256', canonicalize(empty.properties, { mode }), 'base64')
  const { signedInfo } = take(build(first, second, ''))
  const value = await signer.sign(Buffer.from(canonicalize(signedInfo, { mode })))
  return build(first, second, Buffer.from(value).toString('base64').replace(/.{64}/g, '$&\n'))
}

const verify = (text: string) =>
  verifyXades(Buffer.from(text), () => {
    throw new Error('there is no time-stamp')
  })

describe('accepted', () => {
  test.each<[string, Shape]>([
    ['exclusive c14n', {}],
    ['inclusive c14n', { c14n: INCLUSIVE_C14N }],
    ['SigningCertificate of version 1', { certificateProperty: V1 }],
    ['XPath Filter 2, as in EN 319 532-4', { envelopedTransform: filter2('/descendant::ds:Signature') }],
    ['a reference to the root by Id', { rootUri: '#root' }],
  ])('%s', async (_name, shape) => {
    const text = await foreign(shape)
    expect(verify(text)).toMatchObject({
      ok: true,
      timestamp: undefined,
      signingTime: new Date('2026-01-01T10:00:00Z'),
    })
    expect(verify(text.replace('Şğ', 'Şg'))).toMatchObject({ ok: false, failure: 'HASH_FAILURE' })
    expect(verify(text.replace('13:00:00+03:00', '13:00:01+03:00'))).toMatchObject({
      ok: false,
      failure: 'HASH_FAILURE',
    })
  })
})

describe('refused', () => {
  test.each<[string, Shape, string]>([
    [
      'XPath Filter 2 that subtracts more',
      { envelopedTransform: filter2('/descendant::r:Text') },
      'TRANSFORMS',
    ],
    [
      'XPath Filter 2 that intersects',
      { envelopedTransform: filter2('/descendant::ds:Signature', 'intersect') },
      'TRANSFORMS',
    ],
    [
      'a prefix that is not the signature',
      { envelopedTransform: filter2('/descendant::r:Signature') },
      'TRANSFORMS',
    ],
    ['no enveloped transform', { envelopedTransform: '' }, 'REFERENCES'],
    ['c14n with comments', { c14n: `${EXCLUSIVE_C14N}WithComments` }, 'TRANSFORMS'],
    [
      'a digest of another certificate',
      { certificateProperty: V2.replace(digest, hash('sha256', 'x', 'base64')) },
      'SIGNING_CERTIFICATE',
    ],
  ])('%s', async (_name, shape, failure) => {
    expect(verify(await foreign(shape))).toMatchObject({ ok: false, failure })
  })
})
