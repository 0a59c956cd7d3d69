import { beforeEach, describe, expect, test } from 'vitest'
import { KeyError } from '../../../../../evidence/keys/error.ts'
import { CK } from '../../../../../evidence/keys/pkcs11/cryptoki.ts'
import { Module } from '../../../../../evidence/keys/pkcs11/module.ts'
import {
  FIRST_REST_MS,
  LONGEST_REST_MS,
  type PinStanding,
} from '../../../../../evidence/keys/pkcs11/standing.ts'
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
let now: number
const moduleWith = (standings: Map<string, PinStanding>): Module =>
  new Module(() => library, standings, { monotonic: () => now })
beforeEach(() => {
  now = 0
  library = new FakeCryptoki(provider.key)
  module = moduleWith(new Map())
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
    expect(codeOf(() => moduleWith(new Map()).sign(job))).toBe('UNSUPPORTED')
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
    const standings = new Map<string, PinStanding>()
    const wrong = { ...job, token: { token: 'fake', pin: '0000' } }
    expect(codeOf(() => moduleWith(standings).sign(wrong))).toBe('PIN_REFUSED')
    expect(codeOf(() => moduleWith(new Map(standings)).sign(wrong))).toBe('PIN_REFUSED')
    expect(library.count('C_Login')).toBe(1)
  })
})

describe('the PIN whose login told nothing of it', () => {
  const logins = (): number => library.count('C_Login')
  const wrong = { ...job, token: { token: 'fake', pin: '0000' } }

  test.each([
    'CKR_FUNCTION_FAILED',
    'CKR_GENERAL_ERROR',
    'CKR_DEVICE_ERROR',
    'CKR_DEVICE_MEMORY',
    'CKR_HOST_MEMORY',
    'CKR_FUNCTION_REJECTED',
    'CKR_ARGUMENTS_BAD',
    'CKR_VENDOR_DEFINED',
    'a fault of the binding',
  ])('%s: rests, and then opens the token, with the module begun anew', (name) => {
    library.failures.set('C_Login', [name])
    for (let i = 0; i < 5; i++) expect(codeOf(() => module.sign(job))).toBe('PIN_RESTS')
    now += FIRST_REST_MS - 1
    expect(codeOf(() => module.sign(job))).toBe('PIN_RESTS')
    expect(logins()).toBe(1)
    now += 1
    expect(holds(module.sign(job))).toBe(true)
    expect([logins(), library.count('C_Finalize'), library.count('C_Initialize')]).toEqual([2, 1, 2])
  })
  /** The next try is not made before, and is then. */
  const lasts = (restMs: number): void => {
    expect(codeOf(() => module.sign(job))).toBe('PIN_RESTS')
    const before = logins()
    now += restMs - 1
    expect(codeOf(() => module.sign(job))).toBe('PIN_RESTS')
    expect(logins()).toBe(before)
    now += 1
  }
  /** Of the next logins so many break off; how many of them still have not. */
  const breaksOff = (times: number): string[] => {
    module.end()
    const failures = Array<string>(times).fill('CKR_DEVICE_ERROR')
    library.failures.set('C_Login', failures)
    return failures
  }
  test('rests twice as long each time; it was right before, so four are tried, and then none', () => {
    module.sign(job)
    const left = breaksOff(5)
    for (let restMs = FIRST_REST_MS; restMs <= LONGEST_REST_MS; restMs *= 2) lasts(restMs)
    expect(left).toHaveLength(2)
    for (let day = 0; day < 100; day++, now += 24 * 3_600_000)
      expect(codeOf(() => module.sign(job))).toBe('PIN_REFUSED')
    expect(left).toHaveLength(1)
  })
  test('rests as at first where the token took it meanwhile', () => {
    for (let time = 0; time < 10; time++) {
      expect(holds(module.sign(job))).toBe(true)
      breaksOff(2)
      lasts(FIRST_REST_MS)
      lasts(FIRST_REST_MS * 2)
    }
    expect(holds(module.sign(job))).toBe(true)
  })
  test('never opened the token, which does not show what it counts: two tries, whatever time goes by', () => {
    library.wrong = 'CKR_GENERAL_ERROR'
    const codes = new Set<string>()
    for (let minute = 0; minute < 10_000; minute++, now += 60_000) codes.add(codeOf(() => module.sign(wrong)))
    expect([...codes]).toEqual(['PIN_RESTS', 'PIN_REFUSED'])
    expect([logins(), library.lost]).toEqual([2, 2])
    expect(holds(module.sign(job))).toBe(true)
  })
  test('was counted as wrong by the token: refused for good', () => {
    library.wrong = 'CKR_GENERAL_ERROR'
    library.shows = true
    for (let day = 0; day < 5; day++, now += 24 * 3_600_000)
      expect(codeOf(() => module.sign(wrong))).toBe('PIN_REFUSED')
    expect(library.lost).toBe(1)
  })
  test.each([
    ['seen', CK.USER_PIN_COUNT_LOW],
    ['at its last try', CK.USER_PIN_FINAL_TRY],
    ['locked', CK.USER_PIN_LOCKED],
  ])('was counted as wrong, %s no sooner than before the next login', (_name, flags) => {
    library.failures.set('C_Login', ['CKR_DEVICE_ERROR'])
    // By name, before the login, and after it.
    library.failures.set('C_GetTokenInfo', [undefined, undefined, 'CKR_DEVICE_ERROR'])
    expect(codeOf(() => module.sign(job))).toBe('PIN_RESTS')
    library.flags = flags
    now += FIRST_REST_MS
    expect(codeOf(() => module.sign(job))).toBe('PIN_REFUSED')
    library.flags = 0
    expect(codeOf(() => module.sign(job))).toBe('PIN_REFUSED')
    expect(logins()).toBe(1)
  })
  test('rests where the token had counted another before', () => {
    library.flags = CK.USER_PIN_COUNT_LOW
    library.failures.set('C_Login', ['CKR_DEVICE_ERROR'])
    expect(codeOf(() => module.sign(job))).toBe('PIN_RESTS')
    now += FIRST_REST_MS
    expect(holds(module.sign(job))).toBe(true)
  })
  test('rests in the threads that follow too, and leaves others of the token alone', () => {
    const standings = new Map<string, PinStanding>()
    library.wrong = 'CKR_GENERAL_ERROR'
    expect(codeOf(() => moduleWith(standings).sign(wrong))).toBe('PIN_RESTS')
    now += FIRST_REST_MS - 1
    const next = moduleWith(new Map(standings))
    expect(codeOf(() => next.sign(wrong))).toBe('PIN_RESTS')
    expect(logins()).toBe(1)
    expect(holds(next.sign(job))).toBe(true)
    expect(codeOf(() => next.sign(wrong))).toBe('PIN_RESTS')
    expect(holds(next.sign(job))).toBe(true)
    expect(logins()).toBe(2) // who has the right one keeps his session
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
  test.each(['CKR_GENERAL_ERROR', 'CKR_FUNCTION_REJECTED'])('rests after %s', (name) => {
    library.failures.set('C_Login', [undefined, name])
    for (let i = 0; i < 5; i++) expect(codeOf(() => module.sign(job))).toBe('PIN_RESTS')
    // The token itself is logged in to anew, once.
    expect([logins(), library.count('C_SignInit')]).toEqual([3, 1])
    now += FIRST_REST_MS
    expect(holds(module.sign(job))).toBe(true)
  })
  test('rests with the token’s own where that is the same, and was right for signatures', () => {
    module.sign(job)
    const before = logins()
    library.wrong = 'CKR_GENERAL_ERROR'
    library.pin = '4321'
    for (let i = 0; i < 5; i++) expect(codeOf(() => module.sign(job))).toBe('PIN_RESTS')
    expect([logins(), library.lost]).toEqual([before + 1, 1])
    now += FIRST_REST_MS
    for (let i = 0; i < 5; i++) expect(codeOf(() => module.sign(job))).toBe('PIN_RESTS')
    expect(library.lost).toBe(2)
  })
  test('that the token is seen to have counted, no sooner than in the signature', () => {
    module.sign(job)
    const before = logins()
    const sign = library.C_Sign.bind(library)
    library.C_Sign = () => {
      library.flags |= CK.USER_PIN_COUNT_LOW
      throw new Error('CKR_FUNCTION_FAILED')
    }
    for (let i = 0; i < 5; i++) expect(codeOf(() => module.sign(job))).toBe('PIN_REFUSED')
    library.C_Sign = sign
    expect(codeOf(() => module.sign(job))).toBe('PIN_REFUSED')
    expect(logins()).toBe(before + 1)
  })
  test('refused no sooner than in the signature', () => {
    library.failures.set('C_Sign', ['CKR_PIN_INCORRECT'])
    for (let i = 0; i < 5; i++) expect(codeOf(() => module.sign(job))).toBe('PIN_REFUSED')
    expect([logins(), library.count('C_Sign')]).toEqual([2, 1])
  })
  describe('that the module keeps until the signature', () => {
    beforeEach(() => {
      library.judgesLate = true
    })
    const wrong = { ...job, token: { ...job.token, signaturePin: '0000' } }

    test.each([
      'CKR_GENERAL_ERROR',
      'CKR_FUNCTION_FAILED',
      'CKR_DEVICE_ERROR',
      'CKR_FUNCTION_CANCELED',
      'CKR_FUNCTION_REJECTED',
      'CKR_DATA_INVALID',
      'CKR_USER_NOT_LOGGED_IN',
      'CKR_OPERATION_NOT_INITIALIZED',
    ])('%s, which may mean a wrong one: two tries, whatever time goes by', (name) => {
      library.wrong = name
      const codes = new Set<string>()
      for (let minute = 0; minute < 1_000; minute++, now += 60_000)
        codes.add(codeOf(() => module.sign(wrong)))
      expect([...codes]).toEqual(['PIN_RESTS', 'PIN_REFUSED'])
      expect(library.count('C_Sign')).toBe(2)
      expect(holds(module.sign(job))).toBe(true)
    })
    test('rests, says by what word, and then signs with the module begun anew', () => {
      library.failures.set('C_Sign', ['CKR_DEVICE_ERROR'])
      expect(() => module.sign(job)).toThrow(
        'PIN_RESTS: CKR_DEVICE_ERROR at the signature, which may have cost a try',
      )
      for (let i = 0; i < 5; i++)
        expect(() => module.sign(job)).toThrow('PIN_RESTS: CKR_DEVICE_ERROR when it was last given')
      expect([library.count('C_Sign'), library.count('for this signature')]).toEqual([1, 1])
      now += FIRST_REST_MS
      expect(holds(module.sign(job))).toBe(true)
      expect(library.count('C_Finalize')).toBe(1)
    })
    test('made signatures before: four are tried', () => {
      module.sign(job)
      const failures = Array<string>(5).fill('CKR_GENERAL_ERROR')
      library.failures.set('C_Sign', failures)
      for (let minute = 0; minute < 1_000; minute++, now += 60_000) codeOf(() => module.sign(job))
      expect(failures).toHaveLength(1)
      expect(codeOf(() => module.sign(job))).toBe('PIN_REFUSED')
    })
    test('was counted as wrong by the token: refused for good', () => {
      library.wrong = 'CKR_GENERAL_ERROR'
      library.shows = true
      for (let day = 0; day < 5; day++, now += 24 * 3_600_000)
        expect(codeOf(() => module.sign(wrong))).toBe('PIN_REFUSED')
      expect(library.lost).toBe(1)
    })
    test('was never read by a token that is gone: asked again at once', () => {
      library.failures.set('C_Sign', ['CKR_DEVICE_REMOVED'])
      expect(holds(module.sign(job))).toBe(true)
    })
  })
  test('a key that asks only once is tried again at once', () => {
    library.asksAlways = false
    library.failures.set('C_Sign', ['CKR_DEVICE_ERROR'])
    expect(holds(module.sign(job))).toBe(true)
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
