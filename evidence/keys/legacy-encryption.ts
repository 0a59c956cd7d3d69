/**
 * The ciphers of PKCS#12 files before 2020: 3DES and RC2 under keys that SHA-1 makes of the password. [RFC 7292 §C] They are
 * read, since people still get such files from their CA, and never written.
 */
import { createDecipheriv } from 'node:crypto'
import { OID } from '../asn1/oid.ts'
import type { Element } from '../asn1/reader.ts'
import { TAG } from '../asn1/tag.ts'
import { KeyError } from './error.ts'
import { readIterations } from './iterations.ts'
import { derive, PURPOSE } from './pkcs12-derivation.ts'
import { decryptRc2Cbc } from './rc2.ts'

const IV_OCTETS = 8

/** OpenSSL's name, or none where the cipher is ours. */
const CIPHERS: ReadonlyMap<string, { readonly name: string | undefined; readonly keyLength: number }> =
  new Map([
    [OID.pbeSha1TripleDes, { name: 'des-ede3-cbc', keyLength: 24 }],
    [OID.pbeSha1TwoKeyTripleDes, { name: 'des-ede-cbc', keyLength: 16 }],
    [OID.pbeSha1Rc2With128, { name: undefined, keyLength: 16 }],
    [OID.pbeSha1Rc2With40, { name: undefined, keyLength: 5 }],
  ])

/** Throws KeyError UNSUPPORTED for another scheme, WRONG_PASSWORD where the padding does not fit. */
export function decryptLegacy(
  name: string,
  parameters: Element,
  octets: Uint8Array,
  password: string,
): Uint8Array {
  const cipher = CIPHERS.get(name)
  if (cipher === undefined) throw new KeyError('UNSUPPORTED', `encryption ${name}`)
  const parts = parameters.open()
  const salt = parts.expect(TAG.octetString).content
  const iterations = readIterations(parts.expect(TAG.integer))
  const derivation = { hash: 'sha1', password, salt, iterations } as const
  const key = derive(derivation, PURPOSE.key, cipher.keyLength)
  const iv = derive(derivation, PURPOSE.iv, IV_OCTETS)
  if (cipher.name === undefined) return decryptRc2Cbc(octets, key, iv)
  try {
    const decipher = createDecipheriv(cipher.name, key, iv)
    return Buffer.concat([decipher.update(octets), decipher.final()])
  } catch (error) {
    throw new KeyError('WRONG_PASSWORD', 'the content cannot be decrypted', error)
  }
}
