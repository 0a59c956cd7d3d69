/** Mechanisms of SASL as IMAP speaks them. [RFC 9051 §6.2.2] [RFC 5802 §5] */
import { connect as connectPlain } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { certificateHash } from '../../../evidence/index.ts'
import { LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { ACCOUNT, connectTo, type ImapUnderTest, PASSWORD, startImap } from '../../fakes/imap-server.ts'
import { clientFinal, clientFirst, type ScramClient } from '../../fakes/sasl-client.ts'

let under: ImapUnderTest
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const person: ScramClient = { name: ACCOUNT, password: PASSWORD }

/** One exchange on a new connection; the tagged answer. */
async function scram(
  who: ScramClient,
  { mechanism = 'SCRAM-SHA-256', socket = connectTo(under), initial = true, greeting = true } = {},
): Promise<string> {
  const client = new LineClient(socket)
  if (greeting) await client.line()
  client.send(`a AUTHENTICATE ${mechanism}${initial ? ` ${base64(clientFirst(who))}` : ''}\r\n`)
  if (!initial) {
    expect(await client.line()).toBe('+ ')
    client.send(`${base64(clientFirst(who))}\r\n`)
  }
  const challenge = (await client.line()) ?? ''
  if (!challenge.startsWith('+ ')) return challenge
  const { final, verifier } = clientFinal(who, Buffer.from(challenge.slice(2), 'base64').toString())
  client.send(`${base64(final)}\r\n`)
  const last = (await client.line()) ?? ''
  if (!last.startsWith('+ ')) return last
  expect(Buffer.from(last.slice(2), 'base64').toString()).toBe(verifier)
  client.send('\r\n')
  const done = (await client.line()) ?? ''
  expect((await client.command('b', 'SELECT INBOX')).at(-1)).toMatch(/^b OK/)
  client.end()
  return done
}

describe('SCRAM-SHA-256', () => {
  test('with an initial response, and without one', async () => {
    expect(await scram(person)).toMatch(/^a OK \[CAPABILITY /)
    expect(await scram(person, { initial: false })).toMatch(/^a OK \[CAPABILITY /)
    expect(await scram({ ...person, name: 'ayse', authzid: ACCOUNT })).toMatch(/^a OK/)
  })

  test.each<[string, ScramClient]>([
    ['a wrong password', { ...person, password: 'yanlis' }],
    ['an unknown name', { ...person, name: 'kimse@hs98.kep.tr' }],
    ['a client that was told of no -PLUS', { ...person, flag: 'y,' }],
  ])('%s', async (_, who) => {
    expect(await scram(who)).toMatch(/^a NO \[AUTHENTICATIONFAILED\]/)
  })
})

describe('SCRAM-SHA-256-PLUS', () => {
  const secured = async (options: ConnectionOptions = {}): Promise<TLSSocket> => {
    const socket = connectTls({
      host: '127.0.0.1',
      port: under.port,
      servername: 'localhost',
      ca: under.ca,
      ...options,
    })
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    return socket
  }
  const exporter = (socket: TLSSocket) =>
    socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
  const bound = (kind: string, channel: Uint8Array): ScramClient => ({
    ...person,
    flag: `p=${kind},`,
    channel,
  })
  const mechanism = 'SCRAM-SHA-256-PLUS'

  test('RFC 9266 §3: tls-exporter, under TLS 1.3', async () => {
    const socket = await secured()
    expect(socket.getProtocol()).toBe('TLSv1.3')
    expect(await scram(bound('tls-exporter', exporter(socket)), { mechanism, socket })).toMatch(/^a OK/)
  })

  test.each<'TLSv1.3' | 'TLSv1.2'>(['TLSv1.3', 'TLSv1.2'])(
    'RFC 5929 §4: tls-server-end-point, under %s',
    async (version) => {
      const socket = await secured(version === 'TLSv1.2' ? { maxVersion: version } : {})
      expect(socket.getProtocol()).toBe(version)
      const own = certificateHash(socket.getPeerCertificate().raw)!
      expect(await scram(bound('tls-server-end-point', own), { mechanism, socket })).toMatch(/^a OK/)
    },
  )

  test('RFC 5929 §3: tls-unique, under TLS 1.2 where no session is resumed', async () => {
    const socket = await secured({ maxVersion: 'TLSv1.2' })
    const session = socket.getSession()
    const own = socket.getFinished()!
    expect(await scram(bound('tls-unique', own), { mechanism, socket })).toMatch(/^a OK/)
    const resumed = await secured({ maxVersion: 'TLSv1.2', session })
    expect(resumed.isSessionReused()).toBe(true)
    const shared = resumed.getPeerFinished()!
    expect(await scram(bound('tls-unique', shared), { mechanism, socket: resumed })).toMatch(/^a NO/)
  })

  test('another connection: who sits between has two of them', async () => {
    const [other, socket] = await Promise.all([secured(), secured()])
    expect(await scram(bound('tls-exporter', exporter(other)), { mechanism, socket })).toMatch(/^a NO/)
    other.destroy()
  })

  test('tls-exporter before TLS 1.3 is no binding', async () => {
    const socket = await secured({ maxVersion: 'TLSv1.2' })
    expect(await scram(bound('tls-exporter', exporter(socket)), { mechanism, socket })).toMatch(/^a NO/)
  })

  test('after STARTTLS it is bound to the TLS that came then', async () => {
    const raw = connectPlain({ host: '127.0.0.1', port: under.plainPort })
    const plain = new LineClient(raw)
    expect(await plain.line()).toMatch(/STARTTLS LOGINDISABLED\]/)
    await plain.command('s', 'STARTTLS')
    raw.removeAllListeners('data')
    const socket = connectTls({ socket: raw, servername: 'localhost', ca: under.ca })
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    const who = bound('tls-exporter', exporter(socket))
    expect(await scram(who, { mechanism, socket, greeting: false })).toMatch(/^a OK/)
  })
})

test('what an exchange may be answered with, and what is offered when', async () => {
  const client = new LineClient(connectTo(under))
  await runDialogue(
    client,
    `
    S: * OK [CAPABILITY *AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256 AUTH=PLAIN] *
    C: a AUTHENTICATE SCRAM-SHA-256
    S: +*
    C: *
    S: a BAD *
    C: b AUTHENTICATE SCRAM-SHA-256 =
    S: b BAD *
    C: c AUTHENTICATE SCRAM-SHA-256 !!!
    S: c BAD *
    C: d AUTHENTICATE SCRAM-SHA-1 {{first}}
    S: d NO [CANNOT] *
    C: e AUTHENTICATE EXTERNAL =
    S: e NO [CANNOT] *
    C: f AUTHENTICATE SCRAM-SHA-256 {{first}}
    S: + *
    C: {{first}}
    S: f BAD *
    C: g AUTHENTICATE PLAIN {{plain}}
    S: g OK [CAPABILITY *] *
    C: h AUTHENTICATE SCRAM-SHA-256 {{first}}
    S: h BAD *
    `,
    { first: base64(clientFirst(person)), plain: base64(`\0${ACCOUNT}\0${PASSWORD}`) },
  )
  client.end()
})

test('nothing of it is offered or done before TLS', async () => {
  const client = new LineClient(connectPlain({ host: '127.0.0.1', port: under.plainPort }))
  await runDialogue(
    client,
    `
    S: * OK [CAPABILITY * STARTTLS LOGINDISABLED] *
    C: a AUTHENTICATE SCRAM-SHA-256 {{first}}
    S: a NO [PRIVACYREQUIRED] *
    `,
    { first: base64(clientFirst(person)) },
  )
  client.end()
})

describe('what a provider does not want is not offered', () => {
  test.each<[string, Parameters<typeof startImap>[0], string]>([
    ['no SCRAM', { sasl: { scram: false } }, ' ID ENABLE AUTH=PLAIN]'],
    ['no channel binding', { sasl: { channelBinding: false } }, ' ID ENABLE AUTH=SCRAM-SHA-256 AUTH=PLAIN]'],
  ])('%s', async (_, options, offered) => {
    await using other = await startImap(options)
    const client = new LineClient(connectTo(other))
    expect(await client.line()).toContain(offered)
    for (const mechanism of ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'])
      if (!offered.includes(`${mechanism} `))
        expect(
          (await client.command('a', `AUTHENTICATE ${mechanism} ${base64('n,,n=x,r=x')}`)).at(-1),
        ).toMatch(/^a NO \[CANNOT\]/)
    client.end()
  })
})
