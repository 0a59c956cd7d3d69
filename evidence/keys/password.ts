/**
 * What a password protects in a PKCS#12 file: PBES2 with AES-CBC, or one of the old ciphers, and the file's MAC.
 * [RFC 8018 §6.2] [RFC 7292 §5]
 * The two spell the password differently: UTF-8 for PBES2, UTF-16 with a final zero for the MAC. [RFC 7292 §B.1]
 * Reading takes milliseconds to a second by design, so it belongs to start-up and to the command line.
 */
import { createCipheriv, createDecipheriv, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { OID } from '../asn1/oid.ts'
import type { Element } from '../asn1/reader.ts'
import { TAG } from '../asn1/tag.ts'
import { readOctets, readOid } from '../asn1/values.ts'
import { integer, nullValue, octetString, oid, sequence } from '../asn1/writer.ts'
import { KeyError } from './error.ts'
import { readIterations } from './iterations.ts'
import { decryptLegacy } from './legacy-encryption.ts'
import { type Derivation, derive, PURPOSE } from './pkcs12-derivation.ts'

/** For files we write; OpenSSL's default is 2048. */
const ITERATIONS = 100_000

const PRFS: ReadonlyMap<string, string> = new Map([
  [OID.hmacWithSha1, 'sha1'],
  [OID.hmacWithSha256, 'sha256'],
  [OID.hmacWithSha384, 'sha384'],
  [OID.hmacWithSha512, 'sha512'],
])
const CIPHERS: ReadonlyMap<string, { name: string; keyLength: number }> = new Map([
  [OID.aes128Cbc, { name: 'aes-128-cbc', keyLength: 16 }],
  [OID.aes192Cbc, { name: 'aes-192-cbc', keyLength: 24 }],
  [OID.aes256Cbc, { name: 'aes-256-cbc', keyLength: 32 }],
])

export interface Decrypted {
  readonly octets: Uint8Array
  /** By a cipher that protects little: 3DES or RC2. */
  readonly isWeak: boolean
}

/** Throws KeyError UNSUPPORTED for other ciphers, WRONG_PASSWORD where the padding does not fit. */
export function decrypt(identifier: Element, octets: Uint8Array, password: string): Decrypted {
  const parts = identifier.open()
  const name = readOid(parts.expect(TAG.oid))
  if (name !== OID.pbes2)
    return { octets: decryptLegacy(name, parts.expect(TAG.sequence), octets, password), isWeak: true }
  const scheme = parts.expect(TAG.sequence).open()
  const derivation = scheme.expect(TAG.sequence).open()
  if (readOid(derivation.expect(TAG.oid)) !== OID.pbkdf2) throw new KeyError('UNSUPPORTED', 'key derivation')
  const { salt, iterations, prf } = readPbkdf2(derivation.expect(TAG.sequence))
  const encryption = scheme.expect(TAG.sequence).open()
  const cipher = CIPHERS.get(readOid(encryption.expect(TAG.oid)))
  if (cipher === undefined) throw new KeyError('UNSUPPORTED', 'cipher')
  const iv = readOctets(encryption.expect(TAG.octetString))
  const key = pbkdf2Sync(Buffer.from(password, 'utf8'), salt, iterations, cipher.keyLength, prf)
  try {
    const decipher = createDecipheriv(cipher.name, key, iv)
    return { octets: Buffer.concat([decipher.update(octets), decipher.final()]), isWeak: false }
  } catch (error) {
    throw new KeyError('WRONG_PASSWORD', 'the content cannot be decrypted', error)
  }
}

function readPbkdf2(parameters: Element): { salt: Uint8Array; iterations: number; prf: string } {
  const parts = parameters.open()
  const salt = parts.expect(TAG.octetString).content
  const iterations = readIterations(parts.expect(TAG.integer))
  parts.optional(TAG.integer) // the key length, which the cipher says already
  const named = parts.optional(TAG.sequence)
  // Absent means HMAC-SHA-1. [RFC 8018 §A.2]
  const prf = named === undefined ? 'sha1' : PRFS.get(readOid(named.open().expect(TAG.oid)))
  if (prf === undefined) throw new KeyError('UNSUPPORTED', 'pseudo-random function')
  return { salt, iterations, prf }
}

/** AES-256-CBC under PBKDF2-HMAC-SHA-256; the AlgorithmIdentifier and the ciphertext. */
export function encrypt(
  octets: Uint8Array,
  password: string,
): { identifier: Uint8Array; encrypted: Uint8Array } {
  const salt = randomBytes(16)
  const iv = randomBytes(16)
  const key = pbkdf2Sync(Buffer.from(password, 'utf8'), salt, ITERATIONS, 32, 'sha256')
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  const derivation = sequence(
    oid(OID.pbkdf2),
    sequence(octetString(salt), integer(ITERATIONS), sequence(oid(OID.hmacWithSha256), nullValue())),
  )
  const scheme = sequence(derivation, sequence(oid(OID.aes256Cbc), octetString(iv)))
  const encrypted = Buffer.concat([cipher.update(octets), cipher.final()])
  return { identifier: sequence(oid(OID.pbes2), scheme), encrypted }
}

/** HMAC over the authenticated safe. */
export const fileMac = (octets: Uint8Array, derivation: Derivation): Uint8Array =>
  createHmac(derivation.hash, derive(derivation, PURPOSE.mac)).update(octets).digest()
