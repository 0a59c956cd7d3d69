/** Guesses from many addresses at once: what they cost is bounded by the line, not by the guessers. Counted, never timed. */
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { expect, test } from 'vitest'
import { Events } from '../../server/ops/events.ts'
import { LineClient } from '../fakes/dialogue.ts'
import { PASSWORD, RECIPIENT, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'

const any = { port: 0, host: ['127.0.0.1'] }
const listen = { submissions: any, submission: any, peer: any, imaps: any, imap: any, http: any }
/** Over SMTP and IMAP, half each. */
const AT_ONE_ACCOUNT = 200
const AT_UNKNOWN_NAMES = 60
/** The line, and what is hashed while its guesses still come in. */
const HASHED_AT_MOST = 160
/** While one who is next logs in; behind the line it would be a hundred. */
const IN_BETWEEN = 16

/** The filter that operators are given for fail2ban. */
const failregex = new RegExp(
  /^failregex = (.*)$/m
    .exec(readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8'))?.[1]
    ?.replace('<HOST>', '(203[.]0[.]11[34][.][0-9]+)') ?? '^$',
)

interface Client {
  readonly service: 'smtp' | 'imap'
  /** Sends a login and answers with the line that tells how it ended. */
  logIn(user: string, password: string): Promise<string>
  end(): void
}

/** A client behind the balancer, greeted and ready to log in. */
async function clientAt(kep: TestProvider, ip: string, service: Client['service']): Promise<Client> {
  const port = kep.provider.ports[service === 'smtp' ? 'submissions' : 'imaps']
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.write(`PROXY TCP4 ${ip} 127.0.0.1 49152 465\r\n`)
  const client = new LineClient(connectTls({ socket, ca: kep.ca, servername: 'localhost' }))
  await client.line()
  if (service === 'smtp') {
    client.send('EHLO istemci.example\r\n')
    await client.until('250 ')
  }
  return {
    service,
    logIn: async (user, password) => {
      const plain = Buffer.from(`\0${user}\0${password}`).toString('base64')
      if (service === 'imap') return (await client.command('a', `AUTHENTICATE PLAIN ${plain}`)).at(-1) ?? ''
      client.send(`AUTH PLAIN ${plain}\r\n`)
      return (await client.line()) ?? ''
    },
    end: () => client.end(),
  }
}

test('a flood of wrong passwords from many addresses: bounded hashing, and honest users log in meanwhile', async () => {
  const log: string[] = []
  const events = new Events('warn', { write: (line) => log.push(line) })
  await using kep = await startProvider({
    config: { listen: { ...listen, balancers: ['127.0.0.1'] } },
    given: { events },
    dearPasswords: true,
  })
  const hashes = () => kep.metric('openkep_password_hashes_total')
  const serviceOf = (i: number) => (i % 2 === 0 ? 'smtp' : 'imap')
  const known = await clientAt(kep, '198.51.100.7', 'imap')
  expect(await known.logIn(RECIPIENT, PASSWORD)).toMatch(/^a OK/)
  const comesBack = await clientAt(kep, '198.51.100.7', 'smtp')
  const victim = await clientAt(kep, '198.51.100.8', 'imap')
  expect(await victim.logIn(SENDER, PASSWORD)).toMatch(/^a OK/)
  const victimAgain = await clientAt(kep, '198.51.100.8', 'smtp')
  const stranger = await clientAt(kep, '198.51.100.9', 'imap')

  const guessers = await Promise.all(
    Array.from({ length: AT_ONE_ACCOUNT + AT_UNKNOWN_NAMES }, (_, i) =>
      clientAt(kep, `203.0.${113 + Math.floor(i / 200)}.${1 + (i % 200)}`, serviceOf(i)),
    ),
  )
  const before = await hashes()
  const guesses = guessers.map((client, i) =>
    client.logIn(i < AT_ONE_ACCOUNT ? SENDER : `kimse${i}@hs98.kep.tr`, `tahmin ${i}`),
  )
  await Promise.any(guesses) // the line is full: the first is told to come back, or was judged

  // Known from here: next, whatever waits. One is in hand, and some end before a busy process hears of it.
  for (const [client, user] of [
    [comesBack, RECIPIENT],
    [victimAgain, SENDER],
  ] as const) {
    const from = await hashes()
    expect(await client.logIn(user, PASSWORD)).toMatch(/^235 /)
    expect((await hashes()) - from).toBeLessThanOrEqual(IN_BETWEEN)
  }
  // Never seen before: guesses at another name make room, and names take turns.
  const from = await hashes()
  expect(await stranger.logIn(RECIPIENT, PASSWORD)).toMatch(/^a OK/)
  expect((await hashes()) - from).toBeLessThanOrEqual(AT_UNKNOWN_NAMES + 10)

  const answers = await Promise.all(guesses)
  const wrong = answers.filter((answer) => /^(535 5\.7\.8 |a NO \[AUTHENTICATIONFAILED\])/.test(answer))
  const delayed = answers.filter((answer) => /^(454 4\.7\.0 |a NO \[UNAVAILABLE\])/.test(answer))
  expect(wrong.length + delayed.length).toBe(guessers.length)
  expect((await hashes()) - before).toBe(wrong.length + 3)
  expect(wrong.length).toBeLessThanOrEqual(HASHED_AT_MOST)
  expect(await kep.metric('openkep_logins_total', { result: 'wrong' })).toBe(wrong.length)
  expect(await kep.metric('openkep_logins_total', { result: 'delayed' })).toBe(delayed.length)
  expect(log.filter((line) => failregex.test(line.trimEnd()))).toHaveLength(wrong.length)
  for (const service of ['454', 'a NO']) expect(delayed.some((one) => one.startsWith(service))).toBe(true)
  for (const client of [...guessers, known, comesBack, victim, victimAgain, stranger]) client.end()
})
