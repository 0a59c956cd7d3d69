/** A supervisory body that publishes a trusted list. */
import { hash } from 'node:crypto'
import { integer, sequence, tagged } from '../../evidence/asn1/writer.ts'
import type { Certificate } from '../../evidence/ports.ts'
import {
  DIGEST_URIS,
  DS,
  ENVELOPED,
  EXCLUSIVE_C14N,
  SIGNED_PROPERTIES_TYPE,
  signatureUri,
  XADES,
} from '../../evidence/xades/algorithms.ts'
import { rawFromDer } from '../../evidence/xades/ecdsa-value.ts'
import { canonicalize } from '../../evidence/xml/c14n.ts'
import { parseXml } from '../../evidence/xml/parse.ts'
import type { Holder } from './pki.ts'

const TSL = 'http://uri.etsi.org/02231/v2#'
const TYPE = 'http://uri.etsi.org/TrstSvc/Svctype/'
const STATUS = 'http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/'

export interface ServiceEntry {
  readonly type: string
  readonly status: string
  readonly from: string
  /** As written. */
  readonly extensions?: readonly string[]
}

export interface ServiceRow extends ServiceEntry {
  readonly certificates: readonly Certificate[]
  readonly history?: readonly ServiceEntry[]
}

export interface ListRow {
  readonly services: readonly ServiceRow[]
  readonly nextUpdate?: string | undefined
  readonly version?: number
  readonly sequence?: number
}

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64')
const digest = (octets: string | Uint8Array): string => hash('sha256', octets, 'base64')

const entryXml = ({ type, status, from, extensions = [] }: ServiceEntry, identity: string): string =>
  `<ServiceTypeIdentifier>${TYPE}${type}</ServiceTypeIdentifier><ServiceName><Name xml:lang="tr">Hizmet</Name></ServiceName>` +
  `<ServiceDigitalIdentity>${identity}</ServiceDigitalIdentity><ServiceStatus>${STATUS}${status}</ServiceStatus>` +
  `<StatusStartingTime>${from}</StatusStartingTime>` +
  (extensions.length === 0
    ? ''
    : `<ServiceInformationExtensions>${extensions.join('')}</ServiceInformationExtensions>`)

/** [TS 119 612 §5.5.9] */
export const serviceExtension = (content: string, critical: string | undefined = 'true'): string =>
  `<Extension${critical === undefined ? '' : ` Critical="${critical}"`}>${content}</Extension>`

/** ForeSignatures, ForeSeals, ForWebSiteAuthentication … */
export const serviceFor = (use: string, critical = 'true'): string =>
  serviceExtension(
    `<AdditionalServiceInformation><URI xml:lang="en">http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/${use}</URI></AdditionalServiceInformation>`,
    critical,
  )

function serviceXml({ certificates, history = [], ...now }: ServiceRow): string {
  const identity = certificates
    .map(({ der }) => `<DigitalId><X509Certificate>${base64(der)}</X509Certificate></DigitalId>`)
    .join('')
  const before = history
    .map(
      (entry) =>
        `<ServiceHistoryInstance>${entryXml(entry, '<DigitalId><X509SKI>AAAA</X509SKI></DigitalId>')}</ServiceHistoryInstance>`,
    )
    .join('')
  return `<TSPService><ServiceInformation>${entryXml(now, identity)}</ServiceInformation>${before === '' ? '' : `<ServiceHistory>${before}</ServiceHistory>`}</TSPService>`
}

/** Not signed yet. */
export const listXml = ({
  services,
  nextUpdate = '2027-01-01T00:00:00Z',
  version = 5,
  sequence = 7,
}: ListRow): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<!-- Güven listesi --><TrustServiceStatusList xmlns="${TSL}" TSLTag="http://uri.etsi.org/19612/TSLTag">` +
  `<SchemeInformation><TSLVersionIdentifier>${version}</TSLVersionIdentifier><TSLSequenceNumber>${sequence}</TSLSequenceNumber>` +
  `<SchemeOperatorName><Name xml:lang="tr">Deneme Kurumu</Name></SchemeOperatorName>` +
  `<ListIssueDateTime>2026-06-01T00:00:00Z</ListIssueDateTime>` +
  `<NextUpdate>${nextUpdate === '' ? '' : `<dateTime>${nextUpdate}</dateTime>`}</NextUpdate></SchemeInformation>` +
  `<TrustServiceProviderList><!-- Sağlayıcılar --><TrustServiceProvider><TSPServices>${services.map(serviceXml).join('')}</TSPServices></TrustServiceProvider></TrustServiceProviderList>` +
  `</TrustServiceStatusList>`

/** Enveloped, over the whole of it. */
export async function signedList(xml: string, { signer }: Holder): Promise<Buffer> {
  const { certificate, algorithm } = signer
  const c14n = (text: string) =>
    canonicalize(parseXml(Buffer.from(text), { comments: 'left-out' }), { mode: 'exclusive' })
  const method = (name: string, uri: string) => `<ds:${name} Algorithm="${uri}"></ds:${name}>`
  const transforms = (...uris: string[]) =>
    `<ds:Transforms>${uris.map((uri) => method('Transform', uri)).join('')}</ds:Transforms>`
  const value = (octets: string) =>
    `${method('DigestMethod', DIGEST_URIS.sha256)}<ds:DigestValue>${octets}</ds:DigestValue>`
  const issuerSerial = sequence(sequence(tagged(4, certificate.issuer.der)), integer(certificate.serialBytes))
  const ns = ` xmlns:ds="${DS}"`
  const properties =
    `<xades:SignedProperties xmlns:xades="${XADES}" Id="p"><xades:SignedSignatureProperties><xades:SigningTime>2026-06-01T00:00:00Z</xades:SigningTime>` +
    `<xades:SigningCertificateV2><xades:Cert><xades:CertDigest>${value(digest(certificate.der)).replaceAll('<ds:DigestMethod', `<ds:DigestMethod${ns}`).replaceAll('<ds:DigestValue', `<ds:DigestValue${ns}`)}</xades:CertDigest>` +
    `<xades:IssuerSerialV2>${base64(issuerSerial)}</xades:IssuerSerialV2></xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties></xades:SignedProperties>`
  const info =
    `<ds:SignedInfo${ns}>${method('CanonicalizationMethod', EXCLUSIVE_C14N)}${method('SignatureMethod', signatureUri({ kind: algorithm, hash: 'sha256' }))}` +
    `<ds:Reference URI="">${transforms(ENVELOPED, EXCLUSIVE_C14N)}${value(digest(c14n(xml)))}</ds:Reference>` +
    `<ds:Reference Type="${SIGNED_PROPERTIES_TYPE}" URI="#p">${transforms(EXCLUSIVE_C14N)}${value(digest(c14n(properties)))}</ds:Reference></ds:SignedInfo>`
  const raw = await signer.sign(Buffer.from(c14n(info)))
  const signed = algorithm === 'ecdsa' ? rawFromDer(raw, certificate.publicKey) : raw
  const signature =
    `<ds:Signature${ns} Id="s">${info}<ds:SignatureValue>${base64(signed)}</ds:SignatureValue>` +
    `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${base64(certificate.der)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>` +
    `<ds:Object><xades:QualifyingProperties xmlns:xades="${XADES}" Target="#s">${properties}</xades:QualifyingProperties></ds:Object></ds:Signature>`
  return Buffer.from(xml.replace('</TrustServiceStatusList>', `${signature}</TrustServiceStatusList>`))
}
