import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest'
import { RECIPIENT, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'
import { openRaw, openSubmitting, type Security, stillServes } from '../fakes/smtp-socket.ts'

let kep: TestProvider
beforeAll(async () => {
  kep = await startProvider({ config: { limits: { connectionsPerIp: 40, loginTime: '3 s' } } })
})
afterAll(() => kep[Symbol.asyncDispose]())
afterEach(() => stillServes(kep))

const junk: [name: string, octets: Buffer][] = [
  ['random octets', randomBytes(200_000)],
  ['NULs', Buffer.alloc(100_000)],
  ['8-bit lines', Buffer.alloc(50_000, 'şğü\r\n')],
  ['line ends only', Buffer.alloc(50_000, '\r\n')],
  ['bare LF', Buffer.alloc(50_000, 'EHLO a\n')],
  ['bare CR', Buffer.alloc(50_000, 'EHLO a\r')],
  ['a line of 64 KB', Buffer.concat([Buffer.alloc(65_536, 'A'), Buffer.from('\r\n')])],
  ['a line without end', Buffer.alloc(2_000_000, 'A')],
  [
    'a TLS hello in the middle',
    Buffer.from('EHLO a\r\n\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'latin1'),
  ],
  [
    'an HTTP request',
    Buffer.from('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nMAIL FROM:<a@b>\r\n'),
  ],
]

describe.each<Security>(['tls', 'starttls', 'none'])('junk over %s', (security) => {
  test.each(junk)('%s', async (_, octets) => {
    const client = await openRaw(kep, security)
    client.sendOctets(octets)
    client.socket.end()
    await client.gone
  })
})

test.each([
  'EHLO \0',
  'EHLO ğ',
  'EHLO',
  'HELO a b c',
  'NIL',
  'AUTH',
  'AUTH NIL NIL',
  'AUTH PLAIN =',
  'AUTH PLAIN \0\0\0',
  'AUTH PLAIN AAAA',
  `AUTH PLAIN ${Buffer.from('a\0b\0c\0d').toString('base64')}`,
  `AUTH PLAIN ${Buffer.from('__proto__\0constructor\0x').toString('base64')}`,
  `AUTH PLAIN ${Buffer.alloc(3000, 'a').toString('base64')}`,
  'AUTH LOGIN\r\n\0\r\nğğ',
  'AUTH LOGIN\r\n*',
  'AUTH XOAUTH2 AAAA',
  'MAIL FROM:<>',
  'MAIL FROM:NIL',
  'VRFY NIL',
  'XCLIENT ADDR=127.0.0.1 LOGIN=a@b',
  'XFORWARD ADDR=127.0.0.1',
  'STARTTLS',
  'STARTTLS x',
  'BDAT 5 LAST\r\nhallo',
  'constructor',
  '__proto__ x',
  'toString',
])('before login: %j', async (line) => {
  const client = await openRaw(kep, 'tls')
  client.send(`EHLO a\r\n`)
  await client.until('250 ')
  client.send(`${line}\r\nQUIT\r\n`)
  client.socket.end()
  await client.gone
})

test.each([
  'MAIL FROM:<\0>',
  'MAIL FROM:<ğ@hs98.kep.tr>',
  `MAIL FROM:<${'a'.repeat(3000)}@hs98.kep.tr>`,
  `MAIL FROM:<${SENDER}> SIZE=NIL`,
  `MAIL FROM:<${SENDER}> SIZE=-1`,
  `MAIL FROM:<${SENDER}> SIZE=99999999999999999999999`,
  `MAIL FROM:<${SENDER}> SIZE`,
  `MAIL FROM:<${SENDER}> BODY=NIL`,
  `MAIL FROM:<${SENDER}> __proto__=1 constructor=2`,
  `MAIL FROM:<${SENDER}> SMTPUTF8 RET=FULL`,
  `MAIL FROM:<${SENDER}>\r\nRCPT TO:<\0>`,
  `MAIL FROM:<${SENDER}>\r\nRCPT TO:<>`,
  `MAIL FROM:<${SENDER}>\r\nRCPT TO:<@a,@b:${RECIPIENT}>`,
  `MAIL FROM:<${SENDER}>\r\nRCPT TO:<"${'\\'.repeat(200)}"@hs98.kep.tr>`,
  `MAIL FROM:<${SENDER}>\r\nRCPT TO:<${RECIPIENT}> NOTIFY=NEVER`,
  `MAIL FROM:<${SENDER}>\r\nRCPT TO:<yok@xn--ls8h.la>\r\nRCPT TO:<a@[127.0.0.1]>`,
  'DATA',
  'RCPT TO:<a@b>',
  'RSET\r\nRSET\r\nNOOP \0\r\nHELP NIL',
])('after login: %j', async (lines) => {
  const client = await openSubmitting(kep, 'tls', 'login')
  client.send(`${lines}\r\nRSET\r\nNOOP\r\nQUIT\r\n`)
  await client.until('221 ')
  await client.gone
})
