/** What the rules of an account mean to a sender, a recipient and an operator, over real sockets. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { PERMISSIONS } from '../../mail/account.ts'
import { openSmtpSession } from '../../scripts/client/smtp-session.ts'
import { withPermissions } from '../../server/accounts/persons.ts'
import { headerOf, PLAIN_PART, signedMessage, submit } from '../fakes/mail-client.ts'
import { atRest, evidenced, holding, idIn, reasonsIn, rowsIn } from '../fakes/mailboxes.ts'
import { operate } from '../fakes/operator.ts'
import { pki } from '../fakes/pki.ts'
import { PASSWORD, RECIPIENT, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'

let kep: TestProvider
beforeAll(async () => {
  kep = await startProvider({ config: { limits: { messagesPerMinute: { perAccount: 40 } } } })
})
afterAll(() => kep[Symbol.asyncDispose]())
afterEach(async () => {
  expect(await kep.metric('openkep_internal_errors_total')).toBe(0)
})

const hand = async (part?: Buffer, options = {}): Promise<string> =>
  submit(await signedMessage(pki().user.signer, part, options), {
    port: kep.provider.ports.submissions,
    ca: kep.ca,
  })
const log = (account: string) => kep.provider.eventLog.list({ account }, 0, 1000)

describe('closing and opening again', () => {
  test('a closed account neither sends nor receives, and its owner opens it again', async () => {
    await operate(kep, 'account close', { address: RECIPIENT, reason: 'kendi isteği' })
    const id = idIn(await hand())
    expect(reasonsIn(await evidenced(kep, id, 'non-delivery'))).toEqual(['PolicyViolation'])
    const identity = { type: 'tckn', number: '10000000078' } as const
    await operate(kep, 'account reopen', { address: RECIPIENT, identity, reason: 'başvuru' })
    await evidenced(kep, idIn(await hand()), 'delivery')
    expect((await log(RECIPIENT)).map(({ what }) => what)).toEqual(['account close', 'account reopen'])
    await operate(kep, 'account close', { address: SENDER, reason: 'kendi isteği' })
    expect(await hand()).toMatch(/^550 5\.7\.1 ACCOUNT_NOT_ACTIVE/)
    const own = { type: 'tckn', number: '10000000146' } as const
    await operate(kep, 'account reopen', { address: SENDER, identity: own, reason: 'başvuru' })
  })

  test('7.6: what was refused is recorded for the account, with who tried and for whom', async () => {
    const before = (await log(SENDER)).length
    await kep.provider.directory.change(SENDER, (account) =>
      withPermissions(account, 'deneme.gonderen', ['read']),
    )
    expect(await hand()).toMatch(/^550 5\.7\.1 MAY_NOT_SEND/)
    await kep.provider.directory.change(SENDER, (account) =>
      withPermissions(account, 'deneme.gonderen', PERMISSIONS),
    )
    const unsigned = Buffer.from(`${headerOf()}MIME-Version: 1.0\r\n${PLAIN_PART.toString()}`)
    expect(await submit(unsigned, { port: kep.provider.ports.submissions, ca: kep.ca })).toMatch(
      /^550 .*NOT_SIGNED/,
    )
    const refused = (await log(SENDER)).slice(before).filter(({ what }) => what === 'message refused')
    expect(refused.map(({ by, person, details }) => ({ by, person, details }))).toEqual([
      {
        by: { person: 'deneme.gonderen', ip: '127.0.0.1' },
        person: 'deneme.gonderen',
        details: { code: 'MAY_NOT_SEND', told: '', recipients: [], count: 0 },
      },
      {
        by: { person: 'deneme.gonderen', ip: '127.0.0.1' },
        person: 'deneme.gonderen',
        details: { code: 'NOT_SIGNED', told: '', recipients: [RECIPIENT], count: 1 },
      },
    ])
  })
})

describe('what changes after MAIL', () => {
  test.each([
    [
      'the right is taken back',
      () =>
        operate(kep, 'person permit', { address: SENDER, handle: 'deneme.gonderen', permissions: ['read'] }),
      /^550 5\.7\.1 MAY_NOT_SEND/,
      () =>
        operate(kep, 'person permit', {
          address: SENDER,
          handle: 'deneme.gonderen',
          permissions: [...PERMISSIONS],
        }),
    ],
    [
      'the account is closed',
      () => operate(kep, 'account close', { address: SENDER, reason: 'istek' }),
      /^550 5\.7\.1 ACCOUNT_NOT_ACTIVE/,
      () =>
        operate(kep, 'account reopen', {
          address: SENDER,
          identity: { type: 'tckn', number: '10000000146' },
          reason: 'başvuru',
        }),
    ],
  ])('%s: nothing is taken any more', async (_, change, refusal, back) => {
    await using session = await openSmtpSession({ port: kep.provider.ports.submissions, ca: kep.ca })
    const token = Buffer.from(`\0${SENDER}\0${PASSWORD}`).toString('base64')
    for (const command of [`AUTH PLAIN ${token}`, `MAIL FROM:<${SENDER}>`, `RCPT TO:<${RECIPIENT}>`])
      expect(await session.command(command)).toMatch(/^2/)
    await change()
    expect(await session.command('DATA')).toMatch(/^354/)
    expect(await session.command(`${(await signedMessage(pki().user.signer)).toString('latin1')}.`)).toMatch(
      refusal,
    )
    await back()
  })
})

describe('a box that fills', () => {
  const FULL = 2_000_000
  const levels = async (): Promise<string[]> =>
    (await holding(kep, RECIPIENT, 'INBOX', 'Toplam alan')).map(
      ({ body }) => /% (\d+) dolu/.exec(fromQuoted(body))?.[1] ?? 'unread',
    )
  const receive = async (octets: number): Promise<void> => {
    const lines = `${'x'.repeat(70)}\r\n`.repeat(Math.round(octets / 72))
    await evidenced(
      kep,
      idIn(await hand(Buffer.from(`Content-Type: text/plain\r\n\r\n${lines}`))),
      'delivery',
    )
    await atRest(kep)
  }
  const empty = async (): Promise<void> => {
    const { mailboxes } = kep.provider.store
    const { mailbox, rows } = await rowsIn(kep, RECIPIENT, 'INBOX')
    const uids = rows.map(({ uid }) => uid)
    await mailboxes.store(mailbox, uids, { mode: 'add', flags: ['\\Deleted'] })
    await mailboxes.expunge(mailbox, uids)
  }

  test('3.15, 9.10: its holder is told at 80, 95 and 100 %, cannot send, still receives, and sends again after deleting', async () => {
    await atRest(kep)
    await empty()
    await operate(kep, 'quota set', { address: RECIPIENT, quota: FULL })
    await receive(1_000_000)
    expect(await levels()).toEqual([])
    await receive(600_000)
    expect(await levels()).toEqual(['80'])
    await receive(280_000)
    expect(await levels()).toEqual(['80', '95'])
    await receive(100_000)
    await receive(1_000)
    expect(await levels()).toEqual(['80', '95', '100'])
    const reply = async (): Promise<string> =>
      submit(
        await signedMessage(pki().qualifiedUser.signer, undefined, {
          from: `Cagri Ogut <${RECIPIENT}>`,
          to: [SENDER],
        }),
        { port: kep.provider.ports.submissions, ca: kep.ca, user: RECIPIENT, from: RECIPIENT, to: [SENDER] },
      )
    expect(await reply()).toMatch(/^552 5\.2\.2 QUOTA_EXCEEDED/)
    const until = new Date(Date.now() + 3_600_000).toISOString()
    await operate(kep, 'quota add', { address: RECIPIENT, octets: FULL, until })
    expect(await reply()).toMatch(/^250 /)
    await empty()
    await receive(1_000)
    await operate(kep, 'quota set', { address: RECIPIENT, quota: 0 })
    await receive(3_300_000)
    expect(await levels()).toEqual(['100'])
    expect(await kep.metric('openkep_quota_warnings_total')).toBe(4)
  })
})

test('more messages in a minute than an account may begin are told to wait', async () => {
  const replies: string[] = []
  // While they are handed in the minute goes on, and with it more are let through.
  for (let i = 0; i < 200 && !replies.at(-1)?.startsWith('450'); i++)
    replies.push(await hand(undefined, { to: ['x@example.com'] }))
  expect(replies.at(-1)).toMatch(/^450 4\.7\.1 TOO_FAST/)
  expect(replies.length).toBeGreaterThan(1)
})

test('12.4: starts are recorded with the build and the settings', async () => {
  const started = (await kep.provider.eventLog.list({}, 0, 5)).find(({ what }) => what === 'started')
  const digest = expect.stringMatching(/^[0-9a-f]{64}$/)
  expect(started?.details).toEqual({ build: digest, config: digest })
})

const fromQuoted = (body: Buffer): string =>
  body.toString('latin1').replaceAll('=\r\n', '').replaceAll('=25', '%').replaceAll('=20', ' ')
