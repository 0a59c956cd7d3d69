/** Behind a balancer: the client's own address counts, in SMTP and IMAP, with TLS at once or later. */
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withNetworks } from '../../server/accounts/persons.ts'
import { LineClient } from '../fakes/dialogue.ts'
import { PASSWORD, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'

let kep: TestProvider
const any = { port: 0, host: ['127.0.0.1'] }
const listen = { submissions: any, submission: any, peer: any, imaps: any, imap: any, http: any }
beforeAll(async () => {
  kep = await startProvider({ config: { listen: { ...listen, balancers: ['127.0.0.1'] } } })
})
afterAll(() => kep[Symbol.asyncDispose]())

const v2 = Buffer.concat([
  Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex'),
  Buffer.from([203, 0, 113, 9, 127, 0, 0, 1, 0xc0, 0, 1, 0xd1]),
])
/** Nobody listens there, and the system gives out none so low. */
const LOCAL = 29_871
const v1 = 'PROXY TCP4 203.0.113.9 127.0.0.1 49152 465\r\n'

const raw = (port: number, header: string | Buffer): Socket => {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.write(header)
  return socket
}
const tls = (port: number, header: string | Buffer) =>
  connectTls({ socket: raw(port, header), ca: kep.ca, servername: 'localhost' })
const logins = async (): Promise<string[]> =>
  (await kep.provider.eventLog.list({ account: SENDER }, 0, 1000)).map(({ what, by }) => `${what} ${by.ip}`)
const plain = Buffer.from(`\0${SENDER}\0${PASSWORD}`).toString('base64')

describe.each([
  ['in the readable form', v1],
  ['in the binary form', v2],
])('told %s', (_, header) => {
  test('IMAP with TLS at once', async () => {
    const client = new LineClient(tls(kep.provider.ports.imaps, header))
    await client.line()
    expect((await client.command('a', `AUTHENTICATE PLAIN ${plain}`)).at(-1)).toMatch(/^a OK/)
    expect((await logins()).at(-1)).toBe('login 203.0.113.9')
    client.end()
  })

  test('submission with TLS at once', async () => {
    const client = new LineClient(tls(kep.provider.ports.submissions, header))
    await client.line()
    client.send(`EHLO istemci\r\nAUTH PLAIN ${plain}\r\n`)
    await client.until('235')
    expect((await logins()).at(-1)).toBe('login 203.0.113.9')
    client.end()
  })

  test('in the clear a greeting, with what the client sent in the same packet', async () => {
    const client = new LineClient(
      raw(kep.provider.ports.imap, Buffer.concat([Buffer.from(header), Buffer.from('a CAPABILITY\r\n')])),
    )
    await client.until('a')
    client.end()
    const smtp = new LineClient(raw(kep.provider.ports.submission, header))
    expect(await smtp.line()).toMatch(/^220 /)
    smtp.end()
  })
})

test.each([
  ['nothing of the kind', 'EHLO istemci\r\n'],
  ['a header that is none', 'PROXY TCP4 nowhere 127.0.0.1 1 2\r\n'],
  ['junk', Buffer.alloc(3_000, 0x0d)],
])('a balancer that says %s is let go', async (_, header) => {
  const client = new LineClient(raw(kep.provider.ports.imap, header))
  expect(await client.line()).toBeUndefined()
})

test('one port of the balancer to two of our listeners: each client is who it is', async () => {
  const from = (port: number, ip: string): LineClient => {
    const socket = connect({ port, host: '127.0.0.1', localPort: LOCAL })
    socket.on('error', () => {})
    socket.write(`PROXY TCP4 ${ip} 127.0.0.1 1 2\r\n`)
    return new LineClient(connectTls({ socket, ca: kep.ca, servername: 'localhost' }))
  }
  const first = from(kep.provider.ports.imaps, '198.51.100.1')
  const second = from(kep.provider.ports.submissions, '203.0.113.99')
  await first.line()
  await second.line()
  await first.command('a', `AUTHENTICATE PLAIN ${plain}`)
  expect((await logins()).at(-1)).toBe('login 198.51.100.1')
  first.end()
  second.end()
})

test('2.8: a restriction holds for the client, not for the balancer', async () => {
  await kep.provider.directory.change(SENDER, (account) =>
    withNetworks(account, account.persons[0]!.handle, ['203.0.113.0/24']),
  )
  const answer = async (ip: string): Promise<string | undefined> => {
    const client = new LineClient(tls(kep.provider.ports.imaps, `PROXY TCP4 ${ip} 127.0.0.1 1 2\r\n`))
    await client.line()
    const said = (await client.command('a', `AUTHENTICATE PLAIN ${plain}`)).at(-1)
    client.end()
    return said
  }
  expect(await answer('203.0.113.200')).toMatch(/^a OK/)
  expect(await answer('127.0.0.1')).toMatch(/^a NO/)
})
