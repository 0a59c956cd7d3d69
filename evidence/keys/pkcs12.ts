/**
 * PKCS#12 files: read into a Signer, and written with AES for development users. [RFC 7292 §4] The MAC is checked before
 * anything is decrypted. Files with RC2 or 3DES are read too, and told of: their password protects them little.
 */
import { createPrivateKey, hash, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import { OID } from '../asn1/oid.ts'
import { type Element, readWhole } from '../asn1/reader.ts'
import { CONSTRUCTED, contextConstructed, contextPrimitive, TAG } from '../asn1/tag.ts'
import { implicitOctets, readOctets, readOid, readSmallInteger } from '../asn1/values.ts'
import {
  encode,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  setOf,
  tagged,
  taggedPrimitive,
} from '../asn1/writer.ts'
import type { Certificate, HashName, Signer } from '../ports.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { KeyError } from './error.ts'
import { readIterations } from './iterations.ts'
import { type Decrypted, decrypt, encrypt, fileMac } from './password.ts'
import { signerFrom } from './pem.ts'
import type { DerivationHash } from './pkcs12-derivation.ts'

/** A key and its chain have 10 KiB. */
const MAX_FILE_OCTETS = 1024 * 1024
const MAC_ITERATIONS = 2048

/** Throws KeyError. */
export function signerFromPkcs12(
  der: Uint8Array,
  password: string,
  options: {
    readonly hash: HashName
    readonly pss?: boolean | undefined
    /** Called where the file is protected by RC2 or 3DES. */
    readonly onWeak?: (() => void) | undefined
  },
): Signer {
  const { key, certificates, isWeak } = readPkcs12(der, password)
  if (isWeak) options.onWeak?.()
  return signerFrom(key, certificates, options)
}

/** The first private key and every certificate. Throws KeyError. */
export function readPkcs12(
  der: Uint8Array,
  password: string,
): { key: KeyObject; certificates: Certificate[]; isWeak: boolean } {
  try {
    const safe = openFile(der, password)
    const found: Found = { keys: [], certificates: [], isWeak: false }
    for (const info of readWhole(safe, 'ber', TAG.sequence).open())
      readBags(contentOf(info, password, found), password, found)
    const [key] = found.keys
    if (key === undefined) throw new KeyError('NO_KEY', 'no private key in the file')
    return { key, certificates: found.certificates, isWeak: found.isWeak }
  } catch (error) {
    if (error instanceof KeyError) throw error
    throw new KeyError('MALFORMED', error instanceof Error ? error.message : 'unreadable', error)
  }
}

/** The authenticated safe, once its MAC fits the password. */
function openFile(der: Uint8Array, password: string): Uint8Array {
  if (der.length > MAX_FILE_OCTETS) throw new KeyError('MALFORMED', `over ${MAX_FILE_OCTETS} octets`)
  const parts = readWhole(der, 'ber', TAG.sequence).open()
  readSmallInteger(parts.expect(TAG.integer))
  const safe = plainContent(parts.expect(TAG.sequence))
  const mac = parts.optional(TAG.sequence)?.open()
  if (mac === undefined) throw new KeyError('UNSUPPORTED', 'a file without a MAC')
  const info = mac.expect(TAG.sequence).open()
  const name = MAC_NAMES.get(readOid(info.expect(TAG.sequence).open().expect(TAG.oid)))
  const expected = readOctets(info.next())
  const salt = readOctets(mac.expect(TAG.octetString))
  const count = mac.optional(TAG.integer)
  const iterations = count === undefined ? 1 : readIterations(count)
  if (name === undefined) throw new KeyError('UNSUPPORTED', 'MAC')
  const actual = fileMac(safe, { hash: name, password, salt, iterations })
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected))
    throw new KeyError('WRONG_PASSWORD', 'the MAC does not fit')
  return safe
}

const MAC_NAMES: ReadonlyMap<string, DerivationHash> = new Map([
  [OID.sha1, 'sha1'],
  [OID.sha256, 'sha256'],
  [OID.sha384, 'sha384'],
  [OID.sha512, 'sha512'],
])

/** What the MAC is over. A file that is signed instead has none. */
function plainContent(info: Element): Uint8Array {
  const parts = info.open()
  const type = readOid(parts.expect(TAG.oid))
  if (type !== OID.data) throw new KeyError('UNSUPPORTED', `content ${type}`)
  return readOctets(parts.expect(contextConstructed(0)).open().next())
}

/** The octets of a ContentInfo: plain data, or encrypted under the password. */
function contentOf(info: Element, password: string, found: Found): Uint8Array {
  const parts = info.open()
  const type = readOid(parts.expect(TAG.oid))
  const value = parts.expect(contextConstructed(0)).open()
  if (type === OID.data) return readOctets(value.next())
  if (type !== OID.encryptedData) throw new KeyError('UNSUPPORTED', `content ${type}`)
  const data = value.expect(TAG.sequence).open()
  readSmallInteger(data.expect(TAG.integer))
  const content = data.expect(TAG.sequence).open()
  content.expect(TAG.oid)
  const identifier = content.expect(TAG.sequence)
  const octets = content.next()
  if ((octets.tag & ~CONSTRUCTED) !== contextPrimitive(0))
    throw new KeyError('MALFORMED', 'encrypted content')
  return opened(decrypt(identifier, implicitOctets(octets), password), found)
}

interface Found {
  readonly keys: KeyObject[]
  readonly certificates: Certificate[]
  isWeak: boolean
}

function opened({ octets, isWeak }: Decrypted, found: Found): Uint8Array {
  found.isWeak ||= isWeak
  return octets
}

function readBags(contents: Uint8Array, password: string, found: Found): void {
  for (const bag of readWhole(contents, 'ber', TAG.sequence).open()) {
    const parts = bag.open()
    const type = readOid(parts.expect(TAG.oid))
    const value = parts.expect(contextConstructed(0)).open()
    if (type === OID.keyBag) found.keys.push(privateKey(value.next().octets))
    else if (type === OID.shroudedKeyBag) {
      const shroud = value.expect(TAG.sequence).open()
      const identifier = shroud.expect(TAG.sequence)
      const octets = opened(decrypt(identifier, readOctets(shroud.next()), password), found)
      found.keys.push(privateKey(octets))
    } else if (type === OID.certBag) {
      const certificate = value.expect(TAG.sequence).open()
      if (readOid(certificate.expect(TAG.oid)) !== OID.x509Certificate) continue
      found.certificates.push(
        parseCertificate(readOctets(certificate.expect(contextConstructed(0)).open().next())),
      )
    }
  }
}

const privateKey = (pkcs8: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })

export interface Pkcs12Content {
  readonly key: KeyObject
  /** The key's certificate first. */
  readonly certificates: readonly Certificate[]
  readonly password: string
  /** What a mail client shows beside the key. */
  readonly friendlyName: string
}

/** A file with AES-256 and a SHA-256 MAC, as OpenSSL 3, Thunderbird and current Windows read it. */
export function makePkcs12({ key, certificates, password, friendlyName }: Pkcs12Content): Uint8Array {
  const [leaf] = certificates
  if (leaf === undefined) throw new KeyError('NO_CERTIFICATE', 'a file needs the certificate of its key')
  const name = Buffer.from(friendlyName, 'utf16le').swap16()
  // Importers find the certificate of a key by equal localKeyId, not by comparing keys.
  const attributes = setOf(
    sequence(oid(OID.friendlyName), setOf(encode(TAG.bmpString, name))),
    sequence(oid(OID.localKeyId), setOf(octetString(hash('sha256', leaf.der, 'buffer').subarray(0, 20)))),
  )
  const shroud = encrypt(key.export({ format: 'der', type: 'pkcs8' }), password)
  const keyBag = sequence(
    oid(OID.shroudedKeyBag),
    tagged(0, sequence(shroud.identifier, octetString(shroud.encrypted))),
    attributes,
  )
  const certBags = certificates.map((certificate, index) => {
    const value = sequence(oid(OID.x509Certificate), tagged(0, octetString(certificate.der)))
    return sequence(oid(OID.certBag), tagged(0, value), ...(index === 0 ? [attributes] : []))
  })
  const hidden = encrypt(sequence(...certBags), password)
  const encrypted = sequence(
    integer(0),
    sequence(oid(OID.data), hidden.identifier, taggedPrimitive(0, hidden.encrypted)),
  )
  const safe = sequence(
    sequence(oid(OID.encryptedData), tagged(0, encrypted)),
    sequence(oid(OID.data), tagged(0, octetString(sequence(keyBag)))),
  )
  const salt = randomBytes(16)
  const mac = fileMac(safe, { hash: 'sha256', password, salt, iterations: MAC_ITERATIONS })
  const digestInfo = sequence(sequence(oid(OID.sha256), nullValue()), octetString(mac))
  return sequence(
    integer(3),
    sequence(oid(OID.data), tagged(0, octetString(safe))),
    sequence(digestInfo, octetString(salt), integer(MAC_ITERATIONS)),
  )
}
