/** Asks about one certificate. [RFC 6960 §4.1.1] */
import { randomBytes } from 'node:crypto'
import { OID } from '../asn1/oid.ts'
import { octetString, sequence, tagged } from '../asn1/writer.ts'
import type { Certificate } from '../ports.ts'
import { type CertIdHash, writeCertId } from './cert-id.ts'
import { extension } from './extensions.ts'

/** [RFC 9654 §2.1] */
const NONCE_OCTETS = 32

export const makeNonce = (): Uint8Array => randomBytes(NONCE_OCTETS)

export function buildOcspRequest(request: {
  readonly certificate: Certificate
  readonly issuer: Certificate
  readonly hash: CertIdHash
  readonly nonce: Uint8Array | undefined
}): Uint8Array {
  const id = writeCertId(request.certificate, request.issuer, request.hash)
  const { nonce } = request
  const extensions =
    nonce === undefined ? [] : [tagged(2, sequence(extension(OID.ocspNonce, false, octetString(nonce))))]
  return sequence(sequence(sequence(sequence(id)), ...extensions))
}
