/** Logging in by an access token. [RFC 7628 §3] */
import { connect as connectPlain } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { ACCOUNT, connectTo, type ImapUnderTest, OTHER, startImap } from '../../fakes/imap-server.ts'
import { movedClock } from '../../fakes/moved-clock.ts'
import { ISSUER, type TokenIssuer, tokenIssuer } from '../../fakes/token-issuer.ts'

const clock = movedClock()
let under: ImapUnderTest
let issuer: TokenIssuer
beforeAll(async () => {
  issuer = await tokenIssuer({ clock })
  under = await startImap({ clock, sasl: { tokens: issuer.judge } })
})
afterAll(() => under[Symbol.asyncDispose]())

const said = (token: string, name = ''): string =>
  Buffer.from(`n,${name === '' ? '' : `a=${name}`},\x01auth=Bearer ${token}\x01\x01`).toString('base64')
const logIn = async (initial: string): Promise<{ client: LineClient; answer: string }> => {
  const client = new LineClient(connectTo(under))
  await client.line()
  client.send(`a AUTHENTICATE OAUTHBEARER ${initial}\r\n`)
  let answer = (await client.line()) ?? ''
  if (answer.startsWith('+ ')) {
    expect(JSON.parse(Buffer.from(answer.slice(2), 'base64').toString())).toEqual({
      status: 'invalid_token',
      'openid-configuration': `${ISSUER}/.well-known/openid-configuration`,
    })
    client.send('AQ==\r\n')
    answer = (await client.line()) ?? ''
  }
  return { client, answer }
}

test.each<[string, (token: string) => string]>([
  ['whom the token names', (token) => said(token)],
  ['who is named beside it, the same', (token) => said(token, ACCOUNT)],
  ['with the handle', (token) => said(token, `${ACCOUNT}/ayse`)],
])('%s', async (_, initial) => {
  const { client, answer } = await logIn(initial(await issuer.token(ACCOUNT)))
  expect(answer).toMatch(/^a OK \[CAPABILITY /)
  expect((await client.command('b', 'SELECT INBOX')).at(-1)).toMatch(/^b OK/)
  client.end()
})

test.each<[string, () => Promise<string>]>([
  ['a token of another account', async () => said(await issuer.token(OTHER), ACCOUNT)],
  ['another person of the account', async () => said(await issuer.token(ACCOUNT), `${ACCOUNT}/veli`)],
  ['a token that names no account', async () => said(await issuer.token('kimse@hs98.kep.tr'))],
  ['a token of somebody else', async () => said(await (await tokenIssuer()).token(ACCOUNT))],
])('%s is refused, and told why', async (_, initial) => {
  const { client, answer } = await logIn(await initial())
  expect(answer).toMatch(/^a NO \[AUTHENTICATIONFAILED\]/)
  client.end()
})

test('a token of twelve thousand octets fits', async () => {
  const { client, answer } = await logIn(said(await issuer.token(ACCOUNT, { groups: 'x'.repeat(8_000) })))
  expect(answer).toMatch(/^a OK/)
  client.end()
})

test('the session ends when the token runs out, and not before', async () => {
  const { client } = await logIn(said(await issuer.token(ACCOUNT)))
  clock.elapse(600_000)
  expect((await client.command('b', 'NOOP')).at(-1)).toMatch(/^b OK/)
  clock.elapse(60_000)
  client.send('c NOOP\r\n')
  expect(await client.line()).toMatch(/^\* BYE /)
  expect(await client.line()).toBeUndefined()
})

test('a person who is not active any more', async () => {
  const { client } = await logIn(said(await issuer.token(OTHER)))
  await under.changeAccount(OTHER, (account) => ({
    ...account,
    persons: account.persons.map((person) => ({ ...person, active: false })),
  }))
  client.send('b NOOP\r\n')
  expect(await client.line()).toMatch(/^\* BYE /)
})

test('offered where it is configured, after TLS; given up, and what is no message', async () => {
  const client = new LineClient(connectTo(under))
  await runDialogue(
    client,
    `
    S: * OK [CAPABILITY * AUTH=OAUTHBEARER AUTH=PLAIN] *
    C: a AUTHENTICATE OAUTHBEARER
    S: +*
    C: *
    S: a BAD *
    C: b AUTHENTICATE OAUTHBEARER =
    S: b BAD *
    `,
  )
  client.end()
  const plain = new LineClient(connectPlain({ host: '127.0.0.1', port: under.plainPort }))
  expect(await plain.line()).not.toContain('AUTH=')
  plain.end()
  await using without = await startImap()
  const other = new LineClient(connectTo(without))
  expect(await other.line()).not.toContain('OAUTHBEARER')
  expect((await other.command('a', `AUTHENTICATE OAUTHBEARER ${said('x')}`)).at(-1)).toMatch(
    /^a NO \[CANNOT\]/,
  )
  other.end()
})
