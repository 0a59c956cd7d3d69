/** Logging in by certificate, on the listeners that are for it. [RFC 4422 §A] */
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { privateKeyPem } from '../../evidence/keys/generate.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import { LineClient } from '../fakes/dialogue.ts'
import { operate } from '../fakes/operator.ts'
import { type Holder, pki } from '../fakes/pki.ts'
import { PASSWORD, RECIPIENT, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'

const any = { port: 0, host: ['127.0.0.1'] }
const listen = { submissions: any, submission: any, peer: any, imaps: any, imap: any, http: any }
let kep: TestProvider
let known: Holder
let stranger: Holder
let past: Holder
const HANDLE = SENDER.split('@')[0]!
const pem = ({ certificate }: Holder): string => toPem('CERTIFICATE', certificate.der)
beforeAll(async () => {
  kep = await startProvider({
    config: { listen: { ...listen, submissionsExternal: any, imapsExternal: any } },
  })
  const profile = { kind: 'tls', dns: ['cihaz.example'], ip: [] } as const
  known = pki().issue(profile)
  stranger = pki().issue(profile)
  past = pki().issue(profile, { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') })
  await operate(kep, 'person certificate-add', { address: SENDER, handle: HANDLE, certificate: pem(known) })
})
afterAll(() => kep[Symbol.asyncDispose]())

const client = (port: number | undefined, holder?: Holder): LineClient =>
  new LineClient(
    connect({
      port: port ?? 0,
      host: '127.0.0.1',
      ca: kep.ca,
      servername: 'localhost',
      ...(holder && { key: privateKeyPem(holder.key), cert: pem(holder) }),
    }).on('error', () => {}),
  )
/** An empty answer is written so. [RFC 4954 §4] */
const base64 = (text: string): string => (text === '' ? '=' : Buffer.from(text).toString('base64'))
const imap = async (holder: Holder | undefined, name: string): Promise<string | undefined> => {
  const session = client(kep.provider.ports.imapsExternal, holder)
  expect(await session.line()).toMatch(/AUTH=EXTERNAL LOGINDISABLED/)
  const answer = (await session.command('a', `AUTHENTICATE EXTERNAL ${base64(name)}`)).at(-1)
  session.end()
  return answer?.slice(0, 4)
}
const smtp = async (holder: Holder | undefined, name: string): Promise<string | undefined> => {
  const session = client(kep.provider.ports.submissionsExternal, holder)
  await session.line()
  session.send('EHLO cihaz\r\n')
  expect((await session.until('250 ')).join()).toMatch(/AUTH EXTERNAL/)
  session.send(`AUTH EXTERNAL ${base64(name)}\r\n`)
  const answer = await session.line()
  session.end()
  return answer?.slice(0, 3)
}

describe.each([
  ['IMAP', imap, 'a OK', 'a NO'],
  ['SMTP', smtp, '235', '535'],
] as const)('%s', (_, logIn, good, bad) => {
  test('the person whose certificate it is', async () => {
    expect(await logIn(known, SENDER)).toBe(good)
    expect(await logIn(known, `${SENDER}/${HANDLE}`)).toBe(good)
    const last = (await kep.provider.eventLog.list({ account: SENDER, person: HANDLE }, 0, 500)).at(-1)
    expect(last).toMatchObject({ what: 'login', details: { method: 'certificate' } })
  })

  test.each<[string, () => Holder | undefined, string]>([
    ['a certificate of the same CA that was not registered', () => stranger, SENDER],
    ['none', () => undefined, SENDER],
    ['the account of somebody else', () => known, RECIPIENT],
    ['a person that there is not', () => known, `${SENDER}/kimse`],
    ['no account', () => known, ''],
  ])('%s is refused', async (_, holder, name) => {
    expect(await logIn(holder(), name)).toBe(bad)
  })
})

test('one that was registered and is out of date', async () => {
  const { directory } = kep.provider
  await directory.change(SENDER, (account) => ({
    ...account,
    persons: account.persons.map((person) => ({
      ...person,
      loginCertificates: [...(person.loginCertificates ?? []), past.certificate.fingerprint],
    })),
  }))
  expect(await imap(past, SENDER)).toBe('a NO')
})

test('a password opens nothing here, and a certificate nothing elsewhere', async () => {
  const here = client(kep.provider.ports.imapsExternal, known)
  await here.line()
  expect((await here.command('a', `LOGIN ${SENDER} "${PASSWORD}"`)).at(-1)).toMatch(/^a (?:NO|BAD)/)
  expect(
    (await here.command('b', `AUTHENTICATE PLAIN ${base64(`\0${SENDER}\0${PASSWORD}`)}`)).at(-1),
  ).toMatch(/^b NO/)
  here.end()
  const elsewhere = client(kep.provider.ports.imaps, known)
  await elsewhere.line()
  expect((await elsewhere.command('a', `AUTHENTICATE EXTERNAL ${base64(SENDER)}`)).at(-1)).toMatch(/^a NO/)
  elsewhere.end()
  const submission = client(kep.provider.ports.submissions, known)
  await submission.line()
  submission.send(`EHLO x\r\nAUTH EXTERNAL ${base64(SENDER)}\r\n`)
  expect((await submission.until('504')).at(-1)).toMatch(/^504/)
  submission.end()
})

test('SMTP: an answer on its own line, given up, and one that is too long', async () => {
  const session = client(kep.provider.ports.submissionsExternal, known)
  await session.line()
  session.send('EHLO cihaz\r\n')
  await session.until('250 ')
  session.send('AUTH EXTERNAL\r\n')
  expect(await session.line()).toMatch(/^334/)
  session.send('*\r\n')
  expect(await session.line()).toMatch(/^501/)
  session.send(`AUTH EXTERNAL ${base64('x'.repeat(600))}\r\n`)
  expect(await session.line()).toMatch(/^501/)
  session.send('AUTH EXTERNAL\r\n')
  await session.line()
  session.send(`${base64(SENDER)}\r\n`)
  expect(await session.line()).toMatch(/^235/)
  session.end()
})

test.each<[string, () => string]>([
  ['that signs', () => pem(pki().qualifiedUser)],
  ['that is out of date', () => pem(past)],
  ['that is none', () => 'junk'],
  ['two at once', () => pem(known) + pem(stranger)],
])('a certificate %s is not registered', async (_, certificate) => {
  const registered = operate(kep, 'person certificate-add', {
    address: SENDER,
    handle: HANDLE,
    certificate: certificate(),
  })
  await expect(registered).rejects.toMatchObject({ code: 'BAD_ARGUMENTS' })
})

test('IMAP: a name on its own line, one that is none, and one that is not base64', async () => {
  const session = client(kep.provider.ports.imapsExternal, known)
  await session.line()
  session.send('a AUTHENTICATE EXTERNAL\r\n')
  expect(await session.line()).toBe('+ ')
  expect((await session.command('a', '').catch(() => ['']))[0]).toMatch(/^a BAD/)
  for (const name of [`${SENDER}\0`, 'x'.repeat(400), '\r\n'])
    expect((await session.command('b', `AUTHENTICATE EXTERNAL ${base64(name)}`)).at(-1)).toMatch(/^b BAD/)
  session.end()
})

test('what is taken back opens nothing, and ends what it opened', async () => {
  const session = client(kep.provider.ports.imapsExternal, known)
  await session.line()
  expect((await session.command('a', `AUTHENTICATE EXTERNAL ${base64(SENDER)}`)).at(-1)).toMatch(/^a OK/)
  const { fingerprint } = known.certificate
  await operate(kep, 'person certificate-remove', { address: SENDER, handle: HANDLE, fingerprint })
  expect(await imap(known, SENDER)).toBe('a NO')
  session.send('b NOOP\r\n')
  expect(await session.line()).toMatch(/^\* BYE /)
})
