/** Mechanisms of SASL as submission speaks them, which are those of IMAP. [RFC 4954 §4] */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LineClient } from '../fakes/dialogue.ts'
import { movedClock } from '../fakes/moved-clock.ts'
import { PASSWORD, SCRAM_ITERATIONS, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'
import { clientFinal, clientFirst, type ScramClient } from '../fakes/sasl-client.ts'
import { AUDIENCE, ISSUER, type TokenIssuer, tokenIssuer } from '../fakes/token-issuer.ts'

let kep: TestProvider
let issuer: TokenIssuer
let folder: string
const clock = movedClock()
beforeAll(async () => {
  issuer = await tokenIssuer({ clock })
  folder = await mkdtemp(join(tmpdir(), 'openkep-sasl-'))
  const jwksFile = join(folder, 'jwks.json')
  await writeFile(jwksFile, issuer.jwks)
  const oauth = { issuer: ISSUER, audience: AUDIENCE, jwksFile }
  kep = await startProvider({
    config: { login: { scramIterations: SCRAM_ITERATIONS, oauth } },
    given: { clock },
    tsaClock: clock,
  })
})
afterAll(async () => {
  await kep[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

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
    /AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 OAUTHBEARER PLAIN LOGIN$/,
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

describe('RFC 7628: a token', () => {
  const said = (token: string): string => base64(`n,,\x01auth=Bearer ${token}\x01\x01`)
  const logIn = async (token: string): Promise<{ client: LineClient; answer: string | undefined }> => {
    const { client } = await greeted(await secured())
    client.send(`AUTH OAUTHBEARER ${said(token)}\r\n`)
    return { client, answer: await client.line() }
  }

  test('opens a session, as long as mail is begun while it is good', async () => {
    const { client, answer } = await logIn(await issuer.token(SENDER, { groups: 'x'.repeat(4_000) }))
    expect(answer).toMatch(/^235/)
    const [last] = (await kep.provider.eventLog.list({ account: SENDER }, 0, 500)).slice(-1)
    expect(last).toMatchObject({ what: 'login', details: { service: 'smtp', method: 'oauth' } })
    client.send(`MAIL FROM:<${SENDER}>\r\nRSET\r\n`)
    expect([await client.line(), await client.line()]).toEqual([
      expect.stringMatching(/^250/),
      expect.stringMatching(/^250/),
    ])
    clock.elapse(700_000)
    client.send(`MAIL FROM:<${SENDER}>\r\n`)
    expect(await client.line()).toMatch(/^530/)
    client.end()
  })

  test('that is not good is told so, and then refused', async () => {
    const { client, answer } = await logIn('a.b.c')
    expect(answer).toMatch(/^334 /)
    expect(Buffer.from((answer ?? '').slice(4), 'base64').toString()).toContain('"status":"invalid_token"')
    client.send('AQ==\r\n')
    expect(await client.line()).toMatch(/^535/)
    client.send(`MAIL FROM:<${SENDER}>\r\n`)
    expect(await client.line()).toMatch(/^530/)
    client.end()
  })
})
