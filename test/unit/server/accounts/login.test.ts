import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../../mail/clock.ts'
import { AccountDirectory } from '../../../../server/accounts/directory.ts'
import { LoginDesk } from '../../../../server/accounts/login.ts'
import { PasswordThread } from '../../../../server/accounts/password-thread.ts'
import { withNetworks } from '../../../../server/accounts/persons.ts'
import { EventLog } from '../../../../server/event-log/event-log.ts'
import type { Store } from '../../../../storage/port.ts'
import { openSqliteStore } from '../../../../storage/sqlite/store.ts'

const ADDRESS = 'ayse.isik@hs98.kep.tr'
const open = new AsyncDisposableStack()
let directory: AccountDirectory
let passwords: PasswordThread
let eventLog: EventLog
let store: Store

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'openkep-login-'))
  open.defer(() => rm(folder, { recursive: true, force: true }))
  store = open.use(await openSqliteStore(folder, Date.now()))
  passwords = open.use(new PasswordThread())
  eventLog = new EventLog({
    store,
    clock: systemClock,
    keepYears: 20,
    lost: (error) => {
      throw error
    },
  })
  directory = new AccountDirectory(store, passwords, 'hs98.kep.tr', systemClock)
  await directory.create({
    address: ADDRESS,
    kind: 'natural',
    service: 'send-receive',
    holder: 'Ayşe Işık',
    quota: 1,
    persons: [{ handle: 'ayse', name: 'Ayşe Işık', identityNumber: '10000000146' }],
    active: true,
  })
  await directory.setPassword(ADDRESS, undefined, 'doğru parola')
})
afterAll(() => open.disposeAsync())

const desk = () => new LoginDesk({ directory, passwords, clock: systemClock, eventLog })
/** Without the cost of hashing, where it is not the matter. */
const quick = () =>
  new LoginDesk({
    directory,
    passwords: { matches: async (password) => password === 'doğru parola' },
    clock: systemClock,
    eventLog,
  })
const attempt = (password: string, ip = '192.0.2.1', name = ADDRESS, authzid = '') => ({
  name,
  authzid,
  password,
  ip,
  service: 'imap' as const,
})

describe('names', () => {
  test.each([
    ['the address alone, where one person may log in', attempt('doğru parola')],
    ['address/handle', attempt('doğru parola', undefined, `${ADDRESS}/ayse`)],
    [
      'RFC 4616 §2: the person as authcid, the account as authzid',
      attempt('doğru parola', undefined, 'ayse', ADDRESS),
    ],
    ['any case', attempt('doğru parola', undefined, ADDRESS.toUpperCase())],
    ['the same password in decomposed letters', attempt('doğru parola'.normalize('NFD'))],
  ])('%s', async (_, given) =>
    expect(await desk().check(given)).toMatchObject({ ok: true, person: { handle: 'ayse' } }),
  )

  test.each([
    ['a wrong password', attempt('yanlış')],
    ['an unknown account', attempt('doğru parola', undefined, 'kimse@hs98.kep.tr')],
    ['an unknown person', attempt('doğru parola', undefined, `${ADDRESS}/veli`)],
    ['a prototype name', attempt('x', undefined, '__proto__')],
  ])('%s', async (_, given) => expect(await desk().check(given)).toEqual({ ok: false, reason: 'wrong' }))
})

describe('guessing', () => {
  test('of a burst no more than ten are judged, and the owner logs in from elsewhere', async () => {
    const guarded = desk()
    const burst = await Promise.all(
      Array.from({ length: 40 }, (_, i) => guarded.check(attempt(`tahmin ${i}`))),
    )
    expect(burst.filter((result) => !result.ok && result.reason === 'wrong')).toHaveLength(10)
    expect(await guarded.check(attempt('doğru parola'))).toEqual({ ok: false, reason: 'delayed' })
    expect(await guarded.check(attempt('doğru parola', '192.0.2.2'))).toMatchObject({ ok: true })
  })

  test('an IPv6 guesser is its /64', async () => {
    const guarded = desk()
    for (let i = 0; i < 10; i++) await guarded.check(attempt('x', `2001:db8::${i + 1}`))
    expect(await guarded.check(attempt('doğru parola', '2001:db8::ffff'))).toEqual({
      ok: false,
      reason: 'delayed',
    })
    expect(await guarded.check(attempt('doğru parola', '2001:db8:0:1::1'))).toMatchObject({ ok: true })
  })

  test('good logins use nothing up, one by one or all at once', async () => {
    const guarded = desk()
    const burst = await Promise.all(Array.from({ length: 30 }, () => guarded.check(attempt('doğru parola'))))
    expect(burst.every((result) => result.ok)).toBe(true)
    for (let i = 0; i < 15; i++)
      expect(await guarded.check(attempt('doğru parola'))).toMatchObject({ ok: true })
  })
})

test('a login is asked again as things are now', async () => {
  const result = await desk().check(attempt('doğru parola'))
  if (!result.ok) throw new Error('not logged in')
  expect(await desk().refresh(result.login)).toMatchObject({ person: { handle: 'ayse' } })
  expect(await desk().refresh({ ...result.login, handle: 'veli' })).toBeUndefined()
})

describe('features 2.7 and 2.8: where from, and what is kept of it', () => {
  const loginsOf = async (handle: string) =>
    (await eventLog.list({ account: ADDRESS, person: handle }, 0, 1000)).map(({ what, by, details }) => [
      what,
      by,
      details?.['because'],
    ])

  test('each login, good or bad, is recorded for its person with address and reason', async () => {
    const before = (await loginsOf('ayse')).length
    await desk().check(attempt('doğru parola', '192.0.2.77'))
    await desk().check(attempt('yanlış', '192.0.2.78'))
    await desk().check(attempt('yanlış', '192.0.2.78', 'kimse@hs98.kep.tr'))
    expect((await loginsOf('ayse')).slice(before)).toEqual([
      ['login', { person: 'ayse', ip: '192.0.2.77' }, undefined],
      ['login refused', { person: 'ayse', ip: '192.0.2.78' }, 'password'],
    ])
  })

  test('a person who is bound to networks logs in from these alone, and is told no more than others', async () => {
    await directory.change(ADDRESS, (account) =>
      withNetworks(account, 'ayse', ['192.0.2.0/25', '2001:db8::/32']),
    )
    for (const ip of ['192.0.2.5', '2001:db8:7::1'])
      expect(await desk().check(attempt('doğru parola', ip))).toMatchObject({ ok: true })
    const inside = await desk().check(attempt('doğru parola', '192.0.2.5'))
    for (const ip of ['192.0.2.200', '2001:db9::1'])
      expect(await desk().check(attempt('doğru parola', ip))).toEqual({ ok: false, reason: 'wrong' })
    expect((await loginsOf('ayse')).at(-1)).toEqual([
      'login refused',
      { person: 'ayse', ip: '2001:db9::1' },
      'network',
    ])
    // A session that is open when the restriction comes ends with it.
    if (!inside.ok) throw new Error('not logged in')
    expect(await desk().refresh(inside.login)).toBeDefined()
    await directory.change(ADDRESS, (account) => withNetworks(account, 'ayse', ['198.51.100.1']))
    expect(await desk().refresh(inside.login)).toBeUndefined()
    await directory.change(ADDRESS, (account) => withNetworks(account, 'ayse', []))
    expect(await desk().refresh(inside.login)).toBeDefined()
  })

  test('the record of a flood from many networks is bounded, and says that there was more', async () => {
    const before = (await loginsOf('ayse')).length
    const guarded = quick()
    await Promise.all(
      Array.from({ length: 130 }, (_, i) => guarded.check(attempt('tahmin', `203.0.113.${i}`))),
    )
    expect((await loginsOf('ayse')).length - before).toBe(101)
  })

  test('whoever logged in from a network is not kept out by others who guess there', async () => {
    const guarded = quick()
    await guarded.check(attempt('doğru parola', '198.51.100.9'))
    for (let i = 0; i < 100; i++)
      await guarded.check(attempt('tahmin', '198.51.100.9', `kimse${i}@hs98.kep.tr`))
    expect(await guarded.check(attempt('x', '198.51.100.9', 'yeni@hs98.kep.tr'))).toMatchObject({
      reason: 'delayed',
    })
    expect(await guarded.check(attempt('doğru parola', '198.51.100.9'))).toMatchObject({ ok: true })
  })
})

describe('what changes while somebody is logged in, or waits to be', () => {
  test('a changed password ends what it opened', async () => {
    const result = await desk().check(attempt('doğru parola'))
    if (!result.ok) throw new Error('not logged in')
    expect(await desk().refresh(result.login)).toBeDefined()
    await directory.setPassword(ADDRESS, undefined, 'yeni parola')
    expect(await desk().refresh(result.login)).toBeUndefined()
    await directory.setPassword(ADDRESS, undefined, 'doğru parola')
  })

  test('one that was changed while it was being checked opens nothing', async () => {
    const late = new LoginDesk({
      directory,
      passwords: {
        matches: async () => {
          await directory.setPassword(ADDRESS, undefined, 'yeni parola')
          return true
        },
      },
      clock: systemClock,
      eventLog,
    })
    expect(await late.check(attempt('doğru parola'))).toEqual({ ok: false, reason: 'wrong' })
    await directory.setPassword(ADDRESS, undefined, 'doğru parola')
  })

  test('I11: a log that cannot be written keeps nobody out', async () => {
    const lost: unknown[] = []
    const broken = new EventLog({
      store: { ...store, chain: { ...store.chain, lease: () => Promise.reject(new Error('disk full')) } },
      clock: systemClock,
      keepYears: 20,
      lost: (error) => void lost.push(error),
    })
    const reading = new LoginDesk({ directory, passwords, clock: systemClock, eventLog: broken })
    expect(await reading.check(attempt('doğru parola'))).toMatchObject({ ok: true })
    expect(lost).toHaveLength(1)
  })
})
