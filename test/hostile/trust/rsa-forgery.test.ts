/**
 * Signatures that lenient readers of PKCS#1 v1.5 believed: padding that is not looked at to its end (Bleichenbacher, 2006), and
 * a public exponent so small that a forger needs no private key then. [RFC 8017 §8.2.2]
 */
import {
  constants,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  privateEncrypt,
  publicDecrypt,
} from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { OID } from '../../../evidence/asn1/oid.ts'
import { nullValue, octetString, oid, sequence } from '../../../evidence/asn1/writer.ts'
import { verifyDetached } from '../../../evidence/cms/verify.ts'
import type { Signer } from '../../../evidence/ports.ts'
import { keyWeakness } from '../../../evidence/x509/algorithm.ts'
import { issueCertificate } from '../../../evidence/x509/issue.ts'
import { validatePath } from '../../../evidence/x509/path.ts'
import { signatureUri, verifySignatureValue } from '../../../evidence/xades/algorithms.ts'
import { content, craft, digestOf } from '../../fakes/crafted-cms.ts'
import { daysFromNow, pki } from '../../fakes/pki.ts'

const SIZE = 256

const digestInfo = (octets: Uint8Array, id: string = OID.sha256, name = 'sha256'): Uint8Array =>
  sequence(sequence(oid(id), nullValue()), octetString(hash(name, octets, 'buffer')))

/** As many 0xff as wanted, and what stands behind the digest. */
const block = (info: Uint8Array, filler: number, garbage: Uint8Array = new Uint8Array()): Uint8Array =>
  Buffer.concat([Uint8Array.of(0, 1), new Uint8Array(filler).fill(0xff), Uint8Array.of(0), info, garbage])
const full = (info: Uint8Array): Uint8Array => block(info, SIZE - 3 - info.length)

/** A reader of 2006: it looks for the digest behind the padding, and at nothing behind the digest. */
function lenient(key: KeyObject, octets: Uint8Array, signature: Uint8Array): boolean {
  const opened = publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature)
  const end = opened.indexOf(0, 2)
  return opened[1] === 1 && opened.subarray(end + 1).indexOf(digestInfo(octets)) === 0
}

/** The largest number whose cube is no larger. */
function cubeRoot(value: bigint): bigint {
  let [low, high] = [0n, 1n << 700n]
  while (low < high) {
    const middle = (low + high + 1n) >> 1n
    if (middle ** 3n <= value) low = middle
    else high = middle - 1n
  }
  return low
}

const numberOf = (octets: Uint8Array): bigint => BigInt(`0x${Buffer.from(octets).toString('hex')}`)
const octetsOf = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(SIZE * 2, '0'), 'hex')

/** Made of the public key alone: the garbage takes up what the cube has more. */
function forged(octets: Uint8Array): Uint8Array {
  const head = block(digestInfo(octets), 8)
  const top = numberOf(Buffer.concat([head, new Uint8Array(SIZE - head.length).fill(0xff)]))
  return octetsOf(cubeRoot(top))
}

const holderOf = (publicExponent: number) => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: SIZE * 8, publicExponent })
  const certificate = issueCertificate({
    subject: { commonName: `e=${publicExponent}` },
    publicKey,
    profile: { kind: 'qualified' },
    issuer: pki().intermediate,
    notBefore: daysFromNow(-1),
    notAfter: daysFromNow(1),
  })
  return { publicKey, privateKey, certificate }
}
const cubic = holderOf(3)
const usual = holderOf(65_537)

const signerWith = ({ certificate }: typeof cubic, sign: (tbs: Uint8Array) => Uint8Array): Signer => ({
  certificate,
  chain: [],
  algorithm: 'rsa-pkcs1',
  hash: 'sha256',
  sign: async (tbs) => sign(tbs),
})
const failureOf = async (signer: Signer) =>
  (await verifyDetached(await craft({ by: signer }), digestOf)).signers[0]?.failure

describe('a forgery under exponent 3', () => {
  test('is one: a reader that does not look behind the digest believes it', () => {
    expect(lenient(cubic.publicKey, content, forged(content))).toBe(true)
  })
  test('of a CMS signature: WEAK_SIGNATURE_ALGORITHM', async () => {
    expect(await failureOf(signerWith(cubic, forged))).toBe('WEAK_SIGNATURE_ALGORITHM')
  })
  test('of a XAdES signature', () => {
    expect(signatureUri({ kind: 'rsa-pkcs1', hash: 'sha256' })).toContain('rsa-sha256')
    const algorithm = { kind: 'rsa-pkcs1', hash: 'sha256' } as const
    expect(verifySignatureValue(algorithm, cubic.publicKey, content, forged(content))).toBe(false)
  })
  test('the key is refused wherever it stands, also with a true signature: WEAK_ALGORITHM', () => {
    const path = validatePath(cubic.certificate, { ...pki().trust, at: new Date(), revocation: 'if-present' })
    expect(path).toMatchObject({ ok: false, failure: 'WEAK_ALGORITHM' })
  })
  test.each([1n, 3n, 17n, 65_535n])('exponent %s is weak', (e) => {
    const n = Buffer.concat([Uint8Array.of(0xc0), Buffer.alloc(254, 0x55), Uint8Array.of(0x01)])
    const exponent = Buffer.from(e.toString(16).padStart(e > 255n ? 4 : 2, '0'), 'hex')
    const jwk = { kty: 'RSA', n: n.toString('base64url'), e: exponent.toString('base64url') }
    expect(keyWeakness(createPublicKey({ key: jwk, format: 'jwk' }))).toBe('WEAK_ALGORITHM')
  })
})

describe('blocks that are not the one, under the true key: BAD_SIGNATURE', () => {
  const raw = (padded: Uint8Array): Uint8Array =>
    privateEncrypt({ key: usual.privateKey, padding: constants.RSA_NO_PADDING }, padded)
  test('the right one holds', async () => {
    expect(await failureOf(signerWith(usual, (tbs) => raw(full(digestInfo(tbs)))))).toBeUndefined()
  })
  test.each<[string, (tbs: Uint8Array) => Uint8Array]>([
    [
      'garbage behind the digest',
      (tbs) => block(digestInfo(tbs), 8, new Uint8Array(SIZE - 11 - digestInfo(tbs).length)),
    ],
    [
      'garbage inside the parameters',
      (tbs) =>
        full(
          sequence(
            sequence(oid(OID.sha256), octetString(new Uint8Array(40))),
            octetString(hash('sha256', tbs, 'buffer')),
          ),
        ),
    ],
    ['a digest without its name', (tbs) => full(octetString(hash('sha256', tbs, 'buffer')))],
    ['the digest alone', (tbs) => full(hash('sha256', tbs, 'buffer'))],
    ['the digest under another name', (tbs) => full(digestInfo(tbs, OID.sha384, 'sha256'))],
    ['SHA-1', (tbs) => full(digestInfo(tbs, OID.sha1, 'sha1'))],
    [
      'padding for encryption',
      (tbs) => Buffer.concat([Uint8Array.of(0, 2), full(digestInfo(tbs)).subarray(2)]),
    ],
    ['padding with a hole', (tbs) => full(digestInfo(tbs)).map((octet, at) => (at === 40 ? 0xfe : octet))],
  ])('%s', async (_name, padded) => {
    expect(await failureOf(signerWith(usual, (tbs) => raw(padded(tbs))))).toBe('BAD_SIGNATURE')
  })
  test.each<[string, (signature: Uint8Array) => Uint8Array]>([
    ['an octet more', (signature) => Buffer.concat([Uint8Array.of(0), signature])],
    ['an octet less', (signature) => signature.subarray(1)],
    ['nothing', () => new Uint8Array()],
    ['zero', (signature) => new Uint8Array(signature.length)],
  ])('a signature of %s', async (_name, bent) => {
    expect(await failureOf(signerWith(usual, (tbs) => bent(raw(full(digestInfo(tbs))))))).toBe(
      'BAD_SIGNATURE',
    )
  })
})
