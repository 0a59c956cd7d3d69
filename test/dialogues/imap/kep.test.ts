import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { LineClient, runDialogue } from '../../fakes/dialogue.ts'
import {
  ACCOUNT,
  connectTo,
  deliveredAt,
  type ImapUnderTest,
  PASSWORD,
  startImap,
} from '../../fakes/imap-server.ts'

/** A dispatch: introduction, the original with a nested attachment, evidence. */
const original = [
  'From: a@hs98.kep.tr',
  'Subject: asil',
  'Content-Type: multipart/mixed; boundary=i',
  '',
  '--i',
  'Content-Type: text/plain',
  '',
  'gizli metin',
  '--i',
  'Content-Type: application/pdf',
  'Content-Transfer-Encoding: base64',
  '',
  'JVBERi0=',
  '--i--',
  '',
].join('\r\n')
const before = [
  'From: kep@hs98.kep.tr',
  'Subject: teslim',
  'Content-Type: multipart/mixed; boundary=o',
  '',
  '--o',
  'Content-Type: text/plain',
  '',
  'aciklama',
  '--o',
  'Content-Type: message/rfc822',
  '',
  '',
].join('\r\n')
const dispatch = Buffer.from(
  `${before}${original}\r\n--o\r\nContent-Type: application/xml\r\n\r\n<a/>\r\n--o--\r\n`,
)
const contentStart = before.length + original.indexOf('\r\n\r\n') + 4
const contentEnd = before.length + original.length

let under: ImapUnderTest
let client: LineClient
let count = 0
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())
beforeEach(async () => {
  client = new LineClient(connectTo(under))
  await client.line()
  await client.command('l', `LOGIN ${ACCOUNT} ${PASSWORD}`)
})
afterEach(() => {
  client.end()
  under.retrievals.rule = 'content'
  under.retrievals.before = async () => {}
  under.retrievals.reads.length = 0
})

/** Delivers one more dispatch; answers its UID. */
const deliver = async (): Promise<number> => {
  const { uid } = await under.deliver(
    'INBOX',
    dispatch,
    deliveredAt(contentStart, contentEnd, `intake-${++count}`),
  )
  return uid
}

describe('reading (okundu) begins with the first octet of content', () => {
  test.each([
    ['FLAGS', 0],
    ['ENVELOPE', 0],
    ['BODYSTRUCTURE', 0],
    ['BODY[HEADER]', 0],
    ['BODY[HEADER.FIELDS (SUBJECT)]', 0],
    ['BODY[1]', 0],
    ['BODY[1.MIME]', 0],
    ['BODY[2.MIME]', 0],
    ['BODY[2.HEADER]', 0],
    ['BODY.PEEK[2.HEADER.FIELDS (SUBJECT)]', 0],
    ['BODY[2.1.MIME]', 1],
    ['BODY[3]', 0],
    ['BINARY[1]', 0],
    ['BINARY.SIZE[2.2]', 0],
    [`BODY[]<0.${contentStart}>`, 0],
    [`BODY[]<${contentEnd}.1000>`, 0],
    ['BODY[2.1]<500.10>', 0],
    ['RFC822.HEADER', 0],
    ['BODY[]', 1],
    ['BODY.PEEK[]', 1],
    [`BODY.PEEK[]<0.${contentStart + 1}>`, 1],
    [`BODY.PEEK[]<${contentEnd - 1}.1>`, 1],
    ['BODY[TEXT]', 1],
    ['BODY.PEEK[2]', 1],
    ['BODY.PEEK[2.TEXT]', 1],
    ['BODY.PEEK[2.1]', 1],
    ['BODY.PEEK[2.2]<0.1>', 1],
    ['BINARY.PEEK[2.2]', 1],
    ['BINARY[2.1]<0.1>', 1],
    ['RFC822', 1],
    ['RFC822.TEXT', 1],
  ])('%s: %i', async (item, reads) => {
    const uid = await deliver()
    await client.command('a', 'SELECT INBOX')
    const answer = await client.command('b', `UID FETCH ${uid} ${item}`)
    expect(answer.at(-1)).toMatch(/^b OK/)
    expect(under.retrievals.reads).toHaveLength(reads)
  })

  test('the trigger and the client are told; COPY carries the delivery along', async () => {
    const uid = await deliver()
    await client.command('i', 'ID ("name" "Posta" "version" "1")')
    await client.command('a', 'SELECT INBOX')
    await client.command('b', `UID COPY ${uid} Ar&AV8-iv`)
    await client.command('c', 'SELECT Ar&AV8-iv')
    await client.command('d', 'FETCH 1 (BODY.PEEK[HEADER] BODY.PEEK[2.1])')
    expect(under.retrievals.reads).toMatchObject([
      { trigger: 'FETCH BODY[2.1]', client: 'Posta 1', delivery: { intake: `intake-${count}` } },
    ])
  })

  test('nothing leaves before the reading is durable, and nothing at all where it fails', async () => {
    const uid = await deliver()
    await client.command('a', 'SELECT INBOX')
    under.retrievals.before = async () => {
      throw new Error('the disk is gone')
    }
    const answer = await client.command('b', `UID FETCH ${uid} (FLAGS BODY.PEEK[])`)
    expect(answer.join('\n')).not.toContain('gizli')
    expect(answer.at(-1)).toMatch(/^b NO \[SERVERBUG\]/)
    under.retrievals.before = async () => {}
    expect((await client.command('c', `UID FETCH ${uid} BODY.PEEK[]`)).join('\n')).toContain('gizli metin')
  })

  test('under the rule "seen" the flag is the reading, by STORE and by FETCH', async () => {
    under.retrievals.rule = 'seen'
    const [first, second] = [await deliver(), await deliver()]
    await client.command('a', 'SELECT INBOX')
    await client.command('b', `UID FETCH ${first} BODY.PEEK[]`)
    expect(under.retrievals.reads).toHaveLength(0)
    await client.command('c', `UID FETCH ${first} BODY[]`)
    await client.command('d', `UID STORE ${second} +FLAGS.SILENT (\\Seen)`)
    await client.command('r', `UID STORE ${second} +FLAGS.SILENT (\\Seen)`)
    await client.command('e', `UID STORE ${second} -FLAGS.SILENT (\\Seen)`)
    expect(under.retrievals.reads.map(({ trigger }) => trigger)).toEqual(['FETCH \\Seen', 'STORE \\Seen'])
  })

  test('who may read no more reads nothing more in the same FETCH', async () => {
    const uids = [await deliver(), await deliver(), await deliver()]
    await client.command('a', 'SELECT INBOX')
    const person = (active: boolean) =>
      under.changeAccount(ACCOUNT, ({ persons: [first], ...document }) => ({
        ...document,
        persons: [{ ...first!, active }],
      }))
    const before = under.retrievals.reads.length
    under.retrievals.before = () => person(false)
    client.send(`b UID FETCH ${uids.join(',')} BODY.PEEK[]\r\n`)
    let last: string | undefined
    for (let line = await client.line(); line !== undefined; line = await client.line()) last = line
    expect(last).toMatch(/^\* BYE /)
    expect(under.retrievals.reads.length).toBe(before + 1)
    under.retrievals.before = async () => {}
    await person(true)
  })

  test('what is refused is neither seen nor read, and under the rule "seen" one is read at a time', async () => {
    under.retrievals.rule = 'seen'
    const uids = [await deliver(), await deliver()]
    const unknown = Buffer.from('Content-Transfer-Encoding: x-uuencode\r\n\r\nabc\r\n')
    const { uid } = await under.deliver('INBOX', unknown)
    await client.command('a', 'SELECT INBOX')
    const answer = await client.command('b', `UID FETCH ${uid} BINARY[1]`)
    expect(answer).toEqual([expect.stringMatching(/^b NO \[UNKNOWN-CTE\]/)])
    expect(await client.command('c', `UID SEARCH UID ${uid} SEEN`)).toContain('* SEARCH')
    let more = 1
    under.retrievals.before = async () => {
      if (more-- === 0) throw new Error('the disk is gone')
    }
    const half = await client.command('d', `UID FETCH ${uids.join(',')} BODY[]`)
    under.retrievals.before = async () => {}
    expect(half.join('\n').match(/gizli metin/g)).toHaveLength(1)
    expect(half.at(-1)).toMatch(/^d NO \[SERVERBUG\]/)
    expect(await client.command('e', `UID SEARCH UID ${uids.join(',')} SEEN`)).toContain(
      `* SEARCH ${uids[0]}`,
    )
  })

  test('search finds nothing in content that nobody has read', async () => {
    const uid = await deliver()
    await client.command('a', 'SELECT INBOX')
    const find = async (text: string) => (await client.command('s', `UID SEARCH UID ${uid} ${text}`))[0]
    expect(await find('BODY gizli')).toBe('* SEARCH')
    expect(await find('TEXT gizli')).toBe('* SEARCH')
    expect(await find('BODY aciklama')).toBe(`* SEARCH ${uid}`)
    expect(await find('TEXT asil')).toBe(`* SEARCH ${uid}`)
    expect(await find('TEXT "message/rfc822"')).toBe(`* SEARCH ${uid}`)
    expect(await find('TEXT "application/pdf"')).toBe('* SEARCH')
    expect(under.retrievals.reads).toHaveLength(0)
    await client.command('b', `UID FETCH ${uid} BODY.PEEK[]`)
    expect(await find('BODY "GİZLİ"')).toBe(`* SEARCH ${uid}`)
    expect(await find('TEXT "application/pdf"')).toBe(`* SEARCH ${uid}`)
  })
})

describe('origins: INBOX and Deliller hold only what the provider put there', () => {
  test('APPEND, COPY and MOVE of anything else are refused', async () => {
    const uid = await deliver()
    await under.deliver('Deliller', Buffer.from('Subject: delil\r\n\r\n'))
    await under.deliver('Giden Kutusu', Buffer.from('Subject: giden\r\n\r\n'))
    await runDialogue(
      client,
      `
      C: a1 APPEND INBOX {10}
      S: a1 NO [NOPERM] *
      C: a2 APPEND Deliller {3+}
      C: abc
      S: a2 NO [NOPERM] *
      C: a3 APPEND Taslaklar {1+}
      C: xy
      S: a3 BAD *
      C: a5 APPEND Taslaklar {3+}
      C: x:y
      S: a5 OK *
      C: b1 SELECT Taslaklar
      S: ...
      S: b1 OK *
      C: b2 COPY 1 INBOX
      S: b2 NO [NOPERM] *
      C: b3 MOVE 1 Deliller
      S: b3 NO [NOPERM] *
      C: c1 SELECT "Giden Kutusu"
      S: ...
      S: c1 OK *
      C: c2 COPY 1 INBOX
      S: c2 NO [NOPERM] *
      C: c3 COPY 1 Deliller
      S: c3 NO [NOPERM] *
      C: d1 SELECT Deliller
      S: ...
      S: d1 OK *
      C: d2 COPY 1 INBOX
      S: d2 NO [NOPERM] *
      C: d3 COPY 1 Deliller
      S: * 2 EXISTS
      S: d3 OK [COPYUID *] *
      C: e1 SELECT INBOX
      S: ...
      S: e1 OK *
      C: e2 UID MOVE {{uid}} &AMcA9g-p Kutusu
      S: e2 BAD *
      C: e3 UID MOVE {{uid}} "&AMcA9g-p Kutusu"
      S: ...
      S: e3 OK *
      C: f1 SELECT "&AMcA9g-p Kutusu"
      S: ...
      S: f1 OK *
      C: f2 COPY * Deliller
      S: f2 NO [NOPERM] *
      C: f3 MOVE * INBOX
      S: * OK [COPYUID *] *
      S: * 1 EXPUNGE
      S: f3 OK *
      `,
      { uid: String(uid) },
    )
  })

  test('the provider’s mailboxes are neither deleted nor renamed', () =>
    runDialogue(
      client,
      `
      C: a1 DELETE INBOX
      S: a1 NO [CANNOT] *
      C: a2 RENAME inbox eski
      S: a2 NO [CANNOT] *
      C: a3 DELETE Deliller
      S: a3 NO [CANNOT] *
      C: a4 CREATE kutu/alt
      S: a4 OK *
      C: a5 RENAME kutu Ar&AV8-iv/kutu
      S: a5 OK *
      C: a6 LIST "" "*/alt"
      S: * LIST (\\HasNoChildren) "/" "Ar&AV8-iv/kutu/alt"
      S: a6 OK *
      C: a7 CREATE Deliller
      S: a7 NO [ALREADYEXISTS] *
      C: a8 DELETE Ar&AV8-iv/kutu/alt
      S: a8 OK *
      C: a9 DELETE Ar&AV8-iv/kutu
      S: a9 OK *
      C: c1 CREATE deliller
      S: c1 NO [NOPERM] *
      C: c2 CREATE "Del&ATE-ller/x"
      S: c2 NO [NOPERM] *
      # The levels above are made, as by CREATE. [RFC 9051 §6.3.6]
      C: b1 CREATE tek
      S: b1 OK *
      C: b2 RENAME tek derin/daha/tek
      S: b2 OK *
      C: b3 LIST "" "derin*"
      S: * LIST (\\HasChildren) "/" "derin"
      S: * LIST (\\HasChildren) "/" "derin/daha"
      S: * LIST (\\HasNoChildren) "/" "derin/daha/tek"
      S: b3 OK *
      `,
    ))
})

describe('permissions and closed accounts', () => {
  const permit = (permissions: string[], state = 'active') =>
    under.changeAccount(ACCOUNT, (document) => ({
      ...document,
      state,
      persons: document.persons.map((person) => ({ ...person, permissions })),
    }))
  afterEach(() => permit(['read', 'write', 'delete', 'archive']))

  test('without "delete" nothing goes away', async () => {
    await deliver()
    await permit(['read'])
    await runDialogue(
      client,
      `
      C: a1 SELECT INBOX
      S: * FLAGS *
      S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Seen \\Draft \\*)] *
      S: ...
      S: a1 OK [READ-WRITE] *
      C: a2 STORE * +FLAGS \\Deleted
      S: a2 NO [NOPERM] *
      C: a3 STORE * +FLAGS.SILENT \\Flagged
      S: a3 OK *
      C: a4 EXPUNGE
      S: a4 NO [NOPERM] *
      C: a5 MOVE * "&AMcA9g-p Kutusu"
      S: a5 NO [NOPERM] *
      C: a6 DELETE Taslaklar
      S: a6 NO [NOPERM] *
      `,
    )
  })

  test('without "read" no mailbox is opened', async () => {
    await permit(['write'])
    await runDialogue(
      client,
      'C: a1 SELECT INBOX\nS: a1 NO [NOPERM] *\nC: a2 EXAMINE INBOX\nS: a2 NO [NOPERM] *',
    )
  })

  test('a closed account is read-only', async () => {
    const uid = await deliver()
    const inbox = await under.store.mailboxes.byName(ACCOUNT, 'INBOX')
    const sequence = (await under.store.mailboxes.uids(inbox?.id ?? '')).length
    await permit(['read', 'write', 'delete', 'archive'], 'closed')
    await runDialogue(
      client,
      `
      C: a1 SELECT INBOX
      S: ...
      S: a1 OK [READ-ONLY] *
      C: a2 STORE 1 +FLAGS \\Seen
      S: a2 NO [NOPERM] *
      C: a3 UID FETCH {{uid}} (FLAGS BODY[1])
      S: * {{sequence}} FETCH (UID {{uid}} FLAGS () BODY[1] {8}
      S: aciklama)
      S: a3 OK *
      C: a4 CREATE yeni
      S: a4 NO [NOPERM] *
      C: a5 APPEND Taslaklar {3}
      S: a5 NO [NOPERM] *
      C: a6 COPY 1 Taslaklar
      S: a6 NO [NOPERM] *
      C: a7 CLOSE
      S: a7 OK *
      `,
      { uid: String(uid), sequence: String(sequence) },
    )
  })

  test('who is locked out meanwhile is let go', async () => {
    await permit(['read'], 'locked')
    client.send('n NOOP\r\n')
    expect(await client.line()).toMatch(/^\* BYE/)
    expect(await client.line()).toBeUndefined()
  })
})
