/** TimeStampReq, written by the client and read by the development TSA. [RFC 3161 §2.4.1] */
import { type Element, readWhole } from '../asn1/reader.ts'
import { TAG } from '../asn1/tag.ts'
import { readBoolean, readIntegerOctets, readOid, readSmallInteger } from '../asn1/values.ts'
import { boolean, integer, octetString, oid, sequence } from '../asn1/writer.ts'
import type { HashName } from '../ports.ts'
import { digestIdentifier, HASH_LENGTH, readDigestAlgorithm } from '../x509/algorithm.ts'

export interface TimestampRequest {
  readonly imprint: Uint8Array
  readonly hash: HashName
  /** Content octets of the INTEGER, as they must come back. */
  readonly nonce?: Uint8Array | undefined
  /** Asks for the TSA's certificate inside the token; archives need it there. */
  readonly certificate: boolean
  readonly policy?: string | undefined
}

export const buildTimestampRequest = (request: TimestampRequest): Uint8Array =>
  sequence(
    integer(1),
    writeImprint(request.hash, request.imprint),
    ...(request.policy === undefined ? [] : [oid(request.policy)]),
    ...(request.nonce === undefined ? [] : [integer(request.nonce)]),
    ...(request.certificate ? [boolean(true)] : []),
  )

export const writeImprint = (hash: HashName, imprint: Uint8Array): Uint8Array =>
  sequence(digestIdentifier(hash), octetString(imprint))

/** A digest outside the allow-list or of another length reads as `hash: undefined`. Throws Asn1Error. */
export function readImprint(element: Element): { hash: HashName | undefined; imprint: Uint8Array } {
  const parts = element.open()
  const hash = readDigestAlgorithm(parts.expect(TAG.sequence))
  const imprint = parts.expect(TAG.octetString).content
  parts.finish()
  const fits = hash !== undefined && imprint.length === HASH_LENGTH[hash]
  return { hash: fits ? hash : undefined, imprint }
}

/** Throws Asn1Error. `extended`: the request carries extensions, of which this TSA knows none. */
export function parseTimestampRequest(der: Uint8Array): Omit<TimestampRequest, 'hash'> & {
  readonly hash: HashName | undefined
  readonly extended: boolean
} {
  const parts = readWhole(der, 'der', TAG.sequence).open()
  readSmallInteger(parts.expect(TAG.integer))
  const { hash, imprint } = readImprint(parts.expect(TAG.sequence))
  const policy = parts.optional(TAG.oid)
  const nonce = parts.optional(TAG.integer)
  const certificate = parts.optional(TAG.boolean)
  return {
    hash,
    imprint,
    policy: policy === undefined ? undefined : readOid(policy),
    nonce: nonce === undefined ? undefined : readIntegerOctets(nonce),
    certificate: certificate !== undefined && readBoolean(certificate),
    extended: !parts.done,
  }
}
