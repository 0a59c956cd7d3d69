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
    library.flags = 0
    expect(holds(module.sign(job))).toBe(true)
  })
  test.each([
    ['CKR_PIN_LOCKED', 'PIN_LOCKED'],
    ['CKR_PIN_EXPIRED', 'PIN_REFUSED'],
  ])('%s: %s', (name, code) => {
    library.failures.set('C_Login', [name])
    expect(codeOf(() => module.sign(job))).toBe(code)
    expect(library.count('C_Login')).toBe(1)
  })
  // Modules there are that answer a wrong PIN with one of these.
  test.each([
    'CKR_FUNCTION_FAILED',
    'CKR_GENERAL_ERROR',
    'CKR_DEVICE_ERROR',
    'CKR_FUNCTION_REJECTED',
    'CKR_ARGUMENTS_BAD',
    'CKR_VENDOR_DEFINED',
    'a fault of the binding',
  ])('%s at the login counts as a refusal', (name) => {
    library.failures.set('C_Login', [name])
    for (let i = 0; i < 5; i++) expect(codeOf(() => module.sign(job))).toBe('PIN_REFUSED')
    expect(library.count('C_Login')).toBe(1)
  })
  test.each(['CKR_DEVICE_REMOVED', 'CKR_TOKEN_NOT_PRESENT', 'CKR_SESSION_HANDLE_INVALID'])(
    '%s at the login is no word about the PIN',
    (name) => {
      library.failures.set('C_Login', [name, name])
      expect(codeOf(() => module.sign(job))).toBe('TOKEN_GONE')
      expect(holds(module.sign(job))).toBe(true)
      expect(library.count('C_Login')).toBe(3)
    },
  )
  test('refused by the token of a label is not given to it by the number of its slot', () => {
    expect(codeOf(() => module.sign({ ...job, token: { token: 'fake', pin: '0000' } }))).toBe('PIN_REFUSED')
    expect(codeOf(() => module.sign({ ...job, token: { slot: 0, pin: '0000' } }))).toBe('PIN_REFUSED')
    expect(library.count('C_Login')).toBe(1)
  })
  test('a wrong one is not let in by the slot because the right one logged in by the label', () => {
    module.sign(job)
    expect(codeOf(() => module.sign({ ...job, token: { slot: 0, pin: '0000' } }))).toBe('PIN_REFUSED')
    expect(holds(module.sign(job))).toBe(true)
    const logins = library.count('C_Login')
    expect(codeOf(() => module.sign({ ...job, token: { slot: 0, pin: '0000' } }))).toBe('PIN_REFUSED')
    expect(holds(module.sign(job))).toBe(true)
    expect(library.count('C_Login')).toBe(logins) // who has the right one keeps his session
  })
  test('another token of the same label has not refused it', () => {
    library.pin = '4321'
    expect(codeOf(() => module.sign(job))).toBe('PIN_REFUSED')
    library.pin = '1234'
    library.serialNumber = 'B2'
    expect(holds(module.sign(job))).toBe(true)
  })
  test('that threads before it told of is not given', () => {
    const refused = new Set<string>()
    const wrong = { ...job, token: { token: 'fake', pin: '0000' } }
    expect(codeOf(() => new Module(() => library, refused).sign(wrong))).toBe('PIN_REFUSED')
    expect(codeOf(() => new Module(() => library, new Set(refused)).sign(wrong))).toBe('PIN_REFUSED')
    expect(library.count('C_Login')).toBe(1)
  })
})

describe('the PIN of a signature', () => {
  beforeEach(() => {
    library.asksAlways = true
  })
  const logins = (): number => library.count('C_Login')

  test('that became wrong is given once, by ten jobs in line, and not at a new login either', () => {
    module.sign(job)
    const before = logins()
    library.pin = '4321'
    for (let i = 0; i < 10; i++) expect(codeOf(() => module.sign(job))).toBe('PIN_REFUSED')
    module.end()
    expect(codeOf(() => module.sign(job))).toBe('PIN_REFUSED')
    expect(logins()).toBe(before + 1)
  })
  test('that is another one than the token’s is given once, and the token’s own stays good', () => {
    library.signaturePin = '999999'
    for (let i = 0; i < 5; i++) expect(codeOf(() => module.sign(job))).toBe('PIN_REFUSED')
    expect(logins()).toBe(2)
    module.end()
    const token = { ...job.token, signaturePin: '999999' }
    expect(holds(module.sign({ ...job, token }))).toBe(true)
  })
  test.each(['CKR_GENERAL_ERROR', 'CKR_FUNCTION_REJECTED'])('%s counts as a refusal', (name) => {
    library.failures.set('C_Login', [undefined, name])
    for (let i = 0; i < 5; i++) expect(codeOf(() => module.sign(job))).toBe('PIN_REFUSED')
    expect(logins()).toBe(2)
  })
  test('refused no sooner than in the signature', () => {
    library.failures.set('C_Sign', ['CKR_PIN_INCORRECT'])
    for (let i = 0; i < 5; i++) expect(codeOf(() => module.sign(job))).toBe('PIN_REFUSED')
    expect([logins(), library.count('C_Sign')]).toEqual([2, 1])
  })
  test.each([
    ['locked', CK.USER_PIN_LOCKED],
    ['at its last try', CK.USER_PIN_FINAL_TRY],
  ])('is not given to a token that is %s by now', (_name, flags) => {
    module.sign(job)
    const before = logins()
    library.flags = flags
    expect(codeOf(() => module.sign(job))).toBe('PIN_LOCKED')
    expect(logins()).toBe(before)
  })
})
