import { describe, expect, test } from 'vitest'
import { signing, signingWithAbsolutePaths } from '../../../config/signing.ts'

const pem = { key: 'a.key', certificate: 'a.crt' }
const p12 = { p12: 'a.p12', passwordFile: 'a.password' }
const pkcs11 = { module: '/lib/hsm.so', token: 'kep', pinFile: 'pin', key: 'delil' }
const pathsOf = (evidence: unknown): string[] =>
  signing.safeParse({ envelope: pem, evidence }).error?.issues.map(({ path }) => path.join('.')) ?? []

describe('a key', () => {
  test.each([
    ['PEM', pem],
    ['PEM with a password', { ...pem, passwordFile: 'p' }],
    ['PKCS#12', p12],
    ['a token by label', { pkcs11, certificate: 'a.crt', pss: true }],
    ['a token by slot, a key by id', { pkcs11: { module: 'm', slot: 0, pinFile: 'pin', id: '0aFF' } }],
  ])('%s, alone or in a list', (_name, key) => {
    for (const evidence of [key, [key]])
      expect(signing.parse({ envelope: pem, evidence })).toMatchObject({ envelope: [pem], evidence: [key] })
    expect(signing.parse({ envelope: pem, evidence: [pem, key] }).evidence).toEqual([pem, key])
  })
  test.each([
    ['nothing', undefined, ['evidence']],
    ['an empty list', [], ['evidence']],
    ['nine keys', Array.from({ length: 9 }, () => pem), ['evidence']],
    ['a word', 'a.key', ['evidence']],
    ['half a pair', { key: 'a' }, ['evidence.certificate']],
    ['PKCS#12 with a key beside it', { ...p12, key: 'a' }, ['evidence']],
    ['PKCS#12 without a password', [p12, { p12: 'a' }], ['evidence.1.passwordFile']],
    ['a PIN in the text', { pkcs11: { ...pkcs11, pin: '1234' } }, ['evidence.pkcs11']],
    ['token and slot', { pkcs11: { ...pkcs11, slot: 1 } }, ['evidence.pkcs11.token']],
    ['neither', { pkcs11: { ...pkcs11, token: undefined } }, ['evidence.pkcs11.token']],
    ['no name of a key', { pkcs11: { ...pkcs11, key: undefined } }, ['evidence.pkcs11.key']],
    ['an id that is no hex', { pkcs11: { ...pkcs11, id: '123' } }, ['evidence.pkcs11.id']],
  ])('%s is refused with its place', (_name, key, paths) => expect(pathsOf(key)).toEqual(paths))
})

test('paths are made absolute, of every kind of key', () => {
  const settings = signing.parse({
    envelope: pem,
    evidence: [p12],
    archive: { pkcs11: { ...pkcs11, signaturePinFile: 'qpin' }, certificate: 'a.crt' },
  })
  const made = signingWithAbsolutePaths(settings, (path) => `/etc/${path}`)
  expect(made).toMatchObject({
    envelope: [{ key: '/etc/a.key', certificate: '/etc/a.crt' }],
    evidence: [{ p12: '/etc/a.p12', passwordFile: '/etc/a.password' }],
    archive: [
      {
        pkcs11: { module: '/etc//lib/hsm.so', pinFile: '/etc/pin', signaturePinFile: '/etc/qpin' },
        certificate: '/etc/a.crt',
      },
    ],
  })
})
