/** ECDSA signatures: CMS and our signers speak DER, XML speaks r‖s of fixed length. [XMLDSIG 1.1 §6.4.3] */
import type { KeyObject } from 'node:crypto'
import { readWhole } from '../asn1/reader.ts'
import { TAG } from '../asn1/tag.ts'
import { CURVE_OCTETS } from '../x509/curves.ts'

/** @throws RangeError for a curve outside the table, Asn1Error for a malformed signature */
export function rawFromDer(der: Uint8Array, key: KeyObject): Uint8Array {
  const size = CURVE_OCTETS.get(key.asymmetricKeyDetails?.namedCurve ?? '')
  if (size === undefined) throw new RangeError('the curve of the signing key has no XML signature form here')
  const inner = readWhole(der, 'der', TAG.sequence).open()
  const raw = new Uint8Array(size * 2)
  for (const half of [1, 2]) {
    const { content } = inner.expect(TAG.integer)
    const magnitude = content[0] === 0 ? content.subarray(1) : content
    raw.set(magnitude, half * size - magnitude.length)
  }
  inner.finish()
  return raw
}
