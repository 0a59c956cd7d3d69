import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../fakes/eventually.ts'
import { signedMessage } from '../fakes/mail-client.ts'
import { archived } from '../fakes/mailboxes.ts'
import { pki } from '../fakes/pki.ts'
import { RECIPIENT, startProvider, type TestProvider } from '../fakes/provider.ts'
import { halfReceived, openRaw, openSubmitting, stillServes } from '../fakes/smtp-socket.ts'

let kep: TestProvider
beforeAll(async () => {
  kep = await startProvider({ config: { limits: { connectionsPerIp: 40, loginTime: '3 s' } } })
})
afterAll(() => kep[Symbol.asyncDispose]())
afterEach(() => stillServes(kep))

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
