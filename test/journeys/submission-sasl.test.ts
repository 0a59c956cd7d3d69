/** Mechanisms of SASL as submission speaks them, which are those of IMAP. [RFC 4954 §4] */
import { connect as connectPlain } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LineClient } from '../fakes/dialogue.ts'
import { PASSWORD, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'
import { clientFinal, clientFirst, type ScramClient } from '../fakes/sasl-client.ts'

let kep: TestProvider
beforeAll(async () => {
  kep = await startProvider()
})
afterAll(() => kep[Symbol.asyncDispose]())

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const person: ScramClient = { name: SENDER, password: PASSWORD }

const secured = async (): Promise<TLSSocket> => {
  const port = kep.provider.ports.submissions
  const socket = connect({ port, host: '127.0.0.1', ca: kep.ca, servername: 'localhost' })
  await new Promise((resolve) => socket.once('secureConnect', resolve))
  return socket
}

async function greeted(socket: TLSSocket): Promise<{ client: LineClient; offered: string }> {
  const client = new LineClient(socket)
  await client.line()
  client.send('EHLO istemci\r\n')
  return { client, offered: (await client.until('250 ')).find((line) => line.includes('AUTH ')) ?? '' }
}

async function scram(socket: TLSSocket, who: ScramClient, mechanism = 'SCRAM-SHA-256'): Promise<string> {
  const { client } = await greeted(socket)
  client.send(`AUTH ${mechanism} ${base64(clientFirst(who))}\r\n`)
  const challenge = (await client.line()) ?? ''
  if (!challenge.startsWith('334 ')) return challenge
  const { final, verifier } = clientFinal(who, Buffer.from(challenge.slice(4), 'base64').toString())
  client.send(`${base64(final)}\r\n`)
  const last = (await client.line()) ?? ''
  if (!last.startsWith('334 ')) return last
  expect(Buffer.from(last.slice(4), 'base64').toString()).toBe(verifier)
  client.send('\r\n')
  const done = (await client.line()) ?? ''
  client.send(`MAIL FROM:<${SENDER}>\r\n`)
  expect(await client.line()).toMatch(/^250/)
  client.end()
  return done
}

test('SCRAM, and bound to the connection', async () => {
  expect((await greeted(await secured())).offered).toMatch(
    /AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN$/,
  )
  expect(await scram(await secured(), person)).toMatch(/^235/)
  const socket = await secured()
  const channel = socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
  const bound = { ...person, flag: 'p=tls-exporter,', channel }
  expect(await scram(socket, bound, 'SCRAM-SHA-256-PLUS')).toMatch(/^235/)
  expect(await scram(await secured(), bound, 'SCRAM-SHA-256-PLUS')).toMatch(/^535/)
})

test('a wrong proof is a failed login, recorded for the person; what cannot be read is none', async () => {
  const failed = async () => kep.metric('openkep_logins_total', { listener: 'submission', result: 'wrong' })
  const before = await failed()
  expect(await scram(await secured(), { ...person, password: 'yanlis' })).toMatch(/^535/)
  expect(await failed()).toBe(before + 1)
  const last = (await kep.provider.eventLog.list({ account: SENDER }, 0, 500)).at(-1)
  expect(last).toMatchObject({ what: 'login refused', details: { service: 'smtp', because: 'password' } })
  const { client } = await greeted(await secured())
  for (const [said, answer] of [
    ['AUTH SCRAM-SHA-256 !!!', /^501/],
    ['AUTH SCRAM-SHA-256 = x', /^501/],
    ['AUTH SCRAM-SHA-256', /^334 /],
    ['*', /^501/],
    [`AUTH SCRAM-SHA-256 ${base64(clientFirst(person))}`, /^334 /],
    [base64(clientFirst(person)), /^501/],
    ['AUTH SCRAM-SHA-1 =', /^504/],
    ['AUTH EXTERNAL =', /^504/],
    ['AUTH __PROTO__ =', /^504/],
    [`MAIL FROM:<${SENDER}>`, /^530/],
  ] as const) {
    client.send(`${said}\r\n`)
    expect(await client.line()).toMatch(answer)
  }
  expect(await failed()).toBe(before + 1)
})

test('nothing of it before TLS', async () => {
  const client = new LineClient(connectPlain({ port: kep.provider.ports.submission, host: '127.0.0.1' }))
  await client.line()
  client.send('EHLO istemci\r\n')
  expect((await client.until('250 ')).join()).not.toContain('AUTH')
  client.send(`AUTH SCRAM-SHA-256 ${base64(clientFirst(person))}\r\n`)
  expect(await client.line()).toMatch(/^5/)
  client.end()
})
