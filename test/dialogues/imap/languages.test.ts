import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

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

const dialogue = (script: string, values: Record<string, string> = {}) => runDialogue(client, script, values)
const subject = 'Subject: ış\r\n\r\n'
const octets = String(Buffer.byteLength(subject))

describe('UTF8=ACCEPT [RFC 6855]', () => {
  test('§3: once enabled, names are UTF-8 in both directions, and no charset is named', () =>
    dialogue(`
      C: a0 CAPABILITY
      S: * CAPABILITY * UTF8=ACCEPT *
      S: a0 OK *
      C: a1 LIST "" "Ar*"
      S: * LIST * "Ar&AV8-iv"
      S: ...
      S: a1 OK *
      C: a2 ENABLE utf8=accept
      S: * ENABLED UTF8=ACCEPT
      S: a2 OK *
      C: a3 LIST "" "Arş%"
      S: * LIST * "Arşiv"
      S: a3 OK *
      C: a4 CREATE "Dilekçe"
      S: a4 OK *
      C: a5 STATUS "Dilekçe" (MESSAGES)
      S: * STATUS "Dilekçe" (MESSAGES 0)
      S: a5 OK *
      C: a6 SELECT "Arşiv"
      S: ...
      S: a6 OK *
      C: a7 SEARCH CHARSET UTF-8 SUBJECT "ış"
      S: a7 BAD *
      C: a8 SEARCH SUBJECT "ış"
      S: * SEARCH
      S: a8 OK *
      C: a9 SORT (SUBJECT) UTF-8 SUBJECT "ış"
      S: * SORT
      S: a9 OK *
      C: b1 SORT (SUBJECT) US-ASCII ALL
      S: b1 BAD *
      C: b2 THREAD REFERENCES US-ASCII ALL
      S: b2 BAD *
      # It is no IMAP4rev2: SEARCH answers as before.
      C: b3 SELECT "Ar&AV8-iv"
      S: ...
      S: b3 NO *
      `))

  test('§3: a quoted string that is not UTF-8 is refused', async () => {
    for (const command of ['SUBSCRIBE "\xc5"', 'SUBSCRIBE "\xc5\x20"', 'SUBSCRIBE "\xed\xa0\x80"']) {
      client.sendOctets(Buffer.from(`a ${command}\r\n`, 'latin1'))
      expect(await client.line()).toMatch(/^a BAD/)
    }
  })

  test('§4: UTF-8 in a header is taken once it was enabled, and not before', () =>
    dialogue(
      `
      C: a1 APPEND Taslaklar {{{octets}}+}
      C: Subject: ış
      C:
      C:
      S: a1 NO [CANNOT] *
      C: a2 APPEND Taslaklar UTF8 (~{{{octets}}+}
      C: Subject: ış
      C:
      C: )
      S: a2 NO [CANNOT] *
      # In the body there may be anything.
      C: a3 APPEND Taslaklar {9+}
      C: a:b
      C:
      C: ş
      S: a3 OK *
      C: a4 ENABLE UTF8=ACCEPT
      S: ...
      S: a4 OK *
      C: a5 APPEND Taslaklar {{{octets}}+}
      C: Subject: ış
      C:
      C:
      S: a5 OK *
      C: a6 APPEND Taslaklar (\\Seen) UTF8 (~{{{octets}}}
      S: + OK
      C: Subject: ış
      C:
      C: )
      S: a6 OK *
      C: a7 APPEND Taslaklar CATENATE (UTF8 (~{{{octets}}+}
      C: Subject: ış
      C:
      C: ) TEXT {3+}
      C: son)
      S: a7 OK *
      C: a8 SELECT Taslaklar
      S: ...
      S: a8 OK *
      C: a9 SEARCH SUBJECT "IŞ"
      S: * SEARCH 2 3 4
      S: a9 OK *
      C: b1 FETCH 4 (BODY.PEEK[TEXT] FLAGS)
      S: * 4 FETCH (BODY[TEXT] {3}
      S: son FLAGS ())
      S: b1 OK *
      # A literal that does not wait for our word stays small, whatever it is called. [RFC 7888 §5]
      C: b2 APPEND Taslaklar UTF8 (~{5000+}
      S: * BYE *
      `,
      { octets },
    ))

  test('IMAP4rev2 has all of it', () =>
    dialogue(
      `
      C: a1 ENABLE IMAP4rev2
      S: ...
      S: a1 OK *
      C: a2 APPEND "Arşiv" {{{octets}}+}
      C: Subject: ış
      C:
      C:
      S: a2 OK *
      `,
      { octets },
    ))
})

describe('I18NLEVEL=1 [RFC 5255 §4.2]', () => {
  const mails = [
    'Zeytin',
    '=?utf-8?q?=C3=87ilek?=',
    'cilek',
    'dut',
    '=?utf-8?q?=C4=B0ncir?=',
    'incir',
    '=?utf-8?q?=EF=AC=81nd=C4=B1k?=',
    '=?utf-8?q?=CE=BC=CE=AE=CE=BB=CE=BF=CF=82?=',
    '=?utf-8?q?RE:_=CE=9C=CE=89=CE=9B=CE=9F=CE=A3?=',
  ]
  beforeAll(async () => {
    const maker = await loggedIn(under)
    await maker.command('c', 'CREATE diller')
    maker.end()
    for (const [at, text] of mails.entries())
      await under.deliver(
        'diller',
        Buffer.from(`Subject: ${text}\r\nDate: ${at + 1} Jan 2026 10:00:00 +0300\r\n\r\nx\r\n`),
      )
  })

  test('SEARCH, SORT and THREAD compare by i;unicode-casemap; in SEARCH the four letters i are one besides', () =>
    dialogue(`
      C: a0 CAPABILITY
      S: * CAPABILITY * I18NLEVEL=1 *
      S: a0 OK *
      C: a1 SELECT diller
      S: ...
      S: a1 OK *
      C: a2 SEARCH CHARSET UTF-8 SUBJECT "ÇİLEK"
      S: * SEARCH 2
      S: a2 OK *
      C: a3 SEARCH CHARSET UTF-8 SUBJECT "ıncır"
      S: * SEARCH 5 6
      S: a3 OK *
      C: a4 SEARCH CHARSET UTF-8 SUBJECT "INCIR"
      S: * SEARCH 5 6
      S: a4 OK *
      # Compatibility and decomposition: a ligature, and a sigma at the end of a word.
      C: a5 SEARCH CHARSET UTF-8 SUBJECT "FINDIK"
      S: * SEARCH 7
      S: a5 OK *
      C: a6 SEARCH CHARSET UTF-8 SUBJECT "μήλος"
      S: * SEARCH 8 9
      S: a6 OK *
      # ç stands behind c and before d; İ is I with a mark.
      C: a7 SORT (SUBJECT) UTF-8 1:7
      S: * SORT 3 2 4 7 6 5 1
      S: a7 OK *
      C: a8 SORT (REVERSE SUBJECT) UTF-8 8:9
      S: * SORT 8 9
      S: a8 OK *
      C: a9 THREAD ORDEREDSUBJECT UTF-8 8:9
      S: * THREAD (8 9)
      S: a9 OK *
      C: b1 SEARCH CHARSET KOI8-R SUBJECT x
      S: b1 NO [BADCHARSET *
      `))
})
