import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ConfigInput } from '../../config/schema.ts'
import type { Person } from '../../mail/account.ts'
import type { NoticeTimes } from '../../server/notify/notice-lane.ts'
import { eventually } from '../fakes/eventually.ts'
import { signedMessage, submit } from '../fakes/mail-client.ts'
import { arrival, evidenced, idIn } from '../fakes/mailboxes.ts'
import { DAY, type MovedClock, movedClock } from '../fakes/moved-clock.ts'
import { fine, type Gateway, type MailSink, startGateway, startMailSink } from '../fakes/notice-receivers.ts'
import { operate } from '../fakes/operator.ts'
import { pki } from '../fakes/pki.ts'
import { RECIPIENT, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'

const PHONE = '+905551112233'
const EMAIL = 'kisi@example.com'
const SUBJECT = 'Gizli konu'
const CONTENT = 'Gizli metin'

let clock: MovedClock
let sink: MailSink
let gateway: Gateway
let open: AsyncDisposableStack
let taken: { account: string; key: string }[]
let left: number
beforeEach(async () => {
  open = new AsyncDisposableStack()
  clock = movedClock()
  sink = open.use(await startMailSink())
  gateway = open.use(await startGateway())
  taken = []
  left = 100
})
afterEach(() => open.disposeAsync())

const both = (): ConfigInput['notify'] => ({
  email: { host: '127.0.0.1', port: sink.port, tls: 'none', from: 'bildirim@example.com' },
  sms: { http: { url: `http://127.0.0.1:${gateway.port}/`, body: '{"n":"{telefon}","m":"{metin}"}' } },
})

async function house(times: Partial<NoticeTimes> = {}, notify = both()): Promise<TestProvider> {
  const paid = new Set<string>()
  return open.use(
    await startProvider({
      tsaClock: clock,
      config: { notify },
      given: {
        clock,
        takeSms: async (account, key) => {
          taken.push({ account, key })
          if (paid.has(key)) return true
          if (left === 0) return false
          left--
          paid.add(key)
          return true
        },
        noticeTimes: { attempt: 20_000, first: 1_000, longest: 1_000, expiry: DAY, ...times },
      },
    }),
  )
}

/** The recipient's person from now on. */
async function wants(
  kep: TestProvider,
  notices: Person['notices'],
  rights = ['email-notices', 'sms-notices'],
) {
  const { accounts } = kep.provider.store
  const row = await accounts.get(RECIPIENT)
  const account = JSON.parse(row!.document)
  const persons = account.persons.map((person: Person) => ({
    ...person,
    permissions: ['read', ...rights],
    notices,
  }))
  expect(await accounts.put(RECIPIENT, JSON.stringify({ ...account, persons }), row!.version)).toBe(true)
}

async function mail(kep: TestProvider): Promise<string> {
  const part = Buffer.from(`Content-Type: text/plain; charset=utf-8\r\n\r\n${CONTENT}\r\n`)
  const message = await signedMessage(pki().user.signer, part, { subject: SUBJECT })
  const id = idIn(await submit(message, { port: kep.provider.ports.submissions, ca: kep.ca }))
  await arrival(kep, RECIPIENT, 'INBOX', message)
  await evidenced(kep, id, 'delivery')
  return id
}

const told = (kep: TestProvider, channel: string, outcome: string, times: number) =>
  eventually(
    async () =>
      (await kep.metric('openkep_notifications_total', { channel, outcome })) === times ? true : undefined,
    `${times} ${channel} ${outcome}`,
  )
const rows = async (kep: TestProvider) => kep.provider.store.work.queues()

describe('a person who wants it', () => {
  test('9.14: is told on each way, once, of account and time and nothing else', async () => {
    const kep = await house()
    await wants(kep, { email: EMAIL, phone: PHONE })
    const id = await mail(kep)
    await told(kep, 'email', 'sent', 1)
    await told(kep, 'sms', 'sent', 1)
    expect(sink.taken.map(({ to }) => to)).toEqual([[EMAIL]])
    expect(gateway.taken.map(({ body }) => JSON.parse(body).n)).toEqual([PHONE])
    const left = [sink.taken[0]!.octets.replaceAll('=\r\n', ''), gateway.taken[0]!.body]
    for (const octets of left) {
      expect(octets).toContain(RECIPIENT)
      for (const secret of [SENDER, 'gonderen', 'Ayşe', SUBJECT, 'Gizli', CONTENT, id.slice(1, -1)])
        expect(octets).not.toContain(secret)
    }
    expect(taken.map(({ account }) => account)).toEqual([RECIPIENT])
    expect(await rows(kep)).toEqual([])
  })

  test.each<[string, Person['notices'], string[], number, number]>([
    ['neither address nor number', {}, ['email-notices', 'sms-notices'], 0, 0],
    ['an address alone', { email: EMAIL }, ['email-notices', 'sms-notices'], 1, 0],
    ['no right to either', { email: EMAIL, phone: PHONE }, [], 0, 0],
    ['the right to text messages alone', { email: EMAIL, phone: PHONE }, ['sms-notices'], 0, 1],
  ])('%s: as many rows and no more', async (_, notices, rights, emails, texts) => {
    const kep = await house()
    await wants(kep, notices, rights)
    await mail(kep)
    await told(kep, 'email', 'sent', emails)
    await told(kep, 'sms', 'sent', texts)
    expect(await rows(kep)).toEqual([])
    expect([sink.taken.length, gateway.taken.length]).toEqual([emails, texts])
  })

  test('is not told where the configuration opens no way', async () => {
    const kep = await house({}, {})
    await wants(kep, { email: EMAIL, phone: PHONE })
    await mail(kep)
    expect(await rows(kep)).toEqual([])
    expect(sink.taken).toEqual([])
  })
})

describe('a gateway in trouble', () => {
  test('that hangs delays neither mail nor e-mail, and operators do not see it among peers', async () => {
    gateway.answers = () => {}
    const kep = await house()
    await wants(kep, { email: EMAIL, phone: PHONE })
    for (let count = 1; count <= 6; count++) await mail(kep) // more than are tried at once
    await told(kep, 'email', 'sent', 6)
    expect(await rows(kep)).toMatchObject([{ queue: 'notify-sms', pending: 6 }])
    expect((await operate(kep, 'queue list', {})).rows).toEqual([])
    expect(await kep.metric('openkep_relay_queue_rows')).toBe(0)
    const { messages } = await operate(kep, 'trace', { id: await mail(kep) })
    expect(messages[0]?.waiting.map(({ kind }) => kind)).not.toContain('notify')
  })

  test('is asked again later, paid once, and in the end no more', async () => {
    gateway.answers = (response) => response.writeHead(503).end()
    const kep = await house()
    await wants(kep, { phone: PHONE })
    await mail(kep)
    await told(kep, 'sms', 'retry', 1)
    expect(gateway.taken).toHaveLength(1)
    clock.move(2_000)
    await kep.provider.store.work.insert([]) // whoever sleeps looks at the clock again
    await told(kep, 'sms', 'retry', 2)
    expect(new Set(taken.map(({ key }) => key)).size).toBe(1)
    expect(left).toBe(99)
    clock.move(DAY)
    await kep.provider.store.work.insert([])
    await told(kep, 'sms', 'expired', 1)
    expect(gateway.taken).toHaveLength(2)
    expect(await rows(kep)).toEqual([])
  })

  test('that comes back has what waited', async () => {
    gateway.answers = (response) => response.destroy()
    const kep = await house()
    await wants(kep, { phone: PHONE })
    await mail(kep)
    await told(kep, 'sms', 'retry', 1)
    gateway.answers = fine
    clock.move(2_000)
    await kep.provider.store.work.insert([])
    await told(kep, 'sms', 'sent', 1)
  })

  test('a number that it refuses for good is not tried again', async () => {
    gateway.answers = (response) => response.writeHead(400).end()
    const kep = await house()
    await wants(kep, { phone: PHONE })
    await mail(kep)
    await told(kep, 'sms', 'refused', 1)
    expect(await rows(kep)).toEqual([])
  })
})

test('who opts out meanwhile is not told', async () => {
  gateway.answers = (response) => response.writeHead(503).end()
  const kep = await house()
  await wants(kep, { phone: PHONE })
  await mail(kep)
  await told(kep, 'sms', 'retry', 1)
  await wants(kep, {})
  clock.move(2_000)
  await kep.provider.store.work.insert([])
  await told(kep, 'sms', 'stopped', 1)
  expect(gateway.taken).toHaveLength(1)
})

test('9.15: without text messages left none is sent; e-mail costs nothing', async () => {
  left = 0
  const kep = await house()
  await wants(kep, { email: EMAIL, phone: PHONE })
  await mail(kep)
  await told(kep, 'sms', 'unpaid', 1)
  await told(kep, 'email', 'sent', 1)
  expect(gateway.taken).toEqual([])
})

test('what was on its way at a stop is sent after the start', async () => {
  gateway.answers = () => {}
  const kep = await house()
  await wants(kep, { phone: PHONE })
  await mail(kep)
  await eventually(async () => (gateway.taken.length === 1 ? true : undefined), 'an attempt')
  await kep.restart(undefined, () => {
    gateway.answers = fine
    clock.move(10 * 60_000)
  })
  await told(kep, 'sms', 'sent', 1)
  expect(left).toBe(99)
})
