/**
 * A Signer over a private key in this process. It signs on the thread pool, so the loop stays free, and hands
 * OpenSSL a KeyObject instead of PEM, which would be read again for every signature. With P-256 it signs at once: that takes
 * a fortieth of a millisecond, and the way to the pool and back takes twice as long.
 */
import { constants, createPublicKey, type KeyObject, sign } from 'node:crypto'
import type { Certificate, HashName, Signer } from '../ports.ts'
import { HASH_LENGTH, keyWeakness } from '../x509/algorithm.ts'
import { KeyError } from './error.ts'

export interface KeyMaterial {
  readonly key: KeyObject
  readonly certificate: Certificate
  /** Issuers upward, without the anchor. */
  readonly chain: readonly Certificate[]
  readonly hash: HashName
  /** RSA-PSS instead of PKCS#1 v1.5 for an RSA key. */
  readonly pss?: boolean | undefined
}

/** Throws KeyError for weak keys and for a key that is not the certificate's. */
export function keySigner({ key, certificate, chain, hash, pss = false }: KeyMaterial): Signer {
  const mine = createPublicKey(key)
  if (keyWeakness(mine) !== undefined) throw new KeyError('WEAK_KEY', 'kind or size of the key')
  if (!isSameKey(mine, certificate.publicKey))
    throw new KeyError('KEY_MISMATCH', 'the certificate has another key')
  const algorithm = algorithmOf(key, pss)
  const options = signingOptions(key, algorithm, hash)
  const isQuick = key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
  return {
    certificate,
    chain,
    algorithm,
    hash,
    sign: (tbs) => {
      if (isQuick && tbs.length <= MAX_AT_ONCE) return signedAtOnce(hash, tbs, options)
      const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
      sign(hash, tbs, options, (error, signature) => {
        if (error === null) resolve(signature)
        else reject(new KeyError('SIGNING_FAILED', 'OpenSSL refused', error))
      })
      return promise
    },
  }
}

/** Octets that are hashed on the loop; attributes and SignedInfo have a thousand. */
const MAX_AT_ONCE = 16_384

async function signedAtOnce(
  hash: HashName,
  tbs: Uint8Array,
  options: ReturnType<typeof signingOptions>,
): Promise<Uint8Array> {
  try {
    return sign(hash, tbs, options)
  } catch (error) {
    throw new KeyError('SIGNING_FAILED', 'OpenSSL refused', error)
  }
}

/**
 * Compared as octets: KeyObject.equals leaves an error in OpenSSL's queue when the kinds differ, and the next
 * createPrivateKey then fails with it (Node 26.10).
 */
export const isSameKey = (a: KeyObject, b: KeyObject): boolean =>
  a.export({ format: 'der', type: 'spki' }).equals(b.export({ format: 'der', type: 'spki' }))

/** Of a private key, or of its public half. */
export function algorithmOf(key: KeyObject, pss: boolean): Signer['algorithm'] {
  if (key.asymmetricKeyType === 'ec') return 'ecdsa'
  return key.asymmetricKeyType === 'rsa-pss' || pss ? 'rsa-pss' : 'rsa-pkcs1'
}

function signingOptions(key: KeyObject, algorithm: Signer['algorithm'], hash: HashName) {
  switch (algorithm) {
    case 'ecdsa':
      return { key, dsaEncoding: 'der' as const }
    case 'rsa-pkcs1':
      return { key, padding: constants.RSA_PKCS1_PADDING }
    case 'rsa-pss':
      // Without it OpenSSL takes the longest salt that fits, and the parameters written in CMS would lie.
      return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: HASH_LENGTH[hash] }
  }
}
