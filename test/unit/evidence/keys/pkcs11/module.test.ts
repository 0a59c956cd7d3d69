import { beforeEach, describe, expect, test } from 'vitest'
import { KeyError } from '../../../../../evidence/keys/error.ts'
import { CK } from '../../../../../evidence/keys/pkcs11/cryptoki.ts'
import { Module } from '../../../../../evidence/keys/pkcs11/module.ts'
import { verifySignature } from '../../../../../evidence/x509/algorithm.ts'
import { FakeCryptoki } from '../../../../fakes/cryptoki.ts'
import { pki } from '../../../../fakes/pki.ts'

const { provider, user } = pki()
const TBS = Buffer.from('delil')
const job = {
  kind: 'sign',
  token: { token: 'fake', pin: '1234' },
  key: { label: 'k' },
  hash: 'sha256',
  algorithm: 'rsa-pkcs1',
  spki: provider.certificate.spki,
  tbs: TBS,
} as const
let library: FakeCryptoki
let module: Module
beforeEach(() => {
  library = new FakeCryptoki(provider.key)
  module = new Module(() => library)
})
const codeOf = (act: () => unknown): string => {
  try {
    act()
    return 'none'
  } catch (error) {
    return error instanceof KeyError ? error.code : String(error)
  }
}
const holds = (signature: Uint8Array): boolean =>
  verifySignature(
    { kind: 'rsa-pkcs1', hash: 'sha256', saltLength: undefined },
    'sha256',
    provider.certificate.publicKey,
    TBS,
    signature,
  )

describe('signing', () => {
  test('logs in once for many signatures', () => {
    for (let i = 0; i < 3; i++) expect(holds(module.sign(job))).toBe(true)
    expect(library.count('C_Login')).toBe(1)
    expect(library.count('C_Sign')).toBe(4) // and one that proves whose key it is
  })
  test('by a mechanism that hashes, where the token has no other', () => {
    library.mechanisms = [0x0040]
    expect(holds(module.sign(job))).toBe(true)
    library.mechanisms = []
    expect(codeOf(() => new Module(() => library).sign(job))).toBe('UNSUPPORTED')
  })
  test('logs in for each signature where the key asks for it', () => {
    library.asksAlways = true
    module.sign(job)
    expect(library.count('for this signature')).toBe(2)
  })
  test('a signature that does not hold is not given out', () => {
    module.sign(job)
    library.spoils = true
    expect(codeOf(() => module.sign(job))).toBe('SIGNING_FAILED')
  })
  test('a key that is not the certificate’s is refused', () => {
    const other = pki().issue({ kind: 'provider', email: 'kep@hs98.kep.tr' }, { kind: 'rsa' }).certificate
      .spki
    expect(codeOf(() => module.sign({ ...job, spki: other }))).toBe('KEY_MISMATCH')
    const candidates = [other, user.certificate.spki].map((spki) => ({
      spki,
      algorithm: 'rsa-pkcs1' as const,
    }))
    expect(codeOf(() => module.match({ ...job, kind: 'match', candidates }))).toBe('KEY_MISMATCH')
    candidates.push({ spki: provider.certificate.spki, algorithm: 'rsa-pkcs1' })
    expect(module.match({ ...job, kind: 'match', candidates })).toBe(2)
  })
})

describe('a token that was away', () => {
  test.each([
    'CKR_SESSION_HANDLE_INVALID',
    'CKR_DEVICE_REMOVED',
    'CKR_DEVICE_ERROR',
    'CKR_TOKEN_NOT_PRESENT',
    'CKR_USER_NOT_LOGGED_IN',
    'CKR_CRYPTOKI_NOT_INITIALIZED',
  ])('%s: logged in anew, once', (name) => {
    module.sign(job)
    library.failures.set('C_SignInit', [name])
    expect(holds(module.sign(job))).toBe(true)
    expect(library.count('C_Login')).toBe(2)
    library.failures.set('C_SignInit', [name, name])
    expect(codeOf(() => module.sign(job))).toBe('TOKEN_GONE')
    expect(library.count('C_Login')).toBe(3)
    expect(holds(module.sign(job))).toBe(true)
  })
  test('another token of that name in its place is found out', () => {
    module.sign(job)
    library.failures.set('C_SignInit', ['CKR_DEVICE_REMOVED'])
    library.spoils = true
    expect(codeOf(() => module.sign(job))).toBe('KEY_MISMATCH')
  })
  test('none of that name', () => {
    library.tokens = ['other']
    expect(codeOf(() => module.sign(job))).toBe('NO_TOKEN')
  })
  test('by number of its slot', () => {
    library.tokens = ['a', 'b']
    expect(holds(module.sign({ ...job, token: { slot: 1, pin: '1234' } }))).toBe(true)
    expect(codeOf(() => module.sign({ ...job, token: { slot: 2, pin: '1234' } }))).toBe('NO_TOKEN')
  })
  test('a module that somebody began before is used as it is', () => {
    library.failures.set('C_Initialize', ['CKR_CRYPTOKI_ALREADY_INITIALIZED'])
    library.failures.set('C_Login', ['CKR_USER_ALREADY_LOGGED_IN'])
    expect(holds(module.sign(job))).toBe(true)
  })
})

describe('the PIN', () => {
  test('is given once, however many stand in line with it', () => {
    const wrong = { ...job, token: { token: 'fake', pin: '0000' } }
    for (let i = 0; i < 5; i++) expect(codeOf(() => module.sign(wrong))).toBe('PIN_REFUSED')
    expect(library.count('C_Login')).toBe(1)
    expect(holds(module.sign(job))).toBe(true)
  })
  test('another one is tried though the token is logged in to, and the one before still opens it', () => {
    module.sign(job)
    expect(codeOf(() => module.sign({ ...job, token: { token: 'fake', pin: '0000' } }))).toBe('PIN_REFUSED')
    expect(holds(module.sign(job))).toBe(true)
    expect(library.count('C_Login')).toBe(3)
  })
  test.each([
    ['locked', CK.USER_PIN_LOCKED],
    ['at its last try, which is left to a person', CK.USER_PIN_FINAL_TRY],
  ])('is not given to a token that is %s', (_name, flags) => {
    library.flags = flags
    expect(codeOf(() => module.sign(job))).toBe('PIN_LOCKED')
    expect(library.count('C_Login')).toBe(0)
  })
  test.each([
    ['CKR_PIN_LOCKED', 'PIN_LOCKED'],
    ['CKR_PIN_EXPIRED', 'PIN_REFUSED'],
    ['CKR_VENDOR_DEFINED', 'SIGNING_FAILED'],
  ])('%s: %s', (name, code) => {
    library.failures.set('C_Login', [name])
    expect(codeOf(() => module.sign(job))).toBe(code)
    expect(library.count('C_Login')).toBe(1)
  })
})
