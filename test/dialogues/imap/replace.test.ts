import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { PERMISSIONS } from '../../../mail/account.ts'
import { type LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { ACCOUNT, deliveredAt, type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

let under: ImapUnderTest
let client: LineClient
let box = ''
let count = 0
beforeAll(async () => {
  under = await startImap({ limits: { appendMax: 100_000 } })
})
afterAll(() => under[Symbol.asyncDispose]())
/** A mailbox of three drafts. */
beforeEach(async () => {
  client = await loggedIn(under)
  box = `taslak${++count}`
  await client.command('c', `CREATE ${box}`)
  await client.command('p', `APPEND ${box} {3+}\r\na:1 (\\Deleted) {3+}\r\na:2 {3+}\r\na:3`)
})
afterEach(async () => {
  client.end()
  await permit(PERMISSIONS)
  await allow({ quota: 1e9 })
})

const allow = (change: object) => under.changeAccount(ACCOUNT, (document) => ({ ...document, ...change }))
const permit = (permissions: readonly string[]) =>
  under.changeAccount(ACCOUNT, (document) => ({
    ...document,
    persons: document.persons.map((person) => ({ ...person, permissions: [...permissions] })),
  }))
const dialogue = (script: string) => runDialogue(client, script, { box })
const uidsOf = async (name: string) => {
  const row = await under.store.mailboxes.byName(ACCOUNT, name)
  return [...(await under.store.mailboxes.uids(row?.id ?? ''))]
}

describe('REPLACE [RFC 8508]', () => {
  test('§3.2: by number and by UID; what came is named before what went, and nothing else goes', () =>
    dialogue(`
      C: a0 CAPABILITY
      S: * CAPABILITY * REPLACE *
      S: a0 OK *
      C: a1 SELECT {{box}}
      S: ...
      S: a1 OK *
      C: a2 REPLACE 1 {{box}} (\\Seen \\Draft) {3}
      S: + OK
      C: b:1
      S: * OK [APPENDUID * 4] *
      S: * 1 EXPUNGE
      S: * 3 EXISTS
      S: a2 OK REPLACE *
      C: a3 UID REPLACE 4 {{box}} " 1-Jan-2026 12:00:00 +0300" {3+}
      C: c:1
      S: * OK [APPENDUID * 5] *
      S: * 3 EXPUNGE
      S: * 3 EXISTS
      S: a3 OK *
      C: a4 FETCH 1:* (UID FLAGS BODY.PEEK[])
      S: * 1 FETCH (UID 2 FLAGS (\\Deleted) BODY[] {3}
      S: a:2)
      S: * 2 FETCH (UID 3 FLAGS () BODY[] {3}
      S: a:3)
      S: * 3 FETCH (UID 5 FLAGS () BODY[] {3}
      S: c:1)
      S: a4 OK *
      `))

  test('§3.4: into another mailbox', async () => {
    await dialogue(`
      C: a1 SELECT {{box}}
      S: ...
      S: a1 OK *
      C: a2 REPLACE * "Giden Kutusu" {3+}
      C: g:1
      S: * OK [APPENDUID * *] *
      S: * 3 EXPUNGE
      S: a2 OK *
      `)
    expect(await uidsOf(box)).toEqual([1, 2])
    expect((await uidsOf('Giden Kutusu')).length).toBeGreaterThan(0)
  })

  test('§4.5: with QRESYNC what went has vanished, and with CONDSTORE the modseq is told', async () => {
    await dialogue(`
      C: e1 ENABLE QRESYNC
      S: ...
      S: e1 OK *
      C: a1 SELECT {{box}}
      S: ...
      S: a1 OK *
      C: a2 UID REPLACE 2 {{box}} {3+}
      C: b:2
      S: * OK [APPENDUID * 4] *
      S: * VANISHED 2
      S: * 3 EXISTS
      S: a2 OK [HIGHESTMODSEQ *] *
      `)
    const row = await under.store.mailboxes.byName(ACCOUNT, box)
    const { modseq } = (await under.store.mailboxes.head(row?.id ?? ''))!
    expect((await client.command('n', 'NOOP')).at(-1)).toBe('n OK NOOP done')
    const other = await loggedIn(under)
    await other.command('e', 'ENABLE QRESYNC')
    const answer = await other.command('s', `SELECT ${box} (QRESYNC (${row?.uidValidity} ${modseq - 1}))`)
    expect(answer.filter((line) => /VANISHED|FETCH/.test(line)).join('\n')).toMatch(
      /VANISHED \(EARLIER\) 2[\s\S]*UID 4/,
    )
    other.end()
  })

  test('RFC 9586: with UIDONLY by UID alone', () =>
    dialogue(`
      C: e1 ENABLE UIDONLY
      S: ...
      S: e1 OK *
      C: a1 SELECT {{box}}
      S: ...
      S: a1 OK *
      C: a2 REPLACE 1 {{box}} {3}
      S: a2 BAD [UIDREQUIRED] *
      C: a3 UID REPLACE 1 {{box}} {3+}
      C: b:1
      S: * OK [APPENDUID * 4] *
      S: * VANISHED 1
      S: ...
      S: a3 OK *
      `))

  test('what cannot be replaced or put there is refused before an octet travels', () =>
    dialogue(`
      C: a0 REPLACE 1 {{box}} {3}
      S: a0 BAD *
      C: a1 SELECT {{box}}
      S: ...
      S: a1 OK *
      C: a2 REPLACE 4 {{box}} {3}
      S: a2 NO [NONEXISTENT] *
      C: a3 UID REPLACE 9 {{box}} {3}
      S: a3 NO [NONEXISTENT] *
      C: a4 REPLACE 1 yok {3}
      S: a4 NO [TRYCREATE] *
      C: a5 REPLACE 1 INBOX {3}
      S: a5 NO [NOPERM] *
      C: a6 REPLACE 1 Deliller {3}
      S: a6 NO [NOPERM] *
      C: a7 REPLACE 1 {{box}} {100001}
      S: a7 NO [TOOBIG] *
      C: a8 REPLACE 1 {{box}} {0}
      S: a8 NO *
      C: a9 REPLACE 1:2 {{box}} {3+}
      C: x:y
      S: a9 BAD *
      C: b1 REPLACE 0 {{box}} {3+}
      C: x:y
      S: b1 BAD *
      C: b2 REPLACE 1 {{box}}
      S: b2 BAD *
      # One message takes the place of one. [RFC 8508 §4.7]
      C: b3 REPLACE 1 {{box}} {3+}
      C: x:y {3}
      S: b3 BAD *
      C: b4 EXAMINE {{box}}
      S: ...
      S: b4 OK *
      C: b5 REPLACE 1 {{box}} {3}
      S: b5 NO [NOPERM] *
      C: b6 STATUS {{box}} (MESSAGES UIDNEXT)
      S: * STATUS * (MESSAGES 3 UIDNEXT 4)
      S: b6 OK *
      `))

  test.each(['write', 'delete'])('§4.1: without the right to %s nothing is replaced', async (missing) => {
    await permit(PERMISSIONS.filter((permission) => permission !== missing))
    await dialogue(`
      C: a1 SELECT {{box}}
      S: ...
      S: a1 OK *
      C: a2 REPLACE 1 {{box}} {3}
      S: a2 NO [NOPERM] *
      `)
    expect(await uidsOf(box)).toEqual([1, 2, 3])
  })

  test('a closed account keeps what it has', async () => {
    await client.command('s', `SELECT ${box}`)
    await allow({ state: 'closed' })
    expect((await client.command('r', `REPLACE 1 ${box} {3}`)).at(-1)).toMatch(/^r NO \[NOPERM\]/)
    await allow({ state: 'active' })
    expect(await uidsOf(box)).toEqual([1, 2, 3])
  })

  test('§3.4: only what it needs more counts against the quota', async () => {
    const draft = `Subject: x\r\n\r\n${'a'.repeat(1_000)}`
    await client.command('p', `APPEND ${box} {${draft.length}+}\r\n${draft}`)
    const boxes = await under.store.mailboxes.list(ACCOUNT)
    const heads = await Promise.all(boxes.map(({ id }) => under.store.mailboxes.head(id)))
    await allow({ quota: heads.reduce((sum, head) => sum + (head?.bytes ?? 0), 0) + 10 })
    await client.command('s', `SELECT ${box}`)
    expect((await client.command('a', `APPEND ${box} {11}`)).at(-1)).toMatch(/^a NO \[OVERQUOTA\]/)
    expect((await client.command('b', `REPLACE 4 ${box} {${draft.length + 11}}`)).at(-1)).toMatch(
      /^b NO \[OVERQUOTA\]/,
    )
    client.send(`c REPLACE 4 ${box} {${draft.length + 10}}\r\n`)
    expect(await client.line()).toMatch(/^\+/)
    client.send(`${draft}0123456789\r\n`)
    expect((await client.until('c ')).at(-1)).toMatch(/^c OK/)
  })

  test('of two that replace one draft, one does, and the other loses nothing', async () => {
    const other = await loggedIn(under)
    for (const one of [client, other]) {
      await one.command('s', `SELECT ${box}`)
      one.send(`r REPLACE 1 ${box} {3}\r\n`)
      expect(await one.line()).toMatch(/^\+/)
    }
    client.send('b:1\r\n')
    expect((await client.until('r ')).at(-1)).toMatch(/^r OK/)
    other.send('c:1\r\n')
    expect((await other.until('r ')).at(-1)).toMatch(/^r NO \[EXPUNGEISSUED\]/)
    expect(await uidsOf(box)).toEqual([2, 3, 4])
    other.end()
  })

  test('who did it is recorded, as for EXPUNGE; a delivery that was not read stays unread', async () => {
    const { uid } = await under.deliver(
      'INBOX',
      Buffer.from('Subject: t\r\n\r\ngizli\r\n'),
      deliveredAt(14, 21),
    )
    const from = (await under.store.chain.head('events'))?.seq ?? 0
    await client.command('s', 'SELECT INBOX')
    client.send(`r UID REPLACE ${uid} ${box} {3+}\r\nx:y\r\n`)
    expect((await client.until('r ')).at(-1)).toMatch(/^r OK/)
    const recorded = (await under.store.chain.read('events', from + 1, 10)).map(({ bytes }) =>
      JSON.parse(Buffer.from(bytes).toString()),
    )
    expect(recorded.map(({ what, details }) => [what, details])).toEqual([
      ['mail deleted', { mailbox: 'INBOX', uids: String(uid), messages: ['intake-1/1'] }],
    ])
    expect(under.retrievals.reads).toEqual([])
  })
})
