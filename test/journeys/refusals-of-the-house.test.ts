/** Refusals that depend on the state of the house or on its settings rather than on the message. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSmtpSession } from '../../scripts/client/smtp-session.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { eventually } from '../fakes/eventually.ts'
import { entryOf, THERE } from '../fakes/exchange.ts'
import { PLAIN_PART, signedMessage, submit } from '../fakes/mail-client.ts'
import { pki } from '../fakes/pki.ts'
import { PASSWORD, RECIPIENT, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

let kep: TestProvider
beforeAll(async () => {
  kep = await startProvider({
    config: {
      recipients: { localUnavailable: 'refuse' },
      limits: { connectionsPerAccount: 1 },
    },
  })
  await kep.provider.peers.put({ ...entryOf(kep), provider: THERE })
})
afterAll(() => kep[Symbol.asyncDispose]())

const where = (of = kep) => ({ port: of.provider.ports.submissions, ca: of.ca })
const login = { user: SENDER, password: PASSWORD }

test('AUTH_REQUIRED: nobody begins a message without a login', async () => {
  await using session = await openSmtpSession(where())
  expect(await session.command(`MAIL FROM:<${SENDER}>`)).toMatch(/^530 /)
})

test('ADDRESS_NOT_ASCII and UNKNOWN_LOCAL_RECIPIENT at RCPT', async () => {
  await using session = await openSmtpSession(where(), login)
  await session.command(`MAIL FROM:<${SENDER}>`)
  expect(await session.command('RCPT TO:<ayşe.ışık@hs98.kep.tr>')).toMatch(/^553 5\.6\.7 ADDRESS_NOT_ASCII/)
  expect(await session.command('RCPT TO:<yok.biri@hs98.kep.tr>')).toMatch(
    /^550 5\.1\.1 UNKNOWN_LOCAL_RECIPIENT/,
  )
})

test('TOO_MANY_CONNECTIONS: an account has so many sessions and no more', async () => {
  await using _first = await openSmtpSession(where(), login)
  await expect(openSmtpSession(where(), login)).rejects.toThrow(/421 4\.7\.0 TOO_MANY_CONNECTIONS/)
})

test('LINE_TOO_LONG: only where it has to go to another provider', async () => {
  const to = [`biri@${THERE}`]
  const part = Buffer.concat([PLAIN_PART, Buffer.alloc(1_200, 'x'), Buffer.from('\r\n')])
  const message = await signedMessage(pki().user.signer, part, { to })
  expect(await submit(message, { ...where(), to })).toMatch(/^550 5\.6\.1 LINE_TOO_LONG/)
})

test('DISK_FULL: no mail is begun while the disk is nearly full; SHUTTING_DOWN: nor while we stop', async () => {
  using folder = new TemporaryFolder()
  await using store = await openSqliteStore(folder.path, Date.now())
  let free = 1_000
  const narrow = new Proxy(store, {
    get: (target, name) => {
      if (name === 'space') return async () => ({ free, total: 100_000_000_000 })
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  await using full = await startProvider({ given: { store: narrow } })
  await using session = await openSmtpSession(where(full), login)
  expect(await session.command(`MAIL FROM:<${SENDER}>`)).toMatch(/^452 4\.3\.1 DISK_FULL/)
  free = 50_000_000_000
  await eventually(
    async () => ((await full.metric('openkep_free_space_bytes')) === free ? true : undefined),
    'the next look at the disk',
  )
  expect(await session.command(`MAIL FROM:<${SENDER}>`)).toMatch(/^250 /)
  // One is in the middle of its message, for which a stop waits; another begins meanwhile.
  await session.command(`RCPT TO:<${RECIPIENT}>`)
  expect(await session.command('DATA')).toMatch(/^354 /)
  await session.write('x: y\r\n')
  await using other = await openSmtpSession(where(full), login)
  const closing = full.provider.close()
  expect(await other.command(`MAIL FROM:<${SENDER}>`)).toMatch(/^421 4\.3\.2 SHUTTING_DOWN/)
  await session.write('\r\n.\r\n')
  await closing
})
