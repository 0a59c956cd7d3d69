/** How a token is asked for a signature, and its answer brought into the form of a Signer. [PKCS11 v3.1 §6.1] [PKCS11 v3.1 §6.3] */
import { hash as digestOf, type KeyObject } from 'node:crypto'
import { OID } from '../../asn1/oid.ts'
import { integer, nullValue, octetString, oid, sequence, unsigned } from '../../asn1/writer.ts'
import type { HashName, Signer } from '../../ports.ts'
import { HASH_LENGTH } from '../../x509/algorithm.ts'
import { KeyError } from '../error.ts'
import type { Mechanism } from './cryptoki.ts'

/** Mechanisms that take a digest, and those that make it. */
const CKM = {
  'rsa-pkcs1': { raw: 0x0001, sha256: 0x0040, sha384: 0x0041, sha512: 0x0042 },
  'rsa-pss': { raw: 0x000d, sha256: 0x0043, sha384: 0x0044, sha512: 0x0045 },
  ecdsa: { raw: 0x1041, sha256: 0x1044, sha384: 0x1045, sha512: 0x1046 },
} as const

/** CKM of the digest and CKG of its mask. */
const PSS = {
  sha256: { hashAlg: 0x0250, mgf: 2 },
  sha384: { hashAlg: 0x0260, mgf: 3 },
  sha512: { hashAlg: 0x0270, mgf: 4 },
} as const

/** CK_PARAMS_RSA_PSS of pkcs11js: what its `parameter` holds. */
const PSS_PARAMETERS = 5

/** Octets of the order of a curve: a coordinate of a signature, and the most of a digest that is signed. */
const ORDERS: ReadonlyMap<string, number> = new Map([
  ['prime256v1', 32],
  ['secp384r1', 48],
  ['secp521r1', 66],
])

export interface Wanted {
  readonly algorithm: Signer['algorithm']
  readonly hash: HashName
  readonly publicKey: KeyObject
}

/**
 * The mechanism and what it is given. The digest is made here where the token lets us, since then it need not see what is
 * signed; else the token makes it.
 *
 * @param has what the token knows
 * @throws KeyError UNSUPPORTED where it knows neither
 */
export function requestOf(
  { algorithm, hash, publicKey }: Wanted,
  has: ReadonlySet<number>,
  tbs: Uint8Array,
): { mechanism: Mechanism; data: Uint8Array } {
  const known = CKM[algorithm]
  // The salt is as long as the digest, as x509/algorithm.ts writes it.
  const parameter =
    algorithm === 'rsa-pss'
      ? { parameter: { type: PSS_PARAMETERS, ...PSS[hash], saltLen: HASH_LENGTH[hash] } }
      : {}
  if (has.has(known.raw)) {
    const digest = digestOf(hash, tbs, 'buffer')
    const data =
      algorithm === 'rsa-pkcs1'
        ? sequence(sequence(oid(OID[hash]), nullValue()), octetString(digest))
        : algorithm === 'ecdsa'
          ? digest.subarray(0, orderOf(publicKey))
          : digest
    return { mechanism: { mechanism: known.raw, ...parameter }, data }
  }
  if (!has.has(known[hash]))
    throw new KeyError('UNSUPPORTED', `the token does not know ${algorithm} with ${hash}`)
  return { mechanism: { mechanism: known[hash], ...parameter }, data: tbs }
}

/** A token gives ECDSA as r‖s; a Signer gives Ecdsa-Sig-Value. Throws KeyError SIGNING_FAILED for another length. */
export function signatureOf({ algorithm, publicKey }: Wanted, answer: Uint8Array): Uint8Array {
  if (algorithm !== 'ecdsa') return answer
  const size = orderOf(publicKey)
  if (answer.length !== size * 2)
    throw new KeyError('SIGNING_FAILED', `${answer.length} octets are no r and s`)
  return sequence(integer(unsigned(answer.subarray(0, size))), integer(unsigned(answer.subarray(size))))
}

function orderOf(key: KeyObject): number {
  const size = ORDERS.get(key.asymmetricKeyDetails?.namedCurve ?? '')
  if (size === undefined) throw new KeyError('UNSUPPORTED', 'curve of the key')
  return size
}
