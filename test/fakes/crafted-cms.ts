/** SignedData with any part replaced, and signed over whatever attributes it then has. */
import { hash } from 'node:crypto'
import { OID } from '../../evidence/asn1/oid.ts'
import {
  encode,
  integer,
  octetString,
  oid,
  retag,
  sequence,
  setOf,
  tagged,
} from '../../evidence/asn1/writer.ts'
import type { HashName, Signer } from '../../evidence/ports.ts'
import { signatureIdentifier } from '../../evidence/x509/algorithm.ts'
import { pki } from './pki.ts'

export const content = Buffer.from('içerik')
export const digestOf = (name: HashName): Uint8Array => hash(name, content, 'buffer')

export const attribute = (type: string, ...values: readonly Uint8Array[]): Uint8Array =>
  sequence(oid(type), setOf(...values))
export const digestId = (id: string): Uint8Array => sequence(oid(id))
export const contentType = (type: string = OID.data): Uint8Array => attribute(OID.contentType, oid(type))
export const messageDigest = (digest = digestOf('sha256')): Uint8Array =>
  attribute(OID.messageDigest, octetString(digest))

export interface Craft {
  readonly by?: Signer
  /** What is signed, and what travels, where that is another order or another thing. */
  readonly attributes?: readonly Uint8Array[]
  readonly sent?: readonly Uint8Array[]
  readonly digestAlgorithm?: Uint8Array
  readonly algorithm?: Uint8Array
  readonly certificates?: readonly Uint8Array[]
  readonly unsigned?: readonly Uint8Array[]
  /** The content type of the frame. */
  readonly type?: string
  readonly enclosed?: Uint8Array
  readonly lists?: readonly Uint8Array[]
  readonly bend?: (signature: Uint8Array) => Uint8Array
  /** Of the signature, in place of OCTET STRING. */
  readonly signatureTag?: number
  /** The signer by the identifier of its key. */
  readonly keyId?: Uint8Array
}

export async function signerInfo(given: Craft): Promise<Uint8Array> {
  const by = given.by ?? pki().user.signer
  const attributes = given.attributes ?? [contentType(given.type), messageDigest()]
  const signature = await by.sign(setOf(...attributes))
  return sequence(
    integer(given.keyId === undefined ? 1 : 3),
    given.keyId === undefined
      ? sequence(by.certificate.issuer.der, integer(by.certificate.serialBytes))
      : encode(0x80, given.keyId),
    given.digestAlgorithm ?? digestId(OID.sha256),
    given.sent === undefined ? retag(0xa0, setOf(...attributes)) : encode(0xa0, ...given.sent),
    given.algorithm ?? signatureIdentifier(by.algorithm, by.hash),
    encode(given.signatureTag ?? 0x04, given.bend === undefined ? signature : given.bend(signature)),
    ...(given.unsigned === undefined ? [] : [tagged(1, ...given.unsigned)]),
  )
}

export const craft = async (given: Craft = {}): Promise<Uint8Array> => frame([await signerInfo(given)], given)

export function frame(infos: readonly Uint8Array[], given: Craft = {}): Uint8Array {
  const { by = pki().user.signer, enclosed, lists = [] } = given
  const certificates = retag(0xa0, setOf(...(given.certificates ?? [by.certificate.der])))
  const body = sequence(
    integer(1),
    setOf(digestId(OID.sha256)),
    sequence(
      oid(given.type ?? OID.data),
      ...(enclosed === undefined ? [] : [tagged(0, octetString(enclosed))]),
    ),
    certificates,
    ...(lists.length === 0 ? [] : [tagged(1, ...lists)]),
    setOf(...infos),
  )
  return sequence(oid(OID.signedData), tagged(0, body))
}
