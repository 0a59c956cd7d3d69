import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { ACCOUNT, type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

let under: ImapUnderTest
let client: LineClient
let other: LineClient
let box: string
let boxes = 0
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())
beforeEach(async () => {
  client = await loggedIn(under)
  other = await loggedIn(under)
  box = `kutu${++boxes}`
  await client.command('c', `CREATE ${box}`)
  for (const subject of ['bir', 'iki', 'uc']) await under.deliver(box, message(subject))
})
afterEach(() => {
  client.end()
  other.end()
})

const message = (subject: string) =>
  Buffer.from(`From: Ali <ali@hs98.kep.tr>\r\nSubject: ${subject}\r\n\r\nmetin ${subject}\r\n`)

/** The modseq of the mailbox now. */
async function highest(): Promise<string> {
  const lines = await other.command('h', `STATUS ${box} (HIGHESTMODSEQ UIDVALIDITY)`)
  return /HIGHESTMODSEQ (\d+)/.exec(lines[0] ?? '')?.[1] ?? ''
}

async function validity(): Promise<string> {
  const lines = await other.command('h', `STATUS ${box} (UIDVALIDITY)`)
  return /UIDVALIDITY (\d+)/.exec(lines[0] ?? '')?.[1] ?? ''
}

describe('CONDSTORE', () => {
  test('a mailbox tells its last change, and each message its own [RFC 7162 §3.1.2] [RFC 7162 §3.1.4]', async () => {
    const modseq = await highest()
    await runDialogue(
      client,
      `
      C: a1 SELECT ${box} (CONDSTORE)
      S: * FLAGS *
      S: * OK [PERMANENTFLAGS *
      S: * 3 EXISTS
      S: * OK [UNSEEN 1] *
      S: * OK [UIDVALIDITY *
      S: * OK [UIDNEXT 4] *
      S: * OK [HIGHESTMODSEQ {{modseq}}] *
      S: * OK [MAILBOXID (F*)] *
      S: a1 OK *
      C: a2 FETCH 3 (FLAGS MODSEQ)
      S: * 3 FETCH (FLAGS () MODSEQ ({{modseq}}))
      S: a2 OK *
      C: a3 FETCH 1:* FLAGS (CHANGEDSINCE {{modseq}})
      S: a3 OK *
      C: a4 STORE 1 +FLAGS.SILENT (\\Flagged)
      S: * 1 FETCH (MODSEQ (*))
      S: a4 OK *
      C: a5 FETCH 1:* FLAGS (CHANGEDSINCE {{modseq}})
      S: * 1 FETCH (MODSEQ (*) FLAGS (\\Flagged))
      S: a5 OK *
      C: a6 SEARCH MODSEQ {{modseq}}
      S: * SEARCH 1 3 (MODSEQ *)
      S: a6 OK *
      C: a7 SEARCH RETURN (MIN) MODSEQ "/flags/\\\\Seen" all 1
      S: * ESEARCH (TAG "a7") MIN 1 MODSEQ *
      S: a7 OK *
      C: a8 SEARCH MODSEQ 999999
      S: * SEARCH
      S: a8 OK *
      `,
      { modseq },
    )
  })

  test('what others changed meanwhile is not stored over [RFC 7162 §3.1.3]', async () => {
    await client.command('s', `SELECT ${box}`)
    const modseq = await highest()
    await other.command('s', `SELECT ${box}`)
    await other.command('t', 'STORE 2 +FLAGS (\\Answered)')
    await runDialogue(
      client,
      `
      C: a1 UID STORE 1:3 (UNCHANGEDSINCE {{modseq}}) +FLAGS (\\Flagged)
      S: * OK [HIGHESTMODSEQ {{modseq}}] *
      S: * 2 FETCH (UID 2 FLAGS (\\Answered) MODSEQ (*))
      S: * 1 FETCH (UID 1 FLAGS (\\Flagged) MODSEQ (*))
      S: * 3 FETCH (UID 3 FLAGS (\\Flagged) MODSEQ (*))
      S: a1 OK [MODIFIED 2] *
      C: a2 STORE 1:3 (UNCHANGEDSINCE 0) FLAGS ()
      S: a2 OK [MODIFIED 1:3] *
      C: a3 NOOP
      S: a3 OK *
      C: a4 STORE 1 (UNCHANGEDSINCE) +FLAGS (\\Seen)
      S: a4 BAD *
      `,
      { modseq },
    )
    await other.command('t', 'STORE 3 FLAGS (\\Seen)')
    expect(await client.command('n', 'NOOP')).toEqual([
      expect.stringMatching(/^\* 3 FETCH \(UID 3 FLAGS \(\\Recent \\Seen\) MODSEQ \(\d+\)\)$/),
      expect.stringMatching(/^n OK/),
    ])
  })
})

describe('QRESYNC', () => {
  test('what vanished is told by UID, and with what it raised the count of changes [RFC 7162 §3.2.7] [RFC 7162 §3.2.10.2]', async () => {
    await runDialogue(
      client,
      `
      C: a1 ENABLE QRESYNC
      S: * ENABLED QRESYNC
      S: a1 OK *
      C: a2 SELECT ${box}
      S: ...
      S: a2 OK *
      C: a3 STORE 1:2 +FLAGS.SILENT (\\Deleted)
      S: * 1 FETCH (UID 1 MODSEQ (*))
      S: * 2 FETCH (UID 2 MODSEQ (*))
      S: a3 OK *
      C: a4 EXPUNGE
      S: * VANISHED 1:2
      S: a4 OK [HIGHESTMODSEQ *] *
      C: a5 EXPUNGE
      S: a5 OK EXPUNGE *
      C: a6 STORE 1 +FLAGS.SILENT (\\Deleted)
      S: * 1 FETCH (UID 3 MODSEQ (*))
      S: a6 OK *
      C: a7 CLOSE
      S: a7 OK CLOSE *
      `,
    )
  })

  test('CLOSE tells nothing: with its modseq a client would take what others did for known [RFC 7162 §3.2.8]', async () => {
    await other.command('s', `SELECT ${box}`)
    await client.command('q', 'ENABLE QRESYNC')
    await client.command('s', `SELECT ${box}`)
    await client.command('d', 'UID STORE 1 +FLAGS.SILENT (\\Deleted)')
    await other.command('d', 'UID STORE 2 +FLAGS.SILENT (\\Deleted)')
    await other.command('e', 'UID EXPUNGE 2')
    expect(await client.command('c', 'CLOSE')).toEqual(['c OK CLOSE done'])
    expect(await other.command('n', 'NOOP')).toContain('* 1 EXPUNGE')
  })

  test('a client comes back and hears what it missed [RFC 7162 §3.2.5]', async () => {
    const modseq = await highest()
    await other.command('s', `SELECT ${box}`)
    await other.command('t', 'STORE 1 +FLAGS (\\Deleted)')
    await other.command('e', 'EXPUNGE')
    await other.command('t', 'STORE 2 +FLAGS (\\Seen)')
    await under.deliver(box, message('dort'))
    await runDialogue(
      client,
      `
      C: a1 SELECT ${box} (QRESYNC ({{validity}} {{modseq}}))
      S: a1 BAD *
      C: a2 ENABLE QRESYNC
      S: ...
      S: a2 OK *
      C: a3 SELECT ${box} (QRESYNC ({{validity}} {{modseq}} 1:3 (1:2 1:2)))
      S: ...
      S: * OK [MAILBOXID *
      S: * VANISHED (EARLIER) 1
      S: * 2 FETCH (UID 3 FLAGS (\\Seen) MODSEQ (*))
      S: a3 OK [READ-WRITE] *
      C: a4 SELECT ${box} (QRESYNC ({{validity}} {{modseq}}))
      S: ...
      S: * VANISHED (EARLIER) 1
      S: * 2 FETCH (UID 3 FLAGS (\\Seen) MODSEQ (*))
      S: * 3 FETCH (UID 4 FLAGS () MODSEQ (*))
      S: a4 OK [READ-WRITE] *
      C: a5 SELECT ${box} (QRESYNC (1 {{modseq}}))
      S: ...
      S: * OK [MAILBOXID *
      S: a5 OK [READ-WRITE] *
      C: a6 UID FETCH 1:* (FLAGS) (CHANGEDSINCE {{modseq}} VANISHED)
      S: * VANISHED (EARLIER) 1
      S: * 2 FETCH (MODSEQ (*) UID 3 FLAGS (\\Seen))
      S: * 3 FETCH (MODSEQ (*) UID 4 FLAGS ())
      S: a6 OK *
      C: a7 UID FETCH 2:* (FLAGS) (CHANGEDSINCE {{modseq}} VANISHED)
      S: * 2 FETCH *
      S: * 3 FETCH *
      S: a7 OK *
      C: a8 FETCH 1:* (FLAGS) (CHANGEDSINCE {{modseq}} VANISHED)
      S: a8 BAD *
      C: a9 SELECT ${box} (QRESYNC ({{validity}} {{modseq}} 1:*))
      S: ...
      S: a9 BAD *
      `,
      { modseq, validity: await validity() },
    )
  })
})

test('numbers of 63 bits are numbers [RFC 9051 §9] [RFC 7162 §7]', async () => {
  const most = '9223372036854775807'
  await client.command('s', `SELECT ${box}`)
  for (const text of [
    `FETCH 1 (FLAGS) (CHANGEDSINCE ${most})`,
    `SEARCH MODSEQ ${most}`,
    `SEARCH SMALLER ${most}`,
    `STORE 1 (UNCHANGEDSINCE ${most}) +FLAGS (\\Seen)`,
    `FETCH 1 BODY.PEEK[]<0.${most}>`,
    `FETCH 1 BODY.PEEK[]<${most}.${most}>`,
  ])
    expect((await client.command('a', text)).at(-1)).toMatch(/^a OK/)
  expect(await client.command('p', `FETCH 1 BODY.PEEK[TEXT]<6.${most}>`)).toContain('bir')
  for (const text of ['SEARCH LARGER 9223372036854775808', 'FETCH 1 BODY.PEEK[]<0.0>'])
    expect((await client.command('b', text)).at(-1)).toMatch(/^b BAD/)
})

describe('UIDONLY', () => {
  test('who asks for the UID and nothing else is told it, since no response is empty [RFC 9586 §3.3]', () =>
    runDialogue(
      client,
      `
      C: a1 ENABLE UIDONLY
      S: * ENABLED UIDONLY
      S: a1 OK *
      C: a2 SELECT ${box}
      S: * FLAGS *
      S: * OK [PERMANENTFLAGS *
      S: * 3 EXISTS
      S: * * RECENT
      S: * OK [UIDVALIDITY *
      S: * OK [UIDNEXT *
      S: * OK [HIGHESTMODSEQ *
      S: * OK [MAILBOXID *
      S: a2 OK *
      C: a3 UID FETCH 2 (UID)
      S: * 2 UIDFETCH (UID 2)
      S: a3 OK *
      `,
    ))

  test('numbers count for nothing any more [RFC 9586 §3]', () =>
    runDialogue(
      client,
      `
      C: a1 ENABLE UIDONLY
      S: * ENABLED UIDONLY
      S: a1 OK *
      C: a2 SELECT ${box}
      S: ...
      S: a2 OK *
      C: a3 FETCH 1 FLAGS
      S: a3 BAD [UIDREQUIRED] *
      C: a4 SEARCH ALL
      S: a4 BAD [UIDREQUIRED] *
      C: a5 UID SEARCH 1:2
      S: a5 BAD [UIDREQUIRED] *
      C: a6 UID SEARCH RETURN (SAVE ALL) UID 2:3
      S: * ESEARCH (TAG "a6") UID ALL 2:3
      S: a6 OK *
      C: a7 UID FETCH $ (UID FLAGS)
      S: * 2 UIDFETCH (FLAGS ())
      S: * 3 UIDFETCH (FLAGS ())
      S: a7 OK *
      C: a8 UID STORE 2 +FLAGS (\\Deleted)
      S: * 2 UIDFETCH (FLAGS (\\Deleted))
      S: a8 OK *
      C: a9 STORE 2 +FLAGS (\\Deleted)
      S: a9 BAD [UIDREQUIRED] *
      C: b1 EXPUNGE
      S: * VANISHED 2
      S: b1 OK *
      C: b2 COPY 1 INBOX
      S: b2 BAD [UIDREQUIRED] *
      `,
    ))
})

describe('PARTIAL', () => {
  test('a part of what is found, from either end [RFC 9394 §3.1]', () =>
    runDialogue(
      client,
      `
      C: a1 SELECT ${box}
      S: ...
      S: a1 OK *
      C: a2 UID SEARCH RETURN (PARTIAL 1:2 COUNT) ALL
      S: * ESEARCH (TAG "a2") UID COUNT 3 PARTIAL (1:2 1:2)
      S: a2 OK *
      C: a3 UID SEARCH RETURN (PARTIAL -1:-2) ALL
      S: * ESEARCH (TAG "a3") UID PARTIAL (-1:-2 2:3)
      S: a3 OK *
      C: a4 UID SEARCH RETURN (PARTIAL 8:9) ALL
      S: * ESEARCH (TAG "a4") UID PARTIAL (8:9 NIL)
      S: a4 OK *
      C: a5 UID SEARCH RETURN (PARTIAL 1:2 ALL) ALL
      S: a5 BAD *
      C: a6 UID SEARCH RETURN (PARTIAL 1:-2) ALL
      S: a6 BAD *
      C: a7 UID SEARCH RETURN (PARTIAL 1:2 SAVE MAX) ALL
      S: * ESEARCH (TAG "a7") UID MAX 3 PARTIAL (1:2 1:2)
      S: a7 OK *
      C: a8 UID FETCH $ UID
      S: * 1 FETCH (UID 1)
      S: * 2 FETCH (UID 2)
      S: * 3 FETCH (UID 3)
      S: a8 OK *
      C: a9 UID FETCH 1:* FLAGS (PARTIAL -1:-2)
      S: * 2 FETCH (UID 2 FLAGS ())
      S: * 3 FETCH (UID 3 FLAGS ())
      S: a9 OK *
      C: b1 UID FETCH 1,3 FLAGS (PARTIAL 2:9)
      S: * 3 FETCH (UID 3 FLAGS ())
      S: b1 OK *
      C: b2 FETCH 1:* FLAGS (PARTIAL 1:2)
      S: b2 BAD *
      C: b3 UID FETCH 1:* FLAGS (PARTIAL 1:2 PARTIAL 1:2)
      S: b3 BAD *
      `,
    ))
})

describe('ids, dates and previews', () => {
  test('a mailbox keeps its id when it is renamed, a message when it is copied [RFC 8474 §4] [RFC 8474 §5]', async () => {
    const [created] = await client.command('c', `CREATE ${box}a`)
    const id = /\[MAILBOXID \((F[A-Za-z0-9_-]+)\)\]/.exec(created ?? '')?.[1]
    await client.command('r', `RENAME ${box}a ${box}b`)
    expect((await client.command('s', `STATUS ${box}b (MAILBOXID)`))[0]).toContain(`(MAILBOXID (${id}))`)
    await client.command('s', `SELECT ${box}`)
    const [first] = await client.command('f', 'FETCH 1 (EMAILID THREADID)')
    const email = /EMAILID \((M[0-9a-f]{64})\) THREADID NIL\)$/.exec(first ?? '')?.[1]
    await client.command('y', `COPY 1 ${box}b`)
    expect((await client.command('q', `SEARCH EMAILID ${email}`))[0]).toBe('* SEARCH 1')
    await client.command('s', `SELECT ${box}b`)
    expect((await client.command('f', 'FETCH 1 EMAILID'))[0]).toBe(`* 1 FETCH (EMAILID (${email}))`)
    expect((await client.command('q', 'SEARCH EMAILID a.b')).at(-1)).toMatch(/^q BAD/)
  })

  test('when a message was put here [RFC 8514 §4]; how old it is [RFC 5032 §3]', () =>
    runDialogue(
      client,
      `
      C: a1 SELECT ${box}
      S: ...
      S: a1 OK *
      C: a2 FETCH 1 SAVEDATE
      S: * 1 FETCH (SAVEDATE "*-*-* *:*:* +0300")
      S: a2 OK *
      C: a3 SEARCH SAVEDBEFORE 1-Jan-2026
      S: * SEARCH
      S: a3 OK *
      C: a4 SEARCH SAVEDSINCE 1-Jan-2026 SAVEDATESUPPORTED
      S: * SEARCH 1 2 3
      S: a4 OK *
      C: a5 SEARCH OLDER 60
      S: * SEARCH 1 2 3
      S: a5 OK *
      C: a6 SEARCH YOUNGER 60
      S: * SEARCH
      S: a6 OK *
      C: a7 SEARCH YOUNGER 0
      S: a7 BAD *
      `,
    ))

  test('the first words [RFC 8970 §3]', async () => {
    await under.deliver(
      box,
      Buffer.from(
        'Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n' +
          '<html><title>Konu</title><style>p { color: red }</style><p title="1>2">Say&#305;n&nbsp;ilgili,</p>\r\n' +
          '<p>3 &lt; 4 &amp; b<b>&ouml;yle</b></p></html>\r\n',
      ),
    )
    await under.deliver(box, Buffer.from(`\r\n${'uzun satır '.repeat(100)}\r\n`))
    await under.deliver(box, Buffer.from('Content-Type: application/pdf\r\n\r\nx\r\n'))
    await client.command('s', `SELECT ${box}`)
    const preview = async (which: number, lazy = '') =>
      (await client.command('f', `FETCH ${which} PREVIEW${lazy}`)).slice(0, -1).join('\n')
    expect(await preview(1)).toBe('* 1 FETCH (PREVIEW "metin bir")')
    expect(await preview(2, ' (LAZY)')).toBe('* 2 FETCH (PREVIEW "metin iki")')
    expect(Buffer.from(await preview(4), 'latin1').toString()).toBe(
      '* 4 FETCH (PREVIEW {29}\nSayın ilgili, 3 < 4 & böyle)',
    )
    const long = Buffer.from(await preview(5), 'latin1').toString()
    expect([...(long.split('\n')[1] ?? '')].length).toBeLessThanOrEqual(201)
    expect(await preview(6)).toBe('* 6 FETCH (PREVIEW "")')
  })

  test('a preview retrieves nothing: of what nobody has read it shows the introduction [RFC 8970 §3]', async () => {
    const text = [
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      'Tanitim',
      '--b',
      'Content-Type: message/rfc822',
      '',
      'Subject: asil',
      '',
      'gizli icerik',
      '--b--',
      '',
    ].join('\r\n')
    const start = text.indexOf('gizli')
    await under.deliver(box, Buffer.from(text), {
      delivery: { intake: `onizleme-${box}`, recipient: 1, contentStart: start, contentEnd: start + 12 },
    })
    const before = under.retrievals.reads.length
    await client.command('s', `SELECT ${box}`)
    expect((await client.command('f', 'FETCH 4 PREVIEW'))[0]).toBe('* 4 FETCH (PREVIEW "Tanitim")')
    expect(under.retrievals.reads.length).toBe(before)
    await client.command('f', 'FETCH 4 BODY.PEEK[]')
    expect((await client.command('f', 'FETCH 4 PREVIEW'))[0]).toBe('* 4 FETCH (PREVIEW "gizli icerik")')
  })
})

describe('long work', () => {
  test('UIDs in batches, the newest first [draft-ietf-mailmaint-imap-uidbatches §3]', async () => {
    const row = await under.store.mailboxes.byName(ACCOUNT, box)
    const { uids } = { uids: await under.store.mailboxes.uids(row?.id ?? '') }
    expect([...uids]).toEqual([1, 2, 3])
    for (let more = 0; more < 600; more++) await under.deliver(box, message('ayni'))
    await other.command('s', `SELECT ${box}`)
    await other.command('t', 'STORE 100:150 +FLAGS.SILENT (\\Deleted)')
    await other.command('e', 'EXPUNGE')
    await runDialogue(
      client,
      `
      C: a1 SELECT ${box}
      S: ...
      S: a1 OK *
      C: a2 UIDBATCHES 500
      S: * UIDBATCHES (TAG "a2") 603:53,52:1
      S: a2 OK *
      C: a3 UIDBATCHES 500 2:3
      S: * UIDBATCHES (TAG "a3") 52:1
      S: a3 OK *
      C: a4 UIDBATCHES 500 3:4
      S: * UIDBATCHES (TAG "a4")
      S: a4 OK *
      C: a5 UIDBATCHES 10
      S: a5 NO [TOOFEW] *
      C: a6 UIDBATCHES 500 20:10
      S: a6 BAD [CLIENTBUG] *
      C: a7 UIDBATCHES 500 10
      S: a7 BAD *
      `,
    )
  })
})
