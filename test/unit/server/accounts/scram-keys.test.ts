import { beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../../mail/clock.ts'
import { AccountDirectory } from '../../../../server/accounts/directory.ts'
import { activated } from '../../../../server/accounts/lifecycle.ts'
import { LoginDesk, type ProofAttempt } from '../../../../server/accounts/login.ts'
import { withPerson } from '../../../../server/accounts/persons.ts'
import { ScramKeyMaker } from '../../../../server/accounts/scram-key-maker.ts'
import { ScramRenewal } from '../../../../server/accounts/scram-renewal.ts'
import { viewOf } from '../../../../server/ops/operations/account-view.ts'
import type { Store } from '../../../../storage/port.ts'
import { Disk } from '../../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../../fakes/memory-store.ts'

const ADDRESS = 'ayse.isik@hs98.kep.tr'
/** In place of argon2id, which is not the matter here. */
const passwords = {
  hash: async (password: string) => `hash of ${password}`,
  matches: async (password: string, hash: string) => hash === `hash of ${password}`,
}
let store: Store
let maker: ScramKeyMaker
const recorded: unknown[] = []
const eventLog = {
  tell: async (event: { details?: object | undefined }) => void recorded.push(event.details),
}

const directoryOf = (scram: ScramKeyMaker | undefined) =>
  new AccountDirectory(store, passwords as never, 'hs98.kep.tr', systemClock, scram)
const deskOf = (scram: ScramKeyMaker | undefined = maker, renewal?: ScramRenewal) =>
  new LoginDesk({ directory: directoryOf(scram), passwords, clock: systemClock, eventLog, scram, renewal })
const keysOf = async (handle = 'ayse') =>
  (await directoryOf(maker).get(ADDRESS))?.persons.find((person) => person.handle === handle)?.scram
const proof = (refusal: ProofAttempt['refusal'], name = ADDRESS, authzid = ''): ProofAttempt => ({
  name,
  authzid,
  ip: '192.0.2.1',
  service: 'imap',
  refusal,
})

beforeEach(async () => {
  store = await openMemoryStore(new Disk())
  maker = await ScramKeyMaker.open(store.secrets, 4096)
  recorded.length = 0
  const directory = directoryOf(maker)
  await directory.create({
    address: ADDRESS,
    kind: 'legal',
    service: 'send-receive',
    holder: 'Işık A.Ş.',
    quota: 1,
    persons: [{ handle: 'ayse', name: 'Ayşe Işık', identityNumber: '10000000146' }],
  })
  await directory.change(ADDRESS, activated)
  await directory.setPassword(ADDRESS, undefined, 'doğru parola')
})

describe('the keys', () => {
  test('come with the password and go with it; nobody is shown them', async () => {
    const first = await keysOf()
    expect(first).toMatchObject({ iterations: 4096 })
    await directoryOf(maker).setPassword(ADDRESS, undefined, 'yeni parola')
    expect((await keysOf())?.storedKey).not.toBe(first?.storedKey)
    const account = await directoryOf(maker).get(ADDRESS)
    expect(JSON.stringify(viewOf(account!))).not.toMatch(/scram|storedKey|serverKey/)
    await directoryOf(undefined).setPassword(ADDRESS, undefined, 'bir başka')
    expect(await keysOf()).toBeUndefined()
  })

  test.each([
    ['RFC 4013 §3: what is mapped to nothing', 'I\u00adX', 'IX'],
    ['RFC 4013 §3: compatibility', '\u2168', 'IX'],
    ['RFC 4013 §2.1: another blank', 'a\u00a0b', 'a b'],
    ['letters in two spellings', 'doğru'.normalize('NFD'), 'doğru'],
  ])('one password: %s', async (_, written, prepared) => {
    expect(await maker.make(ADDRESS, written)).toEqual(await maker.make(ADDRESS, prepared))
  })

  test('RFC 4013 §3: case is kept, and letters younger than the standard', async () => {
    expect(await maker.make(ADDRESS, 'USER')).not.toEqual(await maker.make(ADDRESS, 'user'))
    expect(await maker.make(ADDRESS, 'parola 🔑')).toBeDefined()
  })

  test.each([
    ['RFC 4013 §3: a control character', 'a\u0007b'],
    ['RFC 4013 §3: two directions', '\u06271'],
    ['nothing', ''],
    ['more than PLAIN counts', 'x'.repeat(1025)],
  ])('none are made: %s', async (_, password) => {
    expect(await maker.make(ADDRESS, password)).toBeUndefined()
  })

  test('the secret is made once, whoever comes first', async () => {
    const makers = await Promise.all(
      Array.from({ length: 4 }, async () =>
        ScramKeyMaker.open((await openMemoryStore(new Disk())).secrets, 4096),
      ),
    )
    expect(new Set(makers.map((one) => one.madeUp(ADDRESS).salt)).size).toBe(4)
    const again = await ScramKeyMaker.open(store.secrets, 4096)
    expect(again.madeUp(ADDRESS)).toEqual(maker.madeUp(ADDRESS))
  })
})

describe('what a stranger learns by asking for a salt', () => {
  test('nothing: it is the same for all names of an address, whoever there is', async () => {
    const desk = deskOf()
    const saltOf = (name: string, authzid = '') => desk.saltOf({ name, authzid })
    const own = await saltOf(ADDRESS)
    expect(own).toEqual({ salt: (await keysOf())?.salt, iterations: 4096 })
    for (const name of [`${ADDRESS}/ayse`, `${ADDRESS}/kimse`, ADDRESS.toUpperCase()])
      expect(await saltOf(name)).toEqual(own)
    expect(await saltOf('ayse', ADDRESS)).toEqual(own)
    const nobody = await saltOf('kimse@hs98.kep.tr')
    expect(await saltOf('kimse@hs98.kep.tr/kimse')).toEqual(nobody)
    expect(nobody.iterations).toBe(own.iterations)
    expect(nobody.salt).not.toBe(own.salt)
    expect(nobody.salt).toHaveLength(own.salt.length)
  })

  test('nor in which letters an operator wrote the address', async () => {
    const before = await keysOf()
    await directoryOf(maker).setPassword(ADDRESS.toUpperCase(), undefined, 'yeni parola')
    expect((await keysOf())?.salt).toBe(before?.salt)
    expect((await keysOf())?.storedKey).not.toBe(before?.storedKey)
  })

  test('nor whether a password was changed, or one has no keys', async () => {
    const before = await deskOf().saltOf({ name: ADDRESS, authzid: '' })
    await directoryOf(undefined).setPassword(ADDRESS, undefined, 'yeni parola')
    expect(await deskOf().saltOf({ name: ADDRESS, authzid: '' })).toEqual(before)
  })
})

describe('the desk judges proofs as it judges passwords', () => {
  test('a good one begins a session that ends with the password', async () => {
    const desk = deskOf()
    const result = await desk.checkProof(proof(() => undefined))
    expect(result).toMatchObject({ ok: true, login: { method: 'password', handle: 'ayse' } })
    expect(recorded).toEqual([{ service: 'imap', method: 'password' }])
    if (!result.ok) throw new Error('not logged in')
    await directoryOf(maker).setPassword(ADDRESS, undefined, 'yeni parola')
    expect(await desk.refresh(result.login)).toBeUndefined()
  })

  test.each<[string, () => Promise<unknown>, ProofAttempt, unknown[]]>([
    ['a wrong one', async () => {}, proof(() => 'password'), ['password']],
    ['one of another channel', async () => {}, proof(() => 'channel'), ['channel']],
    ['a person that there is not', async () => {}, proof(() => undefined, `${ADDRESS}/kimse`), []],
    ['an account that there is not', async () => {}, proof(() => undefined, 'kimse@hs98.kep.tr'), []],
    [
      'a person without keys, whatever is proved',
      () => directoryOf(undefined).setPassword(ADDRESS, undefined, 'doğru parola'),
      proof(() => undefined),
      ['no SCRAM keys'],
    ],
    [
      'a person of another network',
      () =>
        directoryOf(maker).change(ADDRESS, (account) => ({
          ...account,
          persons: account.persons.map((person) => ({ ...person, networks: ['198.51.100.0/24'] })),
        })),
      proof(() => undefined),
      ['network'],
    ],
    [
      'an account that is locked to its persons',
      () => directoryOf(maker).change(ADDRESS, (account) => ({ ...account, state: 'pending' })),
      proof(() => undefined),
      ['account'],
    ],
  ])('%s', async (_, prepare, attempt, because) => {
    await prepare()
    expect(await deskOf().checkProof(attempt)).toEqual({ ok: false, reason: 'wrong' })
    expect(recorded).toEqual(because.map((one) => ({ service: 'imap', method: 'password', because: one })))
  })

  test('of wrong ones ten are judged, then who guesses waits, by whichever mechanism', async () => {
    const desk = deskOf()
    let judged = 0
    const guess = proof(() => {
      judged++
      return 'password'
    })
    await Promise.all(Array.from({ length: 30 }, () => desk.checkProof(guess)))
    expect(judged).toBe(10)
    expect(
      await desk.check({
        name: ADDRESS,
        authzid: '',
        password: 'doğru parola',
        ip: '192.0.2.1',
        service: 'imap',
      }),
    ).toEqual({ ok: false, reason: 'delayed' })
  })

  test('a password that is changed while the proof is judged', async () => {
    let changed: Promise<void> | undefined
    const desk = deskOf()
    const attempt = proof(() => {
      changed = directoryOf(maker).setPassword(ADDRESS, undefined, 'yeni parola')
      return undefined
    })
    // As the store is when the account is read again.
    const get = store.accounts.get.bind(store.accounts)
    let reads = 0
    store.accounts.get = async (key) => {
      if (++reads === 2) await changed
      return get(key)
    }
    // The change reads too, so the judge's own read is the one after it.
    expect((await desk.checkProof(attempt)).ok).toBe(false)
  })
})

describe('renewal: passwords that were set before there were keys', () => {
  const logIn = async (desk: LoginDesk, password = 'doğru parola', name = ADDRESS) =>
    (await desk.check({ name, authzid: '', password, ip: '192.0.2.9', service: 'imap' })).ok
  const failures: unknown[] = []
  const renewalOf = (scram: ScramKeyMaker | undefined) =>
    new ScramRenewal(directoryOf(scram), scram, (error) => void failures.push(error))
  const versionOf = async () => (await store.accounts.get(ADDRESS))?.version

  test('a good login makes them, and the next one changes nothing', async () => {
    await directoryOf(undefined).setPassword(ADDRESS, undefined, 'doğru parola')
    const renewal = renewalOf(maker)
    const desk = deskOf(maker, renewal)
    expect(await logIn(desk, 'yanlış')).toBe(false)
    await renewal.idle
    expect(await keysOf()).toBeUndefined()
    expect(await logIn(desk)).toBe(true)
    await renewal.idle
    expect(await keysOf()).toEqual(await maker.make(ADDRESS, 'doğru parola'))
    const version = await versionOf()
    await logIn(desk)
    await renewal.idle
    expect(await versionOf()).toBe(version)
  })

  test('so it does where they were made with other settings', async () => {
    const slower = await ScramKeyMaker.open(store.secrets, 5000)
    const renewal = renewalOf(slower)
    await logIn(deskOf(slower, renewal))
    await renewal.idle
    expect((await keysOf())?.iterations).toBe(5000)
  })

  test('where they are not kept any more it takes them away', async () => {
    const renewal = renewalOf(undefined)
    await logIn(deskOf(maker, renewal))
    await renewal.idle
    expect(await keysOf()).toBeUndefined()
  })

  test('a password of which none can be made is written once, and not at each login', async () => {
    await directoryOf(undefined).setPassword(ADDRESS, undefined, 'a\u0007b')
    const renewal = renewalOf(maker)
    const version = await versionOf()
    expect(await logIn(deskOf(maker, renewal), 'a\u0007b')).toBe(true)
    await renewal.idle
    expect(await versionOf()).toBe(version)
  })

  test('one person at a time; a password that was set meanwhile keeps its own', async () => {
    const without = directoryOf(undefined)
    await without.change(ADDRESS, (account) =>
      withPerson(account, { handle: 'veli', name: 'Veli Ak', identityNumber: '10000000078' }),
    )
    await without.setPassword(ADDRESS, 'ayse', 'bir')
    await without.setPassword(ADDRESS, 'veli', 'iki')
    const renewal = renewalOf(maker)
    const desk = deskOf(maker, renewal)
    await logIn(desk, 'bir', `${ADDRESS}/ayse`)
    const ofAyse = renewal.idle
    await logIn(desk, 'iki', `${ADDRESS}/veli`)
    await without.setPassword(ADDRESS, 'ayse', 'üç')
    await ofAyse
    await renewal.idle
    expect([await keysOf('ayse'), await keysOf('veli')]).toEqual([undefined, undefined])
    expect(failures).toEqual([])
  })
})
