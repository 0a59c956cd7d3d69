/** A certificate, a list or an answer whose parts were replaced, and that its issuer truly signed so. */
import { createPublicKey, createSign, type KeyObject } from 'node:crypto'
import { OID } from '../../evidence/asn1/oid.ts'
import { readWhole } from '../../evidence/asn1/reader.ts'
import { TAG } from '../../evidence/asn1/tag.ts'
import { bitString, nullValue, oid, sequence } from '../../evidence/asn1/writer.ts'

/** AlgorithmIdentifiers by name of the digest; RSA keys sign by PKCS#1 v1.5. */
const ALGORITHMS = {
  ec: { sha1: sequence(oid('1.2.840.10045.4.1')), sha256: sequence(oid(OID.ecdsaWithSha256)) },
  rsa: {
    sha1: sequence(oid('1.2.840.113549.1.1.5'), nullValue()),
    sha256: sequence(oid(OID.sha256WithRsa), nullValue()),
  },
}

export interface Resigning {
  readonly key: KeyObject
  readonly hash?: 'sha1' | 'sha256'
  /** The elements of what is signed, as written. */
  readonly bend?: (parts: readonly Uint8Array[]) => readonly Uint8Array[]
}

export function resigned(
  der: Uint8Array,
  { key, hash = 'sha256', bend = (parts) => parts }: Resigning,
): Uint8Array {
  const parts = readWhole(der, 'der', TAG.sequence).open()
  const tbs = parts.expect(TAG.sequence).open()
  const before = parts.expect(TAG.sequence).octets
  const type = createPublicKey(key).asymmetricKeyType === 'ec' ? 'ec' : 'rsa'
  const algorithm = ALGORITHMS[type][hash]
  const elements = [...tbs].map(({ octets }) => (Buffer.compare(octets, before) === 0 ? algorithm : octets))
  const signed = sequence(...bend(elements))
  return sequence(signed, algorithm, bitString(createSign(hash).update(signed).sign(key)))
}
