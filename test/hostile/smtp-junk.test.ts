import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../fakes/eventually.ts'
import { signedMessage } from '../fakes/mail-client.ts'
import { archived } from '../fakes/mailboxes.ts'
import { pki } from '../fakes/pki.ts'
import { RECIPIENT, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'
import { halfReceived, openRaw, openSubmitting, type Security, stillServes } from '../fakes/smtp-socket.ts'

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

test('10,000 pipelined commands are answered in order or cut off; others are served meanwhile', async () => {
  const client = await openSubmitting(kep, 'tls', 'login')
  client.send(`${'NOOP\r\n'.repeat(10_000)}QUIT\r\n`)
  await stillServes(kep)
  const heard = await client.until('221 ')
  expect(heard).toHaveLength(10_001)
})

test('more connections than one address may have: the rest is turned away, and silence ends with the login time', async () => {
  const clients = await Promise.all(Array.from({ length: 200 }, () => openRaw(kep, 'none')))
  await Promise.all(clients.map(({ gone }) => gone))
})

test('half-open TLS: nothing said, half a hello, and the first flight without the second', async () => {
  const hello = Buffer.from('16030100c8010000c40303', 'hex')
  const sockets = [Buffer.alloc(0), hello.subarray(0, 3), hello].map((octets) => {
    const socket = connect(kep.provider.ports.submissions, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(octets)
    return socket
  })
  const starting = await openRaw(kep, 'none')
  await starting.until('220 ')
  starting.send('EHLO a\r\n')
  await starting.until('250 ')
  starting.send('STARTTLS\r\n')
  await starting.until('220 ')
  starting.sendOctets(hello)
  const ended = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)))
  await stillServes(kep)
  await Promise.all([...ended, starting.gone])
})

test('STARTTLS injection: what was pipelined behind STARTTLS in the clear is never obeyed', async () => {
  const client = await openRaw(kep, 'none')
  await client.until('220 ')
  client.send('EHLO a\r\n')
  await client.until('250 ')
  client.send('STARTTLS\r\nEHLO eve\r\nNOOP\r\nRSET\r\n')
  await client.until('220 ')
  client.socket.removeAllListeners('data')
  const tls = connectTls({ socket: client.socket, servername: 'localhost', ca: kep.ca })
  tls.on('error', () => {})
  const answers: string[] = []
  tls.on('data', (chunk: Buffer) => answers.push(chunk.toString()))
  const done = new Promise((resolve) => tls.once('close', resolve))
  tls.once('secureConnect', () => tls.write('QUIT\r\n'))
  await done
  expect(answers.join('')).toMatch(/^(221 [^\r\n]*\r\n)?$/)
})

test('who only makes errors is let go', async () => {
  const client = await openSubmitting(kep, 'tls', 'login')
  for (let wrong = 0; wrong < 25; wrong++) client.send(`MAIL FROM:<${RECIPIENT}>\r\n`)
  const heard = await client.until('421 ')
  expect(heard.length).toBeLessThanOrEqual(21)
  await client.gone
})

test('unknown commands alone do not keep a session for ever', async () => {
  const client = await openSubmitting(kep, 'tls', 'login')
  client.send('NIL\r\n'.repeat(100))
  const heard = await client.until('421 ')
  expect(heard.length).toBeLessThanOrEqual(30)
  await client.gone
})

describe.each(['tls', 'starttls'] as const)('DATA over %s that breaks off', (security) => {
  test.each([
    ['a reset in the middle', 0.5, 'destroy'],
    ['an end in the middle', 0.5, 'end'],
    ['an end after the last line, before the dot', 1, 'end'],
    ['a reset after the last line, before the dot', 1, 'destroy'],
  ] as const)('%s: nothing is stored and nothing evidenced', async (_, share, how) => {
    const before = await archived(kep)
    const refused = await kep.metric('openkep_submissions_refused_total')
    const accepted = await kep.metric('openkep_submissions_accepted_total')
    const message = await signedMessage(
      pki().user.signer,
      Buffer.from(`Content-Type: text/plain\r\n\r\n${'x'.repeat(70)}\r\n`.repeat(2000)),
    )
    const client = await openSubmitting(kep, security)
    client.sendOctets(message.subarray(0, message.length * share))
    await eventually(
      async () => ((await halfReceived(kep)).length > 0 ? true : undefined),
      'the first octets',
    )
    client.socket[how]()
    await client.gone
    await eventually(async () => ((await halfReceived(kep)).length === 0 ? true : undefined), 'the clearing')
    expect(await kep.metric('openkep_submissions_accepted_total')).toBe(accepted)
    expect(await kep.metric('openkep_submissions_refused_total')).toBe(refused)
    expect((await archived(kep)).filter(({ told }) => told.outcome === 'submission-rejection')).toEqual(
      before.filter(({ told }) => told.outcome === 'submission-rejection'),
    )
  })
})
