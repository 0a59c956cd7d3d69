/** What the standards leave open and clients rely on. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { connectTo, type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

let under: ImapUnderTest
let client: LineClient
beforeAll(async () => {
  under = await startImap()
  const maker = await loggedIn(under)
  for (const name of ['kutu', 'ust', 'ust/alt', 'ust/alt2']) await maker.command('c', `CREATE ${name}`)
  for (const name of ['ust/alt', 'ust/alt2']) await maker.command('c', `SUBSCRIBE ${name}`)
  maker.end()
  for (const header of [
    'From: ayse@hs98.kep.tr (Ayse Isik)\r\nTo: zarf: b@hs98.kep.tr;',
    'From: <@eski.tr,@yol.tr:ayse@hs98.kep.tr>\r\nTo: masa <c@hs98.kep.tr>',
    'From: <ayse (not)@ (not) hs98.kep.tr>\r\nTo: ali',
  ])
    await under.deliver('kutu', Buffer.from(`${header}\r\n\r\nx\r\n`))
})
afterAll(() => under[Symbol.asyncDispose]())
beforeEach(async () => {
  client = await loggedIn(under)
  await client.command('s', 'SELECT kutu')
})
afterEach(() => client.end())
const dialogue = (text: string) => runDialogue(client, text)

describe('flags', () => {
  test('a keyword is announced before it is first shown, and once [RFC 9051 §7.3.5]', async () => {
    await dialogue(`
      C: a1 STORE 1 +FLAGS.SILENT ($Onay etiket)
      S: a1 OK *
      C: a2 FETCH 1 FLAGS
      S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Onay etiket)
      S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Onay etiket \\*)] *
      S: * 1 FETCH (FLAGS ($Onay etiket))
      S: a2 OK *
      C: a3 STORE 2 +FLAGS (ETIKET)
      S: * 2 FETCH (FLAGS (*))
      S: a3 OK *
      C: a4 EXAMINE kutu
      S: * OK [CLOSED] *
      S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Onay etiket)
      S: * OK [PERMANENTFLAGS ()] *
      S: ...
      S: a4 OK [READ-ONLY] *
      C: a5 FETCH 1 FLAGS
      S: * 1 FETCH (FLAGS ($Onay etiket))
      S: a5 OK *
      `)
  })

  test('a client that asks for modseqs learns from which on [RFC 7162 §3.1]', () =>
    dialogue(`
      C: a1 FETCH 3 MODSEQ
      S: * OK [HIGHESTMODSEQ *] *
      S: * 3 FETCH (MODSEQ (*))
      S: a1 OK *
      C: a2 FETCH 3 MODSEQ
      S: * 3 FETCH (MODSEQ (*))
      S: a2 OK *
      `))
})

describe('numbers, names and sections', () => {
  test('numbers of no message are found by no search, and fetched by nobody', () =>
    dialogue(`
      C: a1 SEARCH 1000
      S: * SEARCH
      S: a1 OK *
      C: a2 SEARCH RETURN (MIN COUNT) 3:7,900
      S: * ESEARCH (TAG "a2") MIN 3 COUNT 1
      S: a2 OK *
      C: a3 SEARCH NOT 2:900
      S: * SEARCH 1
      S: a3 OK *
      C: a4 FETCH 1000 UID
      S: a4 BAD *
      `))

  test('a name that no mailbox can have is no mistake of the protocol', () =>
    dialogue(`
      C: a1 SELECT &kutu
      S: * OK [CLOSED] *
      S: a1 NO [CANNOT] *
      C: a2 LIST "" &kutu*
      S: a2 OK *
      C: a3 LSUB "" &kutu%
      S: a3 OK *
      C: a4 LIST "&" *
      S: a4 OK *
      `))

  test('a section is repeated as it was asked for', () =>
    dialogue(`
      C: a1 FETCH 2 BODY.PEEK[HEADER.FIELDS (to to)]
      S: * 2 FETCH (BODY[HEADER.FIELDS (TO TO)] {28}
      S: To: masa <c@hs98.kep.tr>
      S:
      S: )
      S: a1 OK *
      `))

  test('what a pattern names itself is not told by its parent too [RFC 5258 §3.5]', () =>
    dialogue(`
      C: a1 LIST (SUBSCRIBED RECURSIVEMATCH) "" (ust ust/alt)
      S: * LIST (\\HasChildren) "/" "ust" ("CHILDINFO" ("SUBSCRIBED"))
      S: * LIST (\\HasNoChildren \\Subscribed) "/" "ust/alt"
      S: a1 OK *
      C: a2 LIST (SUBSCRIBED RECURSIVEMATCH) "" (ust ust/%)
      S: * LIST (\\HasNoChildren \\Subscribed) "/" "ust/alt"
      S: * LIST (\\HasNoChildren \\Subscribed) "/" "ust/alt2"
      S: a2 OK *
      `))

  test('the largest ID that there may be is heard before a login [RFC 2971 §3.3]', async () => {
    const stranger = new LineClient(connectTo(under))
    await stranger.line()
    const fields = Array.from(
      { length: 30 },
      (_, at) => `"${String(at).padStart(30, 'x')}" "${'y'.repeat(1024)}"`,
    )
    expect((await stranger.command('i', `ID (${fields.join(' ')})`)).at(-1)).toContain('i OK')
    stranger.end()
  })
})

describe('addresses as old programs write them', () => {
  test('comments are names, routes are told [RFC 9051 §7.5.2]', () =>
    dialogue(`
      C: a1 FETCH 1:3 ENVELOPE
      S: * 1 FETCH (ENVELOPE (NIL NIL (("Ayse Isik" NIL "ayse" "hs98.kep.tr")) * ((NIL NIL "zarf" NIL)(NIL NIL "b" "hs98.kep.tr")(NIL NIL NIL NIL)) NIL NIL NIL NIL))
      S: * 2 FETCH (ENVELOPE (NIL NIL ((NIL "@eski.tr,@yol.tr" "ayse" "hs98.kep.tr")) * NIL NIL NIL NIL))
      S: * 3 FETCH (ENVELOPE (NIL NIL ((NIL NIL "ayse" "hs98.kep.tr")) * NIL NIL NIL NIL NIL))
      S: a1 OK *
      `))

  test('are found as the envelope shows them, and as they stand [RFC 9051 §6.4.4]', () =>
    dialogue(`
      C: a1 SEARCH FROM ayse@hs98.kep.tr
      S: * SEARCH 1 2 3
      S: a1 OK *
      C: a2 SEARCH FROM "(not)"
      S: * SEARCH 3
      S: a2 OK *
      C: a3 SEARCH FROM "Ayse Isik <ayse"
      S: * SEARCH 1
      S: a3 OK *
      `))

  test('a group sorts by its name, and what is no address by what it is [RFC 5256 §3] [RFC 5957 §3]', () =>
    dialogue(`
      C: a1 SORT (TO) UTF-8 ALL
      S: * SORT 3 2 1
      S: a1 OK *
      C: a2 SORT (DISPLAYTO) UTF-8 ALL
      S: * SORT 3 2 1
      S: a2 OK *
      `))
})
