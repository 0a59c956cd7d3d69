import { hash } from 'node:crypto'
import { readWhole } from '../asn1/reader.ts'
import { TAG } from '../asn1/tag.ts'
import { readSignatureAlgorithm } from './algorithm.ts'
import { parseCertificate } from './certificate.ts'

/**
 * What a TLS channel is called by its server's certificate: the digest by the hash function with which that is signed.
 * undefined where there is none of its own (Ed25519), or a weak one. Throws X509Error. [RFC 5929 §4.1]
 */
export function certificateHash(der: Uint8Array): Uint8Array | undefined {
  const { signatureAlgorithm } = parseCertificate(der)
  const reading = readSignatureAlgorithm(readWhole(signatureAlgorithm, 'der', TAG.sequence))
  if (!reading.ok || reading.algorithm.hash === undefined) return undefined
  return hash(reading.algorithm.hash, der, 'buffer')
}
