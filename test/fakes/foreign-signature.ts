/** Signatures as other programs write them: other canonicalisations, the older certificate property, XPath Filter 2. */
import { hash } from 'node:crypto'
import type { Timestamper } from '../../evidence/ports.ts'
import { DS, EXCLUSIVE_C14N, INCLUSIVE_C14N, XADES } from '../../evidence/xades/algorithms.ts'
import { canonicalize } from '../../evidence/xml/c14n.ts'
import { parseXml } from '../../evidence/xml/parse.ts'
import { childNamed, type XmlElement } from '../../evidence/xml/tree.ts'
import { pki } from './pki.ts'

export interface ForeignShape {
  readonly envelopedTransform?: string
  readonly c14n?: string
  readonly certificateProperty?: string
  readonly rootUri?: string
  readonly signingTime?: string
  /** Declares `ds`; without its end tag, before which the signature comes. */
  readonly open?: string
  readonly close?: string
  readonly timestamper?: Timestamper
}

const ROOT = `<r:Root xmlns:r="urn:r" xmlns:ds="${DS}" xmlns:unused="urn:u" Id="root">
  <r:Text b='2' a="1">Şğ &amp; <![CDATA[<x>]]></r:Text>`
const ENVELOPED = `<ds:Transform Algorithm="${DS}enveloped-signature"/>`
const { signer } = pki().provider
export const certificateDigest = hash('sha256', signer.certificate.der, 'base64')
const certDigest = `<xades:CertDigest><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>${certificateDigest}</ds:DigestValue></xades:CertDigest>`
export const V2 = `<xades:SigningCertificateV2><xades:Cert>${certDigest}</xades:Cert></xades:SigningCertificateV2>`
export const V1 = `<xades:SigningCertificate><xades:Cert>${certDigest}<xades:IssuerSerial><ds:X509IssuerName>x</ds:X509IssuerName><ds:X509SerialNumber>${BigInt(`0x${signer.certificate.serial}`)}</ds:X509SerialNumber></xades:IssuerSerial></xades:Cert></xades:SigningCertificate>`
export const filter2 = (path: string, filter = 'subtract') =>
  `<ds:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2"><f:XPath xmlns:f="http://www.w3.org/2002/06/xmldsig-filter2" Filter="${filter}">${path}</f:XPath></ds:Transform>`

const child = (element: XmlElement, namespace: string, local: string): XmlElement => {
  const found = childNamed(element, namespace, local)
  if (found === undefined) throw new Error(local)
  return found
}

/** Signs with the canonicaliser that the other tests prove right; pretty-printed, as programs do. */
export async function foreign(shape: ForeignShape): Promise<string> {
  const {
    envelopedTransform = ENVELOPED,
    c14n = EXCLUSIVE_C14N,
    certificateProperty = V2,
    rootUri = '',
    signingTime = '2026-01-01T13:00:00+03:00',
    open = ROOT,
    close = '</r:Root>',
    timestamper,
  } = shape
  const mode = c14n === INCLUSIVE_C14N ? 'inclusive' : 'exclusive'
  const transform = `<ds:Transform Algorithm="${c14n}"/>`
  const build = (
    first: string,
    second: string,
    value: string,
    unsigned = '',
  ): string => `<?xml version='1.0' encoding='utf-8'?>
${open}
  <ds:Signature Id="s"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="${c14n}"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>
    <ds:Reference URI="${rootUri}"><ds:Transforms>${envelopedTransform}${transform}</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>${first}</ds:DigestValue></ds:Reference>
    <ds:Reference URI="#p" Type="http://uri.etsi.org/01903#SignedProperties"><ds:Transforms>${transform}</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>${second}</ds:DigestValue></ds:Reference>
  </ds:SignedInfo><ds:SignatureValue>
${value}
</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${Buffer.from(signer.certificate.der).toString('base64')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>
  <ds:Object><xades:QualifyingProperties xmlns:xades="${XADES}" Target="#s"><xades:SignedProperties Id="p"><xades:SignedSignatureProperties><xades:SigningTime>${signingTime}</xades:SigningTime>${certificateProperty}</xades:SignedSignatureProperties></xades:SignedProperties>${unsigned}</xades:QualifyingProperties></ds:Object></ds:Signature>
${close}
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
  const written = Buffer.from(value).toString('base64').replace(/.{64}/g, '$&\n')
  if (timestamper === undefined) return build(first, second, written)
  const signed = child(take(build(first, second, written)).signature, DS, 'SignatureValue')
  const imprint = hash('sha256', canonicalize(signed, { mode }), 'buffer')
  const token = await timestamper.stamp(imprint, 'sha256')
  const stamp = `<xades:SignatureTimeStamp><ds:CanonicalizationMethod Algorithm="${c14n}"/><xades:EncapsulatedTimeStamp>${Buffer.from(token.der).toString('base64')}</xades:EncapsulatedTimeStamp></xades:SignatureTimeStamp>`
  return build(
    first,
    second,
    written,
    `<xades:UnsignedProperties><xades:UnsignedSignatureProperties>${stamp}</xades:UnsignedSignatureProperties></xades:UnsignedProperties>`,
  )
}
