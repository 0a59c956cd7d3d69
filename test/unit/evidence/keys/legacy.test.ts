import { describe, expect, test } from 'vitest'
import { derive, PURPOSE } from '../../../../evidence/keys/pkcs12-derivation.ts'
import { decryptRc2Cbc } from '../../../../evidence/keys/rc2.ts'

const octets = (hex: string): Buffer => Buffer.from(hex, 'hex')

describe('RFC 2268: RC2', () => {
  // §5, those whose effective length is that of the key. A full block of padding is XORed in, so nothing is left where all is right.
  test.each([
    ['ffffffffffffffff', 'ffffffffffffffff', '278b27e42e2f0d49'],
    ['3000000000000000', '1000000000000001', '30649edf9be7d2c2'],
    ['88bca90e90875a7f0f79c384627bafb2', '0000000000000000', '2269552ab0f85ca6'],
  ])('key %s', (key, plain, cipher) => {
    const iv = octets(plain).map((octet) => octet ^ 8)
    expect(decryptRc2Cbc(octets(cipher), octets(key), iv)).toHaveLength(0)
    iv[7]! ^= 9
    expect(decryptRc2Cbc(octets(cipher), octets(key), iv)).toEqual(Buffer.from('08080808080808', 'hex'))
  })
  test.each([
    ['no whole block', '0102030405', 'MALFORMED'],
    ['nothing', '', 'MALFORMED'],
    ['no padding', '0000000000000000', 'WRONG_PASSWORD'],
  ])('%s', (_name, cipher, code) =>
    expect(() => decryptRc2Cbc(octets(cipher), octets('0102030405'), Buffer.alloc(8))).toThrow(code),
  )
})

describe('RFC 7292: keys from passwords', () => {
  test.each([
    ['smeg', '0a58cf64530d823f', 1, PURPOSE.key, '8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3'],
    ['smeg', '0a58cf64530d823f', 1, PURPOSE.iv, '79993dfe048d3b76'],
    ['smeg', '3d83c0e4546ac140', 1, PURPOSE.mac, '8d967d88f6caa9d714800ab3d48051d63f73a312'],
    ['queeg', '05dec959acff72f7', 1000, PURPOSE.key, 'ed2034e36328830ff09df1e1a07dd357185dac0d4f9eb3d4'],
    ['queeg', '05dec959acff72f7', 1000, PURPOSE.iv, '11dedad7758d4860'],
    ['queeg', '263216fcc2fab31c', 1000, PURPOSE.mac, '5ec4c7a80df652294c3925b6489a7ab857c83476'],
  ] as const)('%s, salt %s, %i rounds, purpose %i', (password, salt, iterations, purpose, made) => {
    const derivation = { hash: 'sha1', password, salt: octets(salt), iterations } as const
    expect(Buffer.from(derive(derivation, purpose, made.length / 2)).toString('hex')).toBe(made)
  })
})
