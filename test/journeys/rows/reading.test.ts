/** Mailboxes and reading over IMAP: section 4 of docs/rules.md. One message is sent and read; drafts do for the rest. */
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyFile } from '../../../evidence/index.ts'
import { type ImapSession, openImapSession } from '../../../scripts/client/imap-session.ts'
import { LineClient } from '../../fakes/dialogue.ts'
import { signedMessage, submit } from '../../fakes/mail-client.ts'
import { arrival, atRest, evidenced, idIn } from '../../fakes/mailboxes.ts'
import { pki } from '../../fakes/pki.ts'
import { PASSWORD, RECIPIENT, SENDER, startProvider, type TestProvider } from '../../fakes/provider.ts'

const TRASH = '"&AMcA9g-p Kutusu"'
const USER_ID = '<fatura.1@istemci.example>'
const BEFORE = 'SINCE 1-Jan-2020 BEFORE 1-Jan-2021'

let kep: TestProvider
let message: Buffer
let id: string
let sender: ImapSession
let recipient: ImapSession
beforeAll(async () => {
  kep = await startProvider()
  message = await signedMessage(pki().user.signer, undefined, {
    subject: 'Kira sozlesmesi',
    messageId: USER_ID,
    extra: 'X-TR-REM-iletiTip: standart\r\n',
  })
  id = idIn(await submit(message, { port: kep.provider.ports.submissions, ca: kep.ca }))
  await evidenced(kep, id, 'delivery')
  await atRest(kep)
  const where = { port: kep.provider.ports.imaps, ca: kep.ca }
  sender = await openImapSession(where, { user: SENDER, password: PASSWORD })
  recipient = await openImapSession(where, { user: RECIPIENT, password: PASSWORD })
})
afterAll(async () => {
  await sender[Symbol.asyncDispose]()
  await recipient[Symbol.asyncDispose]()
  await kep[Symbol.asyncDispose]()
})

/** The answer of a command that has to succeed. */
async function ok(session: ImapSession, command: string) {
  const answer = await session.command(command)
  expect(answer.status, `${command}: ${answer.text}`).toBe('OK')
  return answer
}
const found = async (session: ImapSession, box: string, keys: string): Promise<string> => {
  await ok(session, `EXAMINE ${box}`)
  const { lines } = await ok(session, `SEARCH ${keys}`)
  return lines.find((line) => line.startsWith('* SEARCH'))?.slice(9) ?? ''
}
const statusOf = async (session: ImapSession, box: string): Promise<string> =>
  /\((.*)\)$/.exec((await ok(session, `STATUS ${box} (MESSAGES UNSEEN)`)).lines[0] ?? '')?.[1] ?? ''
/** Puts a draft there, in a session of its own: those above send no literals. */
async function append(user: string, box: string, text: string, flags = ''): Promise<void> {
  const socket = connect({
    port: kep.provider.ports.imaps,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: kep.ca,
  })
  const client = new LineClient(socket)
  await client.line()
  await client.command('l', `LOGIN ${user} "${PASSWORD}"`)
  client.send(`a APPEND ${box} (${flags}) {${Buffer.byteLength(text)}+}\r\n${text}\r\n`)
  expect((await client.until('a')).at(-1)).toMatch(/^a OK/)
  client.end()
}
const draft = (subject: string) =>
  `From: ${SENDER}\r\nTo: ${RECIPIENT}\r\nSubject: ${subject}\r\n\r\nTaslak metni\r\n`

test('4.1: INBOX tells sender, subject, date and type, and how many are there and unread', async () => {
  expect(await statusOf(recipient, 'INBOX')).toBe('MESSAGES 1 UNSEEN 1')
  await ok(recipient, 'EXAMINE INBOX')
  const { lines, literals } = await ok(
    recipient,
    'FETCH 1 (ENVELOPE BODY.PEEK[HEADER.FIELDS (X-TR-REM-ILETITIP)])',
  )
  expect(lines.join('')).toContain('"KEP: Kira sozlesmesi"')
  expect(lines.join('')).toContain('"deneme.gonderen" "hs98.kep.tr"')
  expect(literals.map(String).join('')).toContain('X-TR-REM-iletiTip: standart')
})

test('4.6, 4.12: a mailbox is searched by sender, subject, dates, size, type and id, together or alone', async () => {
  for (const [keys, expected] of [
    [`FROM kep@hs98.kep.tr SUBJECT "kira" SINCE 1-Jan-2020 LARGER 1000`, '1'],
    ['HEADER X-TR-REM-iletiTip standart SMALLER 1000000', '1'],
    [`HEADER Reply-To ${SENDER}`, '1'],
    ['SUBJECT "kira" LARGER 1000000', ''],
    [`SUBJECT "kira" ${BEFORE}`, ''],
    ['SUBJECT "olmayan"', ''],
  ] as const)
    expect(await found(recipient, 'INBOX', keys), keys).toBe(expected)
})

test('4.13: a message is found by our id and by the sender’s, on either side', async () => {
  expect(await found(recipient, 'INBOX', `HEADER Message-ID "${id}"`)).toBe('1')
  expect(await found(recipient, 'INBOX', `HEADER Message-ID "${USER_ID}"`)).toBe('1')
  expect(await found(sender, '"Giden Kutusu"', `HEADER Message-ID "${id}"`)).toBe('1')
  expect(await found(sender, '"Giden Kutusu"', `HEADER Message-ID "${id.slice(1, -1)}"`)).toBe('1')
  expect(await found(sender, '"Giden Kutusu"', `HEADER Message-ID "${USER_ID}"`)).toBe('1')
  expect(await found(sender, '"Giden Kutusu"', 'HEADER Message-ID "<yok@istemci.example>"')).toBe('')
})

test('4.8, 4.14: Deliller lists evidence, finds it by date, message and name, and it is moved like mail', async () => {
  expect(await statusOf(sender, 'Deliller')).toBe('MESSAGES 2 UNSEEN 2')
  expect(await found(sender, 'Deliller', `SINCE 1-Jan-2020 BODY "${id.slice(1, -1)}"`)).toBe('1 2')
  expect(await found(sender, 'Deliller', 'HEADER X-REM-Event "Delivery"')).toBe('2')
  expect(await found(sender, 'Deliller', `BODY "${RECIPIENT}"`)).toBe('1 2')
  expect(await found(sender, 'Deliller', BEFORE)).toBe('')
  await ok(sender, 'CREATE kira')
  await ok(sender, 'SELECT Deliller')
  await ok(sender, 'COPY 1 kira')
  await ok(sender, 'MOVE 2 kira')
  expect(await statusOf(sender, 'kira')).toBe('MESSAGES 2 UNSEEN 2')
  expect(await found(sender, 'Deliller', 'HEADER X-REM-Event "Delivery"')).toBe('')
})

test('4.9: Giden Kutusu holds what was sent, octet for octet, read already', async () => {
  expect(await statusOf(sender, '"Giden Kutusu"')).toBe('MESSAGES 1 UNSEEN 0')
  await ok(sender, 'EXAMINE "Giden Kutusu"')
  const { literals } = await ok(sender, 'FETCH 1 (BODY.PEEK[])')
  expect(literals[0]?.equals(message)).toBe(true)
})

test('4.10: Taslaklar takes drafts, lists, changes and drops them', async () => {
  await append(SENDER, 'Taslaklar', draft('ilk'), '\\Draft')
  await append(SENDER, 'Taslaklar', draft('ikinci'), '\\Draft')
  expect(await statusOf(sender, 'Taslaklar')).toBe('MESSAGES 2 UNSEEN 2')
  expect(await found(sender, 'Taslaklar', 'DRAFT SUBJECT "ikinci"')).toBe('2')
  await ok(sender, 'SELECT Taslaklar')
  await ok(sender, 'STORE 1 +FLAGS (\\Deleted)')
  await ok(sender, 'EXPUNGE')
  expect(await found(sender, 'Taslaklar', 'ALL')).toBe('1')
})

test('4.11: mailboxes of one’s own are made below another, renamed and deleted', async () => {
  for (const command of ['CREATE isler', 'CREATE isler/2026', 'RENAME isler/2026 isler/gelecek'])
    await ok(recipient, command)
  const names = async () => (await ok(recipient, 'LIST "" isler*')).lines.join('')
  expect(await names()).toContain('"isler/gelecek"')
  await ok(recipient, 'DELETE isler/gelecek')
  expect(await names()).not.toContain('gelecek')
})

test('4.4: a message is moved to a mailbox and fetched whole, with the original behind the introduction', async () => {
  await ok(recipient, 'SELECT INBOX')
  await ok(recipient, 'MOVE 1 isler')
  await ok(recipient, 'SELECT isler')
  const introduction = await ok(recipient, 'FETCH 1 (BODY.PEEK[1.1])')
  expect(introduction.literals.map(String).join('')).toContain('elektronik posta')
  const whole = await ok(recipient, 'FETCH 1 (BODY.PEEK[])')
  expect(whole.literals[0]?.includes(message)).toBe(true)
  await evidenced(kep, id, 'retrieval')
})

test('4.23: who reads can verify the sender’s signature, and that nothing was changed', async () => {
  await ok(recipient, 'EXAMINE isler')
  const octets = (await ok(recipient, 'FETCH 1 (BODY.PEEK[])')).literals[0] ?? Buffer.alloc(0)
  const trust = {
    anchors: [pki().root.certificate],
    intermediates: [],
    crls: [...pki().crls],
    revocation: 'require' as const,
    now: new Date(),
  }
  expect(await verifyFile({ name: 'ileti.eml', octets }, trust)).toMatchObject({ verdict: 'TOTAL-PASSED' })
  const changed = Buffer.from(octets.toString('latin1').replace('Merhaba', 'Merhabe'), 'latin1')
  expect((await verifyFile({ name: 'ileti.eml', octets: changed }, trust)).verdict).not.toBe('TOTAL-PASSED')
})

test('4.5, 4.17: one or many are marked as important, found by it, and unmarked', async () => {
  await append(RECIPIENT, 'isler', draft('bir'))
  await append(RECIPIENT, 'isler', draft('iki'))
  await ok(recipient, 'SELECT isler')
  await ok(recipient, 'STORE 1:2 +FLAGS (\\Flagged)')
  expect(await found(recipient, 'isler', 'FLAGGED')).toBe('1 2')
  await ok(recipient, 'SELECT isler')
  await ok(recipient, 'STORE 1 -FLAGS (\\Flagged)')
  expect(await found(recipient, 'isler', 'FLAGGED')).toBe('2')
})

test('4.16: sender, recipient, subject, content and dates are searched at once', async () => {
  expect(await found(recipient, 'isler', `FROM ${SENDER} TO ${RECIPIENT} SUBJECT "iki" BODY "taslak"`)).toBe(
    '3',
  )
  expect(await found(recipient, 'isler', `BODY "taslak" SUBJECT "iki" ${BEFORE}`)).toBe('')
})

test('4.20: a message has several labels, is found by each, and loses one alone', async () => {
  await ok(recipient, 'SELECT isler')
  await ok(recipient, 'STORE 1,3 +FLAGS (Satis Kalite ARGE)')
  await ok(recipient, 'STORE 1 -FLAGS (Kalite)')
  expect(await found(recipient, 'isler', 'KEYWORD Kalite')).toBe('3')
  expect(await found(recipient, 'isler', 'KEYWORD Satis KEYWORD ARGE')).toBe('1 3')
})

test('4.18: mail is put into the archive of what came and of what was sent, and found there', async () => {
  await ok(recipient, 'SELECT isler')
  await ok(recipient, 'MOVE 1 "Ar&AV8-iv/Gelen"')
  expect(await found(recipient, '"Ar&AV8-iv/Gelen"', 'SUBJECT "kira"')).toBe('1')
  await ok(sender, 'SELECT "Giden Kutusu"')
  await ok(sender, 'MOVE 1 "Ar&AV8-iv/Giden"')
  expect(await found(sender, '"Ar&AV8-iv/Giden"', `TO ${RECIPIENT}`)).toBe('1')
})

test('4.7, 4.19: what lies in Çöp Kutusu is put back, or deleted for good', async () => {
  await ok(recipient, 'SELECT isler')
  await ok(recipient, `MOVE 1:2 ${TRASH}`)
  expect(await statusOf(recipient, TRASH)).toBe('MESSAGES 2 UNSEEN 2')
  await ok(recipient, `SELECT ${TRASH}`)
  await ok(recipient, 'MOVE 1 isler')
  await ok(recipient, 'STORE 1 +FLAGS (\\Deleted)')
  await ok(recipient, 'EXPUNGE')
  expect(await statusOf(recipient, TRASH)).toBe('MESSAGES 0 UNSEEN 0')
  expect(await statusOf(recipient, 'isler')).toBe('MESSAGES 1 UNSEEN 1')
})

test('4.21: deleted mail is in no mailbox any more; its evidence is still there', async () => {
  await ok(recipient, 'SELECT "Ar&AV8-iv/Gelen"')
  await ok(recipient, 'STORE 1 +FLAGS (\\Deleted)')
  await ok(recipient, 'EXPUNGE')
  const boxes = (await ok(recipient, 'LIST "" *')).lines.map((line) => /"\/" (.*)$/.exec(line)?.[1] ?? '')
  for (const box of boxes) expect(await found(recipient, box, 'SUBJECT "kira"'), box).toBe('')
  await arrival(kep, SENDER, 'Deliller', id)
  await evidenced(kep, id, 'retrieval')
})
