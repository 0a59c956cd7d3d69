import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { PERMISSIONS } from '../../../mail/account.ts'
import { type LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { eventually } from '../../fakes/eventually.ts'
import { ACCOUNT, type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

/** So large that it is staged in a file. */
const LARGE = 70_000

let under: ImapUnderTest
let client: LineClient
let kutu = 0
beforeAll(async () => {
  under = await startImap({ limits: { appendMax: 200_000 } })
})
afterAll(() => under[Symbol.asyncDispose]())
beforeEach(async () => {
  client = await loggedIn(under)
  await client.command('c', `CREATE kutu${++kutu}`)
})
afterEach(async () => {
  client.end()
  await allow({ quota: 1e9 })
  // Whatever became of a command: what was not put into a mailbox is not there any more.
  await stagedAre(0)
})

const staged = () => readdir(join(under.folder, 'blobs', 'incoming'))
const stagedAre = (count: number) =>
  eventually(async () => ((await staged()).length === count ? true : undefined), `${count} staged`)
const allow = (change: object) => under.changeAccount(ACCOUNT, (document) => ({ ...document, ...change }))
const large = `Subject: x\r\n\r\n${'a'.repeat(LARGE)}`
const dialogue = (script: string) =>
  runDialogue(client, script, { kutu: `kutu${kutu}`, large: String(large.length) })
const exists = async (name = `kutu${kutu}`) => {
  const row = await under.store.mailboxes.byName(ACCOUNT, name)
  return (await under.store.mailboxes.head(row?.id ?? ''))?.exists
}
/** Begins an APPEND with a large message; the text of its next line is to come. */
async function begun(tag: string): Promise<void> {
  client.send(`${tag} APPEND kutu${kutu} {${large.length}}\r\n`)
  expect(await client.line()).toMatch(/^\+/)
  client.send(large)
}

describe('MULTIAPPEND [RFC 3502]', () => {
  test('several messages with their own flags and dates; UIDs come in their order', () =>
    dialogue(`
      C: a0 CAPABILITY
      S: * CAPABILITY * MULTIAPPEND *
      S: a0 OK *
      C: a1 SELECT {{kutu}}
      S: ...
      S: a1 OK *
      C: a2 APPEND {{kutu}} (\\Seen) {3}
      S: + OK
      C: a:b (\\Flagged $x) " 1-Jan-2026 12:00:00 +0300" {3}
      S: + OK
      C: c:d {3+}
      C: e:f
      S: * 3 EXISTS
      S: a2 OK [APPENDUID * 1:3] *
      C: a3 FETCH 1:3 (FLAGS BODY.PEEK[])
      S: * 1 FETCH (FLAGS (\\Seen) BODY[] {3}
      S: a:b)
      S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $x)
      S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $x \\*)] *
      S: * 2 FETCH (FLAGS (\\Flagged $x) BODY[] {3}
      S: c:d)
      S: * 3 FETCH (FLAGS () BODY[] {3}
      S: e:f)
      S: a3 OK *
      C: a4 FETCH 2 INTERNALDATE
      S: * 2 FETCH (INTERNALDATE " 1-Jan-2026 12:00:00 +0300")
      S: a4 OK *
      `))

  test('what follows the first and cannot be read refuses all, and the next command is the next command', () =>
    dialogue(`
      C: a1 APPEND {{kutu}} {3+}
      C: a:b{3+}
      C: c:d
      S: a1 BAD *
      C: a2 APPEND {{kutu}} {3+}
      C: a:b (\\Nonsense) {3}
      S: a2 BAD *
      C: a3 APPEND {{kutu}} {3+}
      C: a:b (x) {3+}
      C: c:d more {5+}
      C: a9 NO {4+}
      C: OOP
      S: a3 BAD *
      C: a4 APPEND {{kutu}} {3+}
      C: a:b (x) (y) {3}
      S: a4 BAD *
      C: a5 APPEND {{kutu}} {3+}
      C: a:b x
      S: a5 BAD *
      C: a6 STATUS {{kutu}} (MESSAGES)
      S: * STATUS * (MESSAGES 0)
      S: a6 OK *
      `))

  test('an empty message takes all of them back', () =>
    dialogue(`
      C: a1 APPEND {{kutu}} {3+}
      C: a:b {0}
      S: a1 NO *
      C: a2 APPEND {{kutu}} {3+}
      C: a:b {0+}
      C: x
      S: a2 NO *
      C: a3 STATUS {{kutu}} (MESSAGES)
      S: * STATUS * (MESSAGES 0)
      S: a3 OK *
      `))

  test.each([
    ['too large', '{200001}', /^a NO \[TOOBIG\]/],
    ['empty', '{0}', /^a NO /],
    ['without a flag that there is', '(\\Nonsense) {3}', /^a BAD/],
    ['no literal', 'NIL', /^a BAD/],
  ])('a second one that is %s leaves nothing of the first', async (_, second, answer) => {
    await begun('a')
    await stagedAre(1)
    client.send(` ${second}\r\n`)
    expect(await client.line()).toMatch(answer)
    expect(await exists()).toBe(0)
  })

  test('the quota is asked for the sum', async () => {
    const used = await under.store.mailboxes.list(ACCOUNT)
    const heads = await Promise.all(used.map(({ id }) => under.store.mailboxes.head(id)))
    const bytes = heads.reduce((sum, head) => sum + (head?.bytes ?? 0), 0)
    await allow({ quota: bytes + large.length + 5 })
    await begun('a')
    client.send(' {6}\r\n')
    expect(await client.line()).toMatch(/^a NO \[OVERQUOTA\]/)
    expect(await exists()).toBe(0)
    await begun('b')
    client.send(' {5}\r\n')
    expect(await client.line()).toMatch(/^\+/)
    client.send('abcde\r\n')
    expect(await client.line()).toMatch(/^b OK \[APPENDUID \d+ 1:2\]/)
  })

  const permit = (all: readonly string[]) =>
    under.changeAccount(ACCOUNT, (document) => ({
      ...document,
      persons: document.persons.map((person) => ({ ...person, permissions: [...all] })),
    }))

  test('\\Deleted takes the right to delete; without it the message comes without the flag [RFC 4314 §4]', async () => {
    await permit(PERMISSIONS.filter((permission) => permission !== 'delete'))
    await dialogue(`
      C: a1 APPEND {{kutu}} (\\Seen) {3+}
      C: a:b (\\Deleted \\Flagged) {3+}
      C: a:b
      S: a1 OK *
      C: a2 EXAMINE {{kutu}}
      S: ...
      S: a2 OK *
      C: a3 FETCH 1:2 FLAGS
      S: * 1 FETCH (FLAGS (\\Recent \\Seen))
      S: * 2 FETCH (FLAGS (\\Recent \\Flagged))
      S: a3 OK *
      `)
    await permit(PERMISSIONS)
  })

  test.each([
    ['the account is closed', () => allow({ state: 'closed' }), () => allow({ state: 'active' })],
    ['the permission is taken back', () => permit(['read']), () => permit(PERMISSIONS)],
  ])('nothing is appended where %s while its octets come', async (_, take, giveBack) => {
    await begun('a')
    await take()
    client.send('\r\n')
    expect(await client.line()).toMatch(/^a NO \[NOPERM\]/)
    await giveBack()
    expect(await exists()).toBe(0)
  })

  test.each([
    ['in the second message', ' {100000}\r\n', 'x'.repeat(70_000)],
    ['between two of them', ' {100', ''],
    ['before the end of the command', '', ''],
  ])('a client that goes away %s leaves nothing', async (_, line, half) => {
    await begun('a')
    client.send(line)
    if (half !== '') {
      expect(await client.line()).toMatch(/^\+/)
      client.send(half)
    }
    await stagedAre(half === '' ? 1 : 2)
    client.end()
    await stagedAre(0)
    expect(await exists()).toBe(0)
  })

  test('more than a hundred messages are too many for one command', async () => {
    const send = async (tag: string, count: number) => {
      client.send(`${tag} APPEND kutu${kutu}${' {3+}\r\na:b'.repeat(count)}\r\n`)
      return (await client.until(`${tag} `)).at(-1)
    }
    expect(await send('a', 101)).toMatch(/^a NO \[LIMIT\]/)
    expect(await exists()).toBe(0)
    expect(await send('b', 100)).toMatch(/^b OK \[APPENDUID \d+ 1:100\]/)
    expect((await client.command('n', 'NOOP')).at(-1)).toBe('n OK NOOP done')
  })

  test('two copies of what was sent are one: both have its UID', async () => {
    const name = '"Giden Kutusu"'
    const sent = 'Message-ID: <m@x>\r\n\r\nbir\r\n'
    client.send(`a APPEND ${name} {${sent.length}+}\r\n${sent} {3+}\r\na:b {${sent.length}+}\r\n${sent}\r\n`)
    expect((await client.until('a ')).at(-1)).toMatch(/^a OK \[APPENDUID \d+ 1:2,1\]/)
    expect(await exists('Giden Kutusu')).toBe(2)
  })
})
