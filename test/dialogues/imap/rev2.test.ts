import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { ACCOUNT, type ImapUnderTest, loggedIn, OTHER, startImap } from '../../fakes/imap-server.ts'

let under: ImapUnderTest
let client: LineClient
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())
beforeEach(async () => {
  client = await loggedIn(under)
})
afterEach(() => client.end())

const message = (subject: string, date = 'Fri, 2 Jan 2026 03:04:05 +0300', body = 'metin') =>
  Buffer.from(`From: Ali <ali@hs98.kep.tr>\r\nSubject: ${subject}\r\nDate: ${date}\r\n\r\n${body}\r\n`)

describe('IMAP4rev2 after ENABLE', () => {
  test('ESEARCH, LIST in SELECT, no RECENT, UTF-8 names, UID in FETCH [RFC 9051 §E]', async () => {
    const box = await client.command('p', 'CREATE &AMcA9g-p')
    expect(box.at(-1)).toMatch(/^p OK/)
    await under.deliver('Çöp', message('bir'))
    await under.deliver('Çöp', message('iki'))
    await runDialogue(
      client,
      `
      C: a1 ENABLE X-YOK imap4REV2
      S: * ENABLED IMAP4rev2
      S: a1 OK *
      C: a2 SELECT "Çöp"
      S: * FLAGS *
      S: * OK [PERMANENTFLAGS *
      S: * 2 EXISTS
      S: * OK [UIDVALIDITY *
      S: * OK [UIDNEXT 3] *
      S: * OK [HIGHESTMODSEQ *] *
      S: * OK [MAILBOXID *] *
      S: * LIST (\\HasNoChildren) "/" "Çöp"
      S: a2 OK [READ-WRITE] *
      C: a3 SEARCH SUBJECT i
      S: * ESEARCH (TAG "a3") ALL 1:2
      S: a3 OK *
      C: a4 UID SEARCH RETURN (MIN MAX COUNT) ALL
      S: * ESEARCH (TAG "a4") UID MIN 1 MAX 2 COUNT 2
      S: a4 OK *
      C: a5 SEARCH RETURN (COUNT) SUBJECT yok
      S: * ESEARCH (TAG "a5") COUNT 0
      S: a5 OK *
      C: a6 SEARCH SUBJECT yok
      S: * ESEARCH (TAG "a6")
      S: a6 OK *
      C: a7 FETCH 1 FLAGS
      S: * 1 FETCH (UID 1 FLAGS ())
      S: a7 OK *
      C: a8 STATUS "Çöp" (MESSAGES UNSEEN DELETED SIZE)
      S: * STATUS "Çöp" (MESSAGES 2 UNSEEN 2 DELETED 0 SIZE *)
      S: a8 OK *
      C: a9 SELECT INBOX
      S: * OK [CLOSED] *
      S: ...
      S: a9 OK *
      `,
    )
  })

  test('the saved result [RFC 9051 §6.4.4.1]', async () => {
    for (const subject of ['bir', 'iki', 'uc']) await under.deliver('Deliller', message(subject))
    await runDialogue(
      client,
      `
      C: a1 SELECT Deliller
      S: ...
      S: a1 OK *
      C: a2 SEARCH RETURN (SAVE) SUBJECT i
      S: a2 OK *
      C: a3 FETCH $ UID
      S: * 1 FETCH (UID 1)
      S: * 2 FETCH (UID 2)
      S: a3 OK *
      C: a4 SEARCH RETURN (SAVE MIN) ALL
      S: * ESEARCH (TAG "a4") MIN 1
      S: a4 OK *
      C: a5 UID STORE $ +FLAGS.SILENT \\Deleted
      S: a5 OK *
      C: a6 EXPUNGE
      S: * 1 EXPUNGE
      S: a6 OK *
      C: a7 UID FETCH $ FLAGS
      S: a7 OK *
      C: a8 SEARCH UID $ ALL
      S: * SEARCH
      S: a8 OK *
      `,
    )
  })

  test.each([
    'SEARCH RETURN (SAVE) CHARSET KOI8-R ALL',
    'SORT RETURN (SAVE) (SUBJECT) KOI8-R ALL',
    'ESEARCH RETURN (SAVE) CHARSET KOI8-R ALL',
    'SEARCH RETURN (SAVE) SUBJECT {1+}\r\n\xff',
  ])('nothing is saved of a search that is refused [RFC 9051 §6.4.4.1]: %j', async (refused) => {
    await client.command('s', 'SELECT Deliller')
    await client.command('a', 'SEARCH RETURN (SAVE) ALL')
    expect((await client.command('b', 'SEARCH RETURN (COUNT) $'))[0]).not.toMatch(/COUNT 0$/)
    expect((await client.command('c', refused)).at(-1)).toMatch(/^c NO \[BADCHARSET /)
    expect((await client.command('d', 'SEARCH RETURN (COUNT) $'))[0]).toMatch(/COUNT 0$/)
  })

  test('one personal namespace [RFC 9051 §6.3.10]', () =>
    runDialogue(
      client,
      `
      C: a1 NAMESPACE
      S: * NAMESPACE (("" "/")) NIL NIL
      S: a1 OK *
      `,
    ))

  test('LIST with selection and return options [RFC 9051 §6.3.9]', () =>
    runDialogue(
      client,
      `
      C: a1 LIST (SUBSCRIBED) "" % RETURN (CHILDREN SPECIAL-USE STATUS (MESSAGES))
      S: * LIST (\\HasNoChildren \\NoInferiors \\Subscribed) "/" "INBOX"
      S: * STATUS "INBOX" (MESSAGES 0)
      S: ...
      S: a1 OK *
      C: a2 LIST (SPECIAL-USE) "" *
      S: * LIST (\\HasChildren \\Archive) "/" *
      S: * LIST (\\HasNoChildren \\Sent) "/" "Giden Kutusu"
      S: * LIST (\\HasNoChildren \\Drafts) "/" "Taslaklar"
      S: * LIST (\\HasNoChildren \\Trash) "/" *
      S: a2 OK *
      C: a3 CREATE k/l/m
      S: a3 OK *
      C: a4 SUBSCRIBE k/l/m
      S: a4 OK *
      C: a5 LIST (SUBSCRIBED RECURSIVEMATCH) "" k
      S: * LIST (\\HasChildren) "/" "k" ("CHILDINFO" ("SUBSCRIBED"))
      S: a5 OK *
      C: a6 DELETE k/l
      S: a6 OK *
      C: a7 LIST "" k/% RETURN ()
      S: * LIST (\\NonExistent \\HasChildren) "/" "k/l"
      S: a7 OK *
      C: a8 LSUB "" k%
      S: * LSUB (\\Noselect) "/" "k"
      S: a8 OK *
      C: a9 LIST "" ""
      S: * LIST (\\Noselect) "/" ""
      S: a9 OK *
      C: b1 LIST "" ("INBOX" "k")
      S: * LIST (\\HasNoChildren \\NoInferiors) "/" "INBOX"
      S: * LIST (\\HasChildren) "/" "k"
      S: b1 OK *
      C: b2 LIST (RECURSIVEMATCH) "" *
      S: b2 BAD *
      `,
    ))
})

describe('BINARY decodes what transport encoded [RFC 9051 §6.4.5]', () => {
  test('sizes, partial ranges, literal8 for NUL, unknown encodings', async () => {
    const part = (encoding: string, text: string) =>
      `--b\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${text}\r\n`
    const parts = [
      part('base64', 'YWJj\r\nZGVm'),
      part('base64', 'AAEC'),
      part('x-own', 'x'),
      part('quoted-printable', 'a=3Db'),
    ]
    await client.command('c', 'CREATE ikili')
    await under.deliver(
      'ikili',
      Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts.join('')}--b--\r\n`),
    )
    await runDialogue(
      client,
      `
      C: a1 EXAMINE ikili
      S: ...
      S: a1 OK [READ-ONLY] *
      C: a2 FETCH 1 (BINARY.SIZE[1] BINARY[1] BINARY[1]<2.3> BINARY.PEEK[4])
      S: * 1 FETCH (BINARY.SIZE[1] 6 BINARY[1] {6}
      S: abcdef BINARY[1]<2> {3}
      S: cde BINARY[4] {3}
      S: a=b)
      S: a2 OK *
      C: a3 FETCH 1 BINARY[2]
      S: * 1 FETCH (BINARY[2] ~{3}
      S: \0\u0001\u0002)
      S: a3 OK *
      C: a4 FETCH 1 (FLAGS BINARY[3])
      S: a4 NO [UNKNOWN-CTE] *
      C: a5 FETCH 1 (BINARY[9] BINARY.SIZE[9])
      S: * 1 FETCH (BINARY[9] NIL BINARY.SIZE[9] 0)
      S: a5 OK *
      C: a6 STORE 1 +FLAGS \\Seen
      S: a6 NO [NOPERM] *
      `,
    )
  })
})

describe('SEARCH is a tree over decoded, Turkish-folded text [RFC 9051 §6.4.4]', () => {
  test.each([
    ['ALL', '1 2 3'],
    ['SUBJECT "ilgili"', '1 2'],
    ['SUBJECT "ILGILI"', '1 2'],
    ['SUBJECT "İLGİLİ"', '1 2'],
    ['BODY "ışık"', '3'],
    ['TEXT "IŞIK"', '3'],
    ['OR (SUBJECT ikinci) BODY ISIK', '2'],
    ['OR SUBJECT ikinci (FROM ali 3)', '2 3'],
    ['NOT (OR 1 2)', '3'],
    ['NOT NOT 1', '1'],
    ['1:2 UID 2:*', '2'],
    ['SENTON 2-Jan-2026', '1 2'],
    ['SENTBEFORE 2-Jan-2026', '3'],
    ['SENTSINCE 1-Jan-2026', '1 2 3'],
    ['ON 02-Jan-2026', '1 2 3'],
    ['BEFORE 2-Jan-2026', ''],
    ['SINCE 2-Jan-2026', '1 2 3'],
    ['LARGER 100000', ''],
    ['SMALLER 100000', '1 2 3'],
    ['UNSEEN UNDELETED UNFLAGGED UNANSWERED UNDRAFT', '1 2 3'],
    ['OR OR SEEN DELETED FLAGGED', ''],
    ['NEW', ''],
    ['RECENT', ''],
    ['OLD', '1 2 3'],
    ['HEADER Date ""', '1 2 3'],
    ['HEADER X-Yok ""', ''],
    ['HEADER Subject ikinci', '2'],
    ['FROM "ali@"', '1 2 3'],
    ['TO x', ''],
    ['CC x', ''],
    ['BCC x', ''],
    ['KEYWORD $yok', ''],
    ['UNKEYWORD $yok 2', '2'],
    ['CHARSET UTF-8 SUBJECT "ikinci"', '2'],
    ['*', '3'],
    ['(1)', '1'],
  ])('%s', async (keys, found) => {
    const name = 'Giden Kutusu'
    const row = await under.store.mailboxes.byName(ACCOUNT, name)
    if ((await under.store.mailboxes.head(row?.id ?? ''))?.exists === 0) {
      await under.deliver(name, message('=?utf-8?q?=C4=B0LG=C4=B0L=C4=B0?= birinci'))
      await under.deliver(name, message('ilgili =?utf-8?b?aWtpbmNp?='))
      const qp = Buffer.from(
        'From: ali@hs98.kep.tr\r\nDate: Thu, 1 Jan 2026 23:30:00 +0000\r\nSubject: uc\r\nContent-Type: text/plain; charset=iso-8859-9\r\n' +
          'Content-Transfer-Encoding: quoted-printable\r\n\r\n=FD=FE=FD=\r\nk\r\n',
      )
      await under.deliver(name, qp)
    }
    await client.command('a', `SELECT "${name}"`)
    expect((await client.command('b', `SEARCH ${keys}`))[0]).toBe(`* SEARCH ${found}`.trimEnd())
  })
})

test('a mailbox that is opened has its attributes, and the name by which it was called [RFC 9051 §6.3.2] [RFC 9051 §6.3.9.7]', async () => {
  const other = await loggedIn(under)
  await runDialogue(
    other,
    `
    C: a1 ENABLE IMAP4rev2
    S: ...
    S: a1 OK *
    C: a2 SELECT "Giden Kutusu"
    S: ...
    S: * LIST (\\HasNoChildren \\Sent) "/" "Giden Kutusu"
    S: a2 OK *
    C: a3 EXAMINE "Arşiv"
    S: ...
    S: * LIST (\\HasChildren \\Archive) "/" "Arşiv"
    S: a3 OK *
    C: a4 CREATE "küme"
    S: * LIST (\\HasNoChildren) "/" "küme" ("OLDNAME" ("küme"))
    S: a4 OK *
    C: a5 SELECT "küme"
    S: ...
    S: * LIST (\\HasNoChildren) "/" "küme" ("OLDNAME" ("küme"))
    S: a5 OK *
    C: a6 RENAME "küme" "küme2"
    S: * LIST (\\HasNoChildren) "/" "küme2" ("OLDNAME" ("küme2"))
    S: a6 OK *
    C: a7 DELETE "küme2"
    S: ...
    S: a7 OK *
    `,
  )
  other.end()
})

test('what another expunges while it is read is gone, and no fault [RFC 9051 §7.1]', async () => {
  const other = await loggedIn(under)
  await client.command('c', 'CREATE yarim')
  for (const subject of ['bir', 'iki']) await under.deliver('yarim', message(subject))
  await client.command('s', 'SELECT yarim')
  await other.command('s', 'SELECT yarim')
  const { blobs } = under.store
  const open = blobs.open.bind(blobs)
  for (const command of ['UID FETCH 1:2 (FLAGS BODY.PEEK[])', 'UID SEARCH BODY metin']) {
    await under.deliver('yarim', message(`uc ${command}`))
    await client.command('n', 'NOOP')
    let first = true
    Object.assign(blobs, {
      open: async function* (...args: Parameters<typeof open>) {
        if (first) {
          first = false
          await other.command('d', 'STORE 1 +FLAGS (\\Deleted)')
          await other.command('e', 'EXPUNGE')
        }
        yield* open(...args)
      },
    })
    const answer = await client.command('a', command)
    Reflect.deleteProperty(blobs, 'open')
    expect(answer.at(-1)).toMatch(/^a OK/)
  }
  const errors = await under.parts.events.registry.getSingleMetric('openkep_internal_errors_total')?.get()
  expect(errors?.values).toEqual([])
  await client.command('u', 'UNSELECT')
  other.end()
})

describe('several sessions see the same changes in the same order (I7)', () => {
  test('flags, new messages and expunges; numbers hold until EXPUNGE may be told [RFC 9051 §7.5.1]', async () => {
    const other = await loggedIn(under)
    for (const n of [1, 2, 3]) await under.deliver('Arşiv/Gelen', message(String(n)))
    for (const each of [client, other]) await each.command('s', 'SELECT Ar&AV8-iv/Gelen')
    await client.command('a', 'STORE 1 +FLAGS (\\Deleted)')
    expect(await client.command('b', 'EXPUNGE')).toEqual(['* 1 EXPUNGE', '* 2 RECENT', 'b OK EXPUNGE done'])
    // by sequence number the numbers must still hold
    expect(await other.command('c', 'FETCH 2:3 UID')).toEqual([
      '* 2 FETCH (UID 2)',
      '* 3 FETCH (UID 3)',
      'c OK FETCH done',
    ])
    expect(await other.command('d', 'NOOP')).toEqual(['* 1 EXPUNGE', 'd OK NOOP done'])
    await client.command('e', 'STORE 1 +FLAGS.SILENT ($Bir)')
    await under.deliver('Arşiv/Gelen', message('4'))
    expect(await other.command('f', 'NOOP')).toEqual([
      '* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Bir)',
      '* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Bir \\*)] Flags that stay',
      '* 1 FETCH (UID 2 FLAGS ($Bir))',
      '* 3 EXISTS',
      '* 1 RECENT',
      'f OK NOOP done',
    ])
    expect(await client.command('g', 'NOOP')).toEqual(['* 3 EXISTS', 'g OK NOOP done'])
    other.end()
  })

  test('IDLE tells at once', async () => {
    const other = await loggedIn(under)
    await other.command('s', 'SELECT Ar&AV8-iv/Giden')
    other.send('i IDLE\r\n')
    expect(await other.line()).toBe('+ idling')
    await under.deliver('Arşiv/Giden', message('1'))
    expect(await other.line()).toBe('* 1 EXISTS')
    expect(await other.line()).toBe('* 1 RECENT')
    await client.command('s', 'SELECT Ar&AV8-iv/Giden')
    await client.command('a', 'STORE 1 FLAGS.SILENT (\\Deleted)')
    expect(await other.line()).toBe('* 1 FETCH (UID 1 FLAGS (\\Recent \\Deleted))')
    await client.command('b', 'CLOSE')
    expect(await other.line()).toBe('* 1 EXPUNGE')
    expect(await other.line()).toBe('* 0 RECENT')
    other.send('DONE\r\n')
    expect(await other.line()).toMatch(/^i OK/)
    other.end()
  })

  test('one account never sees another', async () => {
    const other = await loggedIn(under, OTHER)
    await client.command('a', 'CREATE yalniz-benim')
    expect((await other.command('b', 'SELECT yalniz-benim')).at(-1)).toMatch(/^b NO \[NONEXISTENT\]/)
    other.end()
  })

  test('a deleted mailbox takes its sessions along', async () => {
    const other = await loggedIn(under)
    await client.command('a', 'CREATE gecici')
    await other.command('b', 'SELECT gecici')
    await client.command('c', 'DELETE gecici')
    other.send('d NOOP\r\n')
    expect((await other.until('* BYE')).at(-1)).toMatch(/deleted/)
  })
})
