/**
 * The certificates that a signature and its time-stamp rest on, as they stand in the octets: to gather their status while
 * somebody still tells it. Nothing is verified here.
 */
import { parseSignedData, signersCertificate, timestampOf } from '../cms/verify.ts'
import type { Certificate } from '../ports.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { readSignature } from '../xades/read-signature.ts'
import { parseXml } from '../xml/parse.ts'

export interface RestsOn {
  readonly role: 'signer' | 'tsa'
  readonly certificate: Certificate
  /** What came along with it. */
  readonly beside: readonly Certificate[]
}

/** A CMS signature and its time-stamps; `tsa` where it is a token itself. Throws CmsError. */
export function cmsRestsOn(der: Uint8Array, role: RestsOn['role'] = 'signer'): RestsOn[] {
  const { signers, certificates } = parseSignedData(der)
  return signers.flatMap((signer) => {
    const certificate = signersCertificate(signer, certificates)
    const token = timestampOf(signer)
    return [
      ...(certificate === undefined ? [] : [{ role, certificate, beside: certificates }]),
      ...(token === undefined ? [] : cmsRestsOn(token, 'tsa')),
    ]
  })
}

/** An evidence's signature and its time-stamp. Throws XadesRefusal, XmlError, CmsError, X509Error. */
export function evidenceRestsOn(octets: Uint8Array): RestsOn[] {
  const { certificates, timestamp } = readSignature(parseXml(octets))
  const beside = certificates.map(parseCertificate)
  const [certificate] = beside
  return [
    ...(certificate === undefined ? [] : [{ role: 'signer', certificate, beside } as const]),
    ...(timestamp === undefined ? [] : cmsRestsOn(timestamp.der, 'tsa')),
  ]
}

/** When the first certificate that a token brings along runs out. Throws CmsError. */
export function tokenEnds(der: Uint8Array): Date {
  const all = cmsRestsOn(der, 'tsa').flatMap(({ certificate, beside }) => [certificate, ...beside])
  return new Date(Math.min(...all.map(({ notAfter }) => notAfter.getTime())))
}
