import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../../mail/clock.ts'
import { AccountDirectory } from '../../../../server/accounts/directory.ts'
import { LoginDesk } from '../../../../server/accounts/login.ts'
import { PasswordThread } from '../../../../server/accounts/password-thread.ts'
import { openSqliteStore } from '../../../../storage/sqlite/store.ts'

const ADDRESS = 'ayse.isik@hs98.kep.tr'
const open = new AsyncDisposableStack()
let directory: AccountDirectory
let passwords: PasswordThread

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'openkep-login-'))
  open.defer(() => rm(folder, { recursive: true, force: true }))
  const store = open.use(await openSqliteStore(folder, Date.now()))
  passwords = open.use(new PasswordThread())
  directory = new AccountDirectory(store, passwords, 'hs98.kep.tr')
  await directory.create(
    { address: ADDRESS, kind: 'natural', service: 'send-receive', holder: 'Ayşe Işık', quota: 1 },
    new Date(),
  )
  await directory.addPerson(ADDRESS, { handle: 'ayse', name: 'Ayşe Işık', identityNumber: '10000000146' })
  await directory.setPassword(ADDRESS, undefined, 'doğru parola')
})
afterAll(() => open.disposeAsync())

const desk = () => new LoginDesk(directory, passwords, systemClock)
const attempt = (password: string, ip = '192.0.2.1', name = ADDRESS, authzid = '') => ({
  name,
  authzid,
  password,
  ip,
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
