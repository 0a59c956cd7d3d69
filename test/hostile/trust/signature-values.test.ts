/** Values of signatures that are none, or are one in a spelling that only some readers know. [RFC 3279 §2.2.3] [XMLDSIG 1.1 §6.4.3] */
import { describe, expect, test } from 'vitest'
import { readWhole } from '../../../evidence/asn1/reader.ts'
import { TAG } from '../../../evidence/asn1/tag.ts'
import { encode, integer, sequence } from '../../../evidence/asn1/writer.ts'
import { verifyDetached } from '../../../evidence/cms/verify.ts'
import { keySigner } from '../../../evidence/keys/key-signer.ts'
import { signatureIdentifier } from '../../../evidence/x509/algorithm.ts'
import { verifySignatureValue } from '../../../evidence/xades/algorithms.ts'
import { rawFromDer } from '../../../evidence/xades/ecdsa-value.ts'
import { content, craft, digestOf } from '../../fakes/crafted-cms.ts'
import { pki } from '../../fakes/pki.ts'

/** Of P-256. [FIPS 186-5] */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const { signer } = pki().user

function parts(der: Uint8Array): [bigint, bigint] {
  const pair = readWhole(der, 'der', TAG.sequence).open()
  const number = (): bigint => BigInt(`0x${Buffer.from(pair.expect(TAG.integer).content).toString('hex')}`)
  return [number(), number()]
}
const spelt = (r: bigint, s: bigint): Uint8Array => sequence(integer(r), integer(s))
/** The shortest two's complement of a negative number. */
const negative = (value: bigint): Uint8Array => {
  const hex = (2n ** 264n - value).toString(16)
  return encode(TAG.integer, Buffer.from(hex, 'hex'))
}

describe('ECDSA in CMS', () => {
  const failureOf = async (bend: (der: Uint8Array) => Uint8Array) =>
    (await verifyDetached(await craft({ bend }), digestOf)).signers[0]?.failure
  test('as it is; and with n − s, which is the same signature in other octets', async () => {
    expect(await failureOf((der) => der)).toBeUndefined()
    expect(await failureOf((der) => spelt(parts(der)[0], ORDER - parts(der)[1]))).toBeUndefined()
  })
  test.each<[string, (der: Uint8Array) => Uint8Array]>([
    ['r and s zero', () => spelt(0n, 0n)],
    ['r zero', (der) => spelt(0n, parts(der)[1])],
    ['s zero', (der) => spelt(parts(der)[0], 0n)],
    ['r and s one', () => spelt(1n, 1n)],
    ['r and s the order', () => spelt(ORDER, ORDER)],
    ['r beyond the order', (der) => spelt(parts(der)[0] + ORDER, parts(der)[1])],
    ['s beyond the order', (der) => spelt(parts(der)[0], parts(der)[1] + ORDER)],
    ['r negative', (der) => sequence(negative(parts(der)[0]), integer(parts(der)[1]))],
    [
      'a zero in front of r',
      (der) =>
        sequence(
          encode(
            2,
            Buffer.concat([
              Uint8Array.of(0, 0),
              Buffer.from(parts(der)[0].toString(16).padStart(64, '0'), 'hex'),
            ]),
          ),
          integer(parts(der)[1]),
        ),
    ],
    [
      'a length in more octets than it needs',
      (der) => Buffer.concat([Uint8Array.of(0x30, 0x81), der.subarray(1)]),
    ],
    [
      'no definite length',
      (der) => Buffer.concat([Uint8Array.of(0x30, 0x80), der.subarray(2), Uint8Array.of(0, 0)]),
    ],
    ['octets behind it', (der) => Buffer.concat([der, Uint8Array.of(0)])],
    ['octets inside it', (der) => sequence(der.subarray(2), encode(TAG.null))],
    ['a SET', (der) => encode(TAG.set, der.subarray(2))],
    ['r‖s, as XML has it', (der) => rawFromDer(der, signer.certificate.publicKey)],
    ['nothing', () => new Uint8Array()],
  ])('%s: BAD_SIGNATURE', async (_name, bend) => {
    expect(await failureOf(bend)).toBe('BAD_SIGNATURE')
  })
  test.each(['p384', 'p521'] as const)('of another curve than its key, %s: BAD_SIGNATURE', async (kind) => {
    const other = pki().issue({ kind: 'user', email: 'a@hs98.kep.tr' }, { kind })
    const by = { ...other.signer, certificate: signer.certificate }
    expect((await verifyDetached(await craft({ by }), digestOf)).signers[0]?.failure).toBe('BAD_SIGNATURE')
  })
})

describe('ECDSA in XML', () => {
  const holds = (value: Uint8Array): boolean =>
    verifySignatureValue({ kind: 'ecdsa', hash: 'sha256' }, signer.certificate.publicKey, content, value)
  test('as it is, and no other way', async () => {
    const der = await signer.sign(content)
    const raw = Buffer.from(rawFromDer(der, signer.certificate.publicKey))
    expect(holds(raw)).toBe(true)
    const [r, s] = [raw.subarray(0, 32), raw.subarray(32)]
    const zero = Buffer.alloc(32)
    const wrong = [
      der,
      Buffer.concat([zero, zero]),
      Buffer.concat([zero, s]),
      Buffer.concat([r, zero]),
      Buffer.concat([s, r]),
    ]
    const long = [
      Buffer.concat([Uint8Array.of(0), r, Uint8Array.of(0), s]),
      Buffer.concat([raw, zero]),
      raw.subarray(1),
      raw.subarray(0, 63),
      Buffer.alloc(0),
    ]
    expect([...wrong, ...long].map(holds)).toEqual(Array(10).fill(false))
  })
})

describe('PSS', () => {
  const holder = pki().issue({ kind: 'user', email: 'a@hs98.kep.tr' }, { kind: 'rsa', pss: true })
  const failureOf = async (algorithm: Uint8Array) =>
    (await verifyDetached(await craft({ by: holder.signer, algorithm }), digestOf)).signers[0]?.failure
  test('taken for PKCS#1 v1.5, and the reverse', async () => {
    expect(await failureOf(signatureIdentifier('rsa-pss', 'sha256'))).toBeUndefined()
    expect(await failureOf(signatureIdentifier('rsa-pkcs1', 'sha256'))).toBe('BAD_SIGNATURE')
    const { key, certificate } = holder
    const by = keySigner({ key, certificate, chain: [], hash: 'sha256' })
    const report = await verifyDetached(
      await craft({ by, algorithm: signatureIdentifier('rsa-pss', 'sha256') }),
      digestOf,
    )
    expect(report.signers[0]?.failure).toBe('BAD_SIGNATURE')
  })
  test('with the parameters of another digest', async () => {
    expect(await failureOf(signatureIdentifier('rsa-pss', 'sha512'))).toBe('ALGORITHM_MISMATCH')
  })
})
