import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { ACCOUNT, deliveredAt, type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

let under: ImapUnderTest
let client: LineClient
const validities: Record<string, string> = {}
beforeAll(async () => {
  under = await startImap()
  client = await loggedIn(under)
  for (const box of ['a', 'a/b', 'a/b/c', 'd', 'bos', 'çay']) {
    const name = box === 'çay' ? '&AOc-ay' : box
    expect((await client.command('c', `CREATE ${name}`)).at(-1)).toMatch(/^c OK/)
    if (box !== 'bos')
      for (const subject of ['bir', 'iki', 'uc']) await under.deliver(box, message(`${subject} ${box}`))
    const [status] = await client.command('s', `STATUS ${name} (UIDVALIDITY)`)
    validities[box.replaceAll('/', '_')] = /UIDVALIDITY (\d+)/.exec(status ?? '')?.[1] ?? ''
  }
  client.end()
})
afterAll(() => under[Symbol.asyncDispose]())
beforeEach(async () => {
  client = await loggedIn(under)
})
afterEach(() => client.end())

const message = (subject: string) =>
  Buffer.from(`From: Ali <ali@hs98.kep.tr>\r\nSubject: ${subject}\r\n\r\nmetin ${subject}\r\n`)

test('several mailboxes, each with its name and UIDs; those where nothing is found are passed over [RFC 7377 §2.1]', () =>
  runDialogue(
    client,
    `
    C: a1 ESEARCH IN (mailboxes (d bos yok) subtree a) SUBJECT iki
    S: * ESEARCH (TAG "a1" MAILBOX "a" UIDVALIDITY {{a}}) UID ALL 2
    S: * ESEARCH (TAG "a1" MAILBOX "a/b" UIDVALIDITY {{a_b}}) UID ALL 2
    S: * ESEARCH (TAG "a1" MAILBOX "a/b/c" UIDVALIDITY {{a_b_c}}) UID ALL 2
    S: * ESEARCH (TAG "a1" MAILBOX "d" UIDVALIDITY {{d}}) UID ALL 2
    S: a1 OK *
    C: a2 ESEARCH IN (subtree-one a mailboxes a) RETURN (MIN MAX COUNT) UID 2:* UNDELETED
    S: * ESEARCH (TAG "a2" MAILBOX "a" UIDVALIDITY {{a}}) UID MIN 2 MAX 3 COUNT 2
    S: * ESEARCH (TAG "a2" MAILBOX "a/b" UIDVALIDITY {{a_b}}) UID MIN 2 MAX 3 COUNT 2
    S: a2 OK *
    C: a3 ESEARCH IN (mailboxes (&AOc-ay "d")) RETURN (PARTIAL 2:9) SUBJECT d
    S: * ESEARCH (TAG "a3" MAILBOX "d" UIDVALIDITY {{d}}) UID PARTIAL (2:9 2:3)
    S: a3 OK *
    C: a4 ESEARCH IN (mailboxes &AOc-ay) CHARSET UTF-8 SUBJECT uc
    S: * ESEARCH (TAG "a4" MAILBOX "&AOc-ay" UIDVALIDITY {{çay}}) UID ALL 3
    S: a4 OK *
    C: a5 ESEARCH IN (mailboxes bos) ALL
    S: a5 OK *
    `.replace('{{çay}}', validities['çay'] ?? ''),
    validities,
  ))

test('what is subscribed, where mail arrives, and everything that is the account’s [RFC 7377 §2.2]', async () => {
  const found = async (source: string) =>
    (await client.command('s', `ESEARCH IN (${source}) RETURN (COUNT) ALL`))
      .slice(0, -1)
      .map((line) => /MAILBOX "([^"]+)"/.exec(line)?.[1])
  await under.deliver('INBOX', message('gelen'))
  expect(await found('inboxes')).toEqual(['INBOX'])
  expect(await found('subscribed')).toEqual(['INBOX'])
  await client.command('s', 'SUBSCRIBE d')
  expect((await found('subscribed')).sort()).toEqual(['INBOX', 'd'])
  expect((await found('personal')).sort()).toEqual(['&AOc-ay', 'INBOX', 'a', 'a/b', 'a/b/c', 'd'])
  expect((await found('subtree ""')).length).toBe(6)
  expect((await found('subtree-one ""')).sort()).toEqual(['&AOc-ay', 'INBOX', 'a', 'd'])
  expect((await found('subscribed mailboxes d inboxes')).sort()).toEqual(['INBOX', 'd'])
})

test('the selected mailbox is one of them, or the only one; nothing else is opened [RFC 7377 §2]', () =>
  runDialogue(
    client,
    `
    C: a0 ESEARCH ALL
    S: a0 BAD *
    C: a0 ESEARCH IN (selected personal) ALL
    S: a0 BAD *
    C: a0 ESEARCH IN (personal) RETURN (UPDATE) ALL
    S: a0 BAD *
    C: a1 EXAMINE d
    S: ...
    S: a1 OK *
    C: a2 ESEARCH RETURN (SAVE) 2:3
    S: a2 OK *
    C: a3 UID SEARCH RETURN (ALL) $
    S: * ESEARCH (TAG "a3") UID ALL 2:3
    S: a3 OK *
    C: a4 ESEARCH IN (selected mailboxes (d a)) SUBJECT bir
    S: * ESEARCH (TAG "a4" MAILBOX "d" UIDVALIDITY {{d}}) UID ALL 1
    S: * ESEARCH (TAG "a4" MAILBOX "a" UIDVALIDITY {{a}}) UID ALL 1
    S: a4 OK *
    C: a5 ESEARCH IN (mailboxes a) RETURN (ALL) MODSEQ 1 SUBJECT uc
    S: * OK [HIGHESTMODSEQ *
    S: * ESEARCH (TAG "a5" MAILBOX "a" UIDVALIDITY {{a}}) UID ALL 3 MODSEQ *
    S: a5 OK *
    `,
    validities,
  ))

test('what is recent stays so for who opens the mailbox [RFC 3501 §2.3.2]', async () => {
  await client.command('c', 'CREATE yeni')
  await under.deliver('yeni', message('x'))
  const recent = async () =>
    (await client.command('s', 'ESEARCH IN (mailboxes yeni) RETURN (COUNT) RECENT'))[0]
  expect(await recent()).toMatch(/COUNT 1$/)
  expect(await recent()).toMatch(/COUNT 1$/)
  expect(await client.command('s', 'SELECT yeni')).toContain('* 1 RECENT')
  expect(await recent()).toMatch(/^s OK/)
})

test('numbers, $ and SAVE belong to one mailbox; what cannot be read is BAD', () =>
  runDialogue(
    client,
    `
    C: a1 ESEARCH IN (mailboxes a) 1:2
    S: a1 BAD *
    C: a2 ESEARCH IN (selected personal) NOT (OR 1 ALL)
    S: a2 BAD *
    C: a3 ESEARCH IN (personal) $
    S: a3 BAD *
    C: a4 ESEARCH IN (personal) RETURN (SAVE) ALL
    S: a4 BAD *
    C: a5 ESEARCH IN () ALL
    S: a5 BAD *
    C: a6 ESEARCH IN (mailboxes) ALL
    S: a6 BAD *
    C: a7 ESEARCH IN (yerler) ALL
    S: a7 BAD *
    C: a8 ESEARCH IN (personal (depth 1)) ALL
    S: a8 BAD *
    C: a9 ESEARCH
    S: a9 BAD *
    C: b0 ESEARCH IN (selected-delayed) ALL
    S: b0 BAD *
    `,
  ))

test('words of a delivery that nobody has read are not found from outside either', async () => {
  const before = Buffer.from('From: a@hs98.kep.tr\r\nSubject: dis\r\n\r\n')
  const content = Buffer.from('gizli soz\r\n')
  const body = Buffer.concat([before, content])
  await client.command('c', 'CREATE teslim')
  const delivery = deliveredAt(before.length, body.length, 'intake-7')
  await under.deliver('teslim', body, delivery)
  const search = () => client.command('s', 'ESEARCH IN (subtree teslim) RETURN (COUNT) BODY gizli')
  expect(await search()).toEqual([expect.stringMatching(/^s OK/)])
  expect(under.retrievals.reads).toEqual([])
  under.retrievals.reads.push({ delivery: delivery.delivery, trigger: 'FETCH', client: '' })
  expect(await search()).toEqual([expect.stringMatching(/COUNT 1$/), expect.stringMatching(/^s OK/)])
})

test('who may not read finds nothing', async () => {
  await under.changeAccount(ACCOUNT, ({ persons: [person], ...document }) => ({
    ...document,
    persons: [{ ...person!, permissions: ['write'] }],
  }))
  await runDialogue(client, 'C: a1 ESEARCH IN (personal) ALL\nS: a1 NO [NOPERM] *')
  await under.changeAccount(ACCOUNT, ({ persons: [person], ...document }) => ({
    ...document,
    persons: [{ ...person!, permissions: ['read', 'write', 'delete', 'archive'] }],
  }))
})

test('Önemli: what is \\Flagged wherever it lies, as one view', async () => {
  for (const [box, uid] of [
    ['a', 2],
    ['d', 1],
  ] as const) {
    await client.command('s', `SELECT ${box}`)
    await client.command('t', `UID STORE ${uid} +FLAGS.SILENT (\\Flagged)`)
  }
  await client.command('u', 'UNSELECT')
  await runDialogue(
    client,
    `
    C: a1 ESEARCH IN (personal) FLAGGED
    S: * ESEARCH (TAG "a1" MAILBOX "a" UIDVALIDITY {{a}}) UID ALL 2
    S: * ESEARCH (TAG "a1" MAILBOX "d" UIDVALIDITY {{d}}) UID ALL 1
    S: a1 OK *
    `,
    validities,
  )
})
