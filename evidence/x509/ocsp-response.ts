/**
 * OCSP responses as they stand in their octets: strict DER, bounded, nothing judged; ocsp-status.ts does that.
 * [RFC 6960 §4.2.1] Failure: X509Error.
 */
import { Asn1Error } from '../asn1/error.ts'
import { OID } from '../asn1/oid.ts'
import { type Element, readWhole } from '../asn1/reader.ts'
import { contextConstructed, contextPrimitive, TAG } from '../asn1/tag.ts'
import { readIntegerOctets, readOctetAlignedBits, readOid, readTime } from '../asn1/values.ts'
import type { Certificate, Extension, Name } from '../ports.ts'
import { only } from './algorithm.ts'
import { type CertId, readCertId } from './cert-id.ts'
import { parseCertificate } from './certificate.ts'
import { X509Error } from './error.ts'
import { readExtensions } from './extensions.ts'
import { readName } from './name.ts'

/** With a responder's chain they have 2 to 8 KiB. */
export const MAX_OCSP_OCTETS = 64 * 1024
/** One was asked for; responses made in advance name a few more. */
const MAX_SINGLES = 64
const MAX_CERTIFICATES = 8

export interface OcspResponse {
  /** 0 is successful; the others bring nothing else along. */
  readonly status: number
  readonly basic: BasicResponse | undefined
}

export interface BasicResponse {
  readonly responder: { readonly name: Name } | { readonly keyHash: Uint8Array }
  readonly producedAt: Date
  readonly singles: readonly SingleResponse[]
  readonly extensions: ReadonlyMap<string, Extension>
  readonly tbs: Uint8Array
  readonly signatureAlgorithm: Uint8Array
  readonly signature: Uint8Array
  readonly certificates: readonly Certificate[]
}

export interface SingleResponse {
  readonly id: CertId
  readonly status:
    | { readonly kind: 'good' | 'unknown' }
    | { readonly kind: 'revoked'; readonly date: Date; readonly reason: number | undefined }
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  /** The responder keeps what it knows of certificates that expired since. [RFC 6960 §4.4.4] */
  readonly archiveCutoff: Date | undefined
  readonly extensions: ReadonlyMap<string, Extension>
}

const readings = new WeakMap<Uint8Array, OcspResponse>()

/** Throws X509Error. The octets must not be changed afterwards. */
export function readOcspResponse(der: Uint8Array): OcspResponse {
  const known = readings.get(der)
  if (known !== undefined) return known
  try {
    const response = read(der)
    readings.set(der, response)
    return response
  } catch (error) {
    throw new X509Error('MALFORMED_OCSP', error)
  }
}

/** The value of the nonce extension; undefined where there is none. [RFC 9654 §2.1] */
export function nonceOf({ extensions }: BasicResponse): Uint8Array | undefined {
  const value = extensions.get(OID.ocspNonce)?.value
  return value && readWhole(value, 'der', TAG.octetString).content
}

function read(der: Uint8Array): OcspResponse {
  if (der.length > MAX_OCSP_OCTETS) throw new Asn1Error('BAD_LENGTH', `${der.length} octets`)
  const parts = readWhole(der, 'der', TAG.sequence).open()
  const [status, ...more] = readIntegerOctets(parts.expect(TAG.enumerated))
  const wrapper = parts.optional(contextConstructed(0))
  parts.finish()
  if (status === undefined || more.length > 0) throw new Asn1Error('BAD_VALUE', 'responseStatus')
  if ((status === 0) !== (wrapper !== undefined)) throw new Asn1Error('BAD_VALUE', 'responseBytes')
  if (wrapper === undefined) return { status, basic: undefined }
  const bytes = only(wrapper, TAG.sequence).open()
  const type = readOid(bytes.expect(TAG.oid))
  const octets = bytes.expect(TAG.octetString).content
  bytes.finish()
  if (type !== OID.ocspBasic) throw new Asn1Error('BAD_VALUE', `response type ${type}`)
  return { status, basic: readBasic(readWhole(octets, 'der', TAG.sequence)) }
}

function readBasic(element: Element): BasicResponse {
  const parts = element.open()
  const tbs = parts.expect(TAG.sequence)
  const signatureAlgorithm = parts.expect(TAG.sequence).octets
  const signature = readOctetAlignedBits(parts.expect(TAG.bitString))
  const wrapper = parts.optional(contextConstructed(0))
  parts.finish()
  const certificates =
    wrapper === undefined ? [] : bounded(only(wrapper, TAG.sequence), MAX_CERTIFICATES, 'certificates')

  // The version is written only where it is not the first, and there is no other. [X.690 §11.5]
  const data = tbs.open()
  const responder = readResponder(data.next())
  const producedAt = readTime(data.expect(TAG.generalizedTime))
  const singles = bounded(data.expect(TAG.sequence), MAX_SINGLES, 'answers').map(readSingle)
  const extensions = readOptionalExtensions(data.optional(contextConstructed(1)))
  data.finish()
  return {
    responder,
    producedAt,
    singles,
    extensions,
    tbs: tbs.octets,
    signatureAlgorithm,
    signature,
    certificates: certificates.map(({ octets }) => parseCertificate(octets)),
  }
}

function readResponder(choice: Element): BasicResponse['responder'] {
  if (choice.tag === contextConstructed(1)) return { name: readName(only(choice, TAG.sequence)) }
  if (choice.tag === contextConstructed(2)) return { keyHash: only(choice, TAG.octetString).content }
  throw new Asn1Error('UNEXPECTED_TAG', 'responderID')
}

function readSingle(element: Element): SingleResponse {
  const parts = element.open()
  const id = readCertId(parts.expect(TAG.sequence))
  const status = readStatus(parts.next())
  const thisUpdate = readTime(parts.expect(TAG.generalizedTime))
  const next = parts.optional(contextConstructed(0))
  const extensions = readOptionalExtensions(parts.optional(contextConstructed(1)))
  parts.finish()
  const cutoff = extensions.get(OID.ocspArchiveCutoff)?.value
  return {
    id,
    status,
    thisUpdate,
    nextUpdate: next && readTime(only(next, TAG.generalizedTime)),
    archiveCutoff: cutoff && readTime(readWhole(cutoff, 'der', TAG.generalizedTime)),
    extensions,
  }
}

function readStatus(choice: Element): SingleResponse['status'] {
  if (choice.tag === contextPrimitive(0) || choice.tag === contextPrimitive(2)) {
    if (choice.content.length > 0) throw new Asn1Error('BAD_VALUE', 'certStatus')
    return { kind: choice.tag === contextPrimitive(0) ? 'good' : 'unknown' }
  }
  if (choice.tag !== contextConstructed(1)) throw new Asn1Error('UNEXPECTED_TAG', 'certStatus')
  const parts = choice.open()
  const date = readTime(parts.expect(TAG.generalizedTime))
  const wrapper = parts.optional(contextConstructed(0))
  parts.finish()
  const reason = wrapper && readIntegerOctets(only(wrapper, TAG.enumerated))[0]
  return { kind: 'revoked', date, reason }
}

const readOptionalExtensions = (wrapper: Element | undefined): ReadonlyMap<string, Extension> =>
  wrapper === undefined ? new Map() : readExtensions(only(wrapper, TAG.sequence))

function bounded(list: Element, most: number, what: string): Element[] {
  const items: Element[] = []
  for (const item of list.open()) {
    if (items.length === most) throw new Asn1Error('BAD_VALUE', `over ${most} ${what}`)
    items.push(item)
  }
  return items
}
