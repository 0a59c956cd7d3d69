import { afterAll, beforeAll, expect, test } from 'vitest'
import { LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { ACCOUNT, connectTo, type ImapUnderTest, PASSWORD, startImap } from '../../fakes/imap-server.ts'

let under: ImapUnderTest
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())

test('login, list, select, append, fetch, store, copy, move, search, idle, logout', async () => {
  const client = new LineClient(connectTo(under))
  await runDialogue(
    client,
    `
    S: * OK [CAPABILITY IMAP4rev2 IMAP4rev1 *AUTH=PLAIN] *
    C: a1 LOGIN {{account}} {{password}}
    S: a1 OK [CAPABILITY *IDLE*] *
    C: a2 LIST "" *
    S: * LIST (\\HasNoChildren \\NoInferiors) "/" "INBOX"
    S: * LIST (\\HasChildren \\Archive) "/" "Ar&AV8-iv"
    S: ...
    S: a2 OK *
    C: a3 SELECT Taslaklar
    S: * FLAGS *
    S: * OK [PERMANENTFLAGS *] *
    S: * 0 EXISTS
    S: * 0 RECENT
    S: ...
    S: a3 OK [READ-WRITE] *
    C: a4 APPEND Taslaklar (\\Draft \\Seen) {25}
    S: + OK
    C: Subject: merhaba
    C:
    C: abc
    C:
    S: * 1 EXISTS
    S: * 1 RECENT
    S: a4 OK [APPENDUID * 1] *
    C: a5 FETCH 1 (UID FLAGS RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE BODY[TEXT])
    S: * 1 FETCH (UID 1 FLAGS (\\Recent \\Seen \\Draft) RFC822.SIZE 25 ENVELOPE (NIL "merhaba" NIL NIL NIL NIL NIL NIL NIL NIL) BODY ("text" "plain" NIL NIL NIL "7bit" 5 1) BODYSTRUCTURE ("text" "plain" NIL NIL NIL "7bit" 5 1 NIL NIL NIL NIL) BODY[TEXT] {5}
    S: abc
    S: )
    S: a5 OK *
    C: a6 STORE 1 +FLAGS (\\Flagged $Etiket)
    S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Etiket)
    S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Etiket \\*)] *
    S: * 1 FETCH (FLAGS (\\Recent \\Seen \\Flagged \\Draft $Etiket))
    S: a6 OK *
    C: a7 SEARCH KEYWORD $etiket BODY "ABC"
    S: * SEARCH 1
    S: a7 OK *
    C: a8 UID COPY 1 Taslaklar
    S: * 2 EXISTS
    S: * 2 RECENT
    S: a8 OK [COPYUID * 1 2] *
    C: a9 MOVE 1 Ar&AV8-iv
    S: * OK [COPYUID * 1 1] *
    S: * 1 EXPUNGE
    S: * 1 RECENT
    S: a9 OK *
    C: b1 IDLE
    S: + idling
    C: DONE
    S: b1 OK *
    C: b2 STORE 1 +FLAGS.SILENT \\Deleted
    S: b2 OK *
    C: b3 EXPUNGE
    S: * 1 EXPUNGE
    S: * 0 RECENT
    S: b3 OK *
    C: b4 LOGOUT
    S: * BYE *
    S: b4 OK *
    `,
    { account: ACCOUNT, password: PASSWORD },
  )
  expect(await client.line()).toBeUndefined()
})

test('\\Seen, EXAMINE, CLOSE, UNSELECT and UID EXPUNGE each do what they say and no more', async () => {
  for (const n of [1, 2, 3]) await under.deliver('Deliller', Buffer.from(`Subject: ${n}\r\n\r\nmetin\r\n`))
  const client = new LineClient(connectTo(under))
  await runDialogue(
    client,
    `
    S: * OK *
    C: l LOGIN {{account}} {{password}}
    S: l OK *
    C: a1 EXAMINE Deliller
    S: ...
    S: a1 OK [READ-ONLY] *
    C: a2 FETCH 1 BODY[TEXT]
    S: * 1 FETCH (BODY[TEXT] {7}
    S: metin
    S: )
    S: a2 OK *
    C: a3 EXPUNGE
    S: a3 NO [NOPERM] *
    C: a4 SELECT Deliller
    S: * OK [CLOSED] *
    S: ...
    S: a4 OK [READ-WRITE] *
    C: a5 FETCH 1 BODY.PEEK[TEXT]<0.2>
    S: * 1 FETCH (BODY[TEXT]<0> {2}
    S: me)
    S: a5 OK *
    C: a6 FETCH 1 (BODY[TEXT]<3.100>)
    S: * 1 FETCH (FLAGS (\\Recent \\Seen) BODY[TEXT]<3> {4}
    S: in
    S: )
    S: a6 OK *
    C: a7 STATUS Deliller (MESSAGES UNSEEN RECENT UIDNEXT)
    S: * STATUS "Deliller" (MESSAGES 3 UNSEEN 2 RECENT 0 UIDNEXT 4)
    S: a7 OK *
    C: a8 STORE 1:3 +FLAGS.SILENT (\\Deleted)
    S: a8 OK *
    C: a9 UID EXPUNGE 2:2
    S: * 2 EXPUNGE
    S: * 2 RECENT
    S: a9 OK *
    C: b1 STORE 1 -FLAGS (\\Deleted)
    S: * 1 FETCH (FLAGS (\\Recent \\Seen))
    S: b1 OK *
    C: b2 UNSELECT
    S: b2 OK *
    C: b3 FETCH 1 FLAGS
    S: b3 BAD *
    C: b4 SELECT Deliller
    S: ...
    S: b4 OK *
    C: b5 CLOSE
    S: b5 OK *
    C: b6 STATUS Deliller (MESSAGES DELETED)
    S: * STATUS "Deliller" (MESSAGES 1 DELETED 0)
    S: b6 OK *
    C: b7 SELECT {8+}
    C: Deliller
    S: ...
    S: b7 OK *
    C: b8 FETCH 2 FLAGS
    S: b8 BAD *
    C: b9 UID FETCH 2:9 FLAGS
    S: b9 OK *
    C: c1 APPEND yok {3}
    S: c1 NO [TRYCREATE] *
    C: c2 COPY 1 yok
    S: c2 NO [TRYCREATE] *
    C: c3 SELECT yok
    S: * OK [CLOSED] *
    S: c3 NO [NONEXISTENT] *
    `,
    { account: ACCOUNT, password: PASSWORD },
  )
  client.end()
})
