/** Exchanges of SASL as an attack: without end, without sense, and again and again. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MAX_FAILED_LOGINS, MAX_LINE_BEFORE_LOGIN } from '../../server/imap/limits.ts'
import { LineClient } from '../fakes/dialogue.ts'
import { ACCOUNT, connectTo, type ImapUnderTest, startImap } from '../fakes/imap-server.ts'
import { clientFinal, clientFirst } from '../fakes/sasl-client.ts'
import { tokenIssuer } from '../fakes/token-issuer.ts'

let under: ImapUnderTest
beforeAll(async () => {
  under = await startImap({ sasl: { tokens: (await tokenIssuer()).judge } })
})
afterAll(() => under[Symbol.asyncDispose]())

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const greeted = async (): Promise<LineClient> => {
  const client = new LineClient(connectTo(under))
  await client.line()
  return client
}
const NAMES = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'OAUTHBEARER', 'PLAIN']

test.each(NAMES)('%s: an answer without end is cut off', async (name) => {
  const client = await greeted()
  client.send(`a AUTHENTICATE ${name}\r\n`)
  expect(await client.line()).toBe('+ ')
  client.send('A'.repeat(MAX_LINE_BEFORE_LOGIN + 1))
  expect(await client.line()).toMatch(/^\* BYE /)
  expect(await client.line()).toBeUndefined()
})

test.each(NAMES)('%s: an exchange ends within four answers, whatever is said', async (name) => {
  for (const said of ['', 'AAAA', base64('n,,n=x,r=x'), base64('n,,\x01auth=Bearer x\x01\x01'), 'AQ==']) {
    const client = await greeted()
    client.send(`a AUTHENTICATE ${name}\r\n`)
    let challenges = 0
    for (let line = await client.line(); line?.startsWith('+ ') === true; line = await client.line()) {
      challenges++
      client.send(`${said}\r\n`)
    }
    expect(challenges).toBeLessThanOrEqual(3)
    expect((await client.command('b', 'NOOP')).at(-1)).toMatch(/^b OK/)
    client.end()
  }
})

test('wrong proofs end the connection like wrong passwords', async () => {
  const client = await greeted()
  const who = { name: ACCOUNT, password: 'tahmin' }
  for (let i = 1; i <= MAX_FAILED_LOGINS; i++) {
    client.send(`a AUTHENTICATE SCRAM-SHA-256 ${base64(clientFirst(who))}\r\n`)
    const first = Buffer.from(((await client.line()) ?? '').slice(2), 'base64').toString()
    client.send(`${base64(clientFinal(who, first).final)}\r\n`)
    expect(await client.line()).toMatch(i < MAX_FAILED_LOGINS ? /^a NO \[AUTHENTICATIONFAILED\]/ : /^\* BYE /)
  }
  expect(await client.line()).toBeUndefined()
})

test.each(['__PROTO__', 'CONSTRUCTOR', 'TOSTRING', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'XOAUTH2'])(
  'there is no mechanism %s',
  async (name) => {
    const client = await greeted()
    expect((await client.command('a', `AUTHENTICATE ${name} =`)).at(-1)).toMatch(/^a NO \[CANNOT\]/)
    client.end()
  },
)
