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
    S: * LIST (\\HasNoChildren) "/" "INBOX"
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
    S: a4 OK [APPENDUID * 1] *
    C: a5 FETCH 1 (UID FLAGS RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE BODY[TEXT])
    S: * 1 FETCH (UID 1 FLAGS (\\Seen \\Draft) RFC822.SIZE 25 ENVELOPE (NIL "merhaba" NIL NIL NIL NIL NIL NIL NIL NIL) BODY ("text" "plain" NIL NIL NIL "7bit" 5 1) BODYSTRUCTURE ("text" "plain" NIL NIL NIL "7bit" 5 1 NIL NIL NIL NIL) BODY[TEXT] {5}
    S: abc
    S: )
    S: a5 OK *
    C: a6 STORE 1 +FLAGS (\\Flagged $Etiket)
    S: * 1 FETCH (FLAGS (\\Seen \\Flagged \\Draft $Etiket))
    S: a6 OK *
    C: a7 SEARCH KEYWORD $etiket BODY "ABC"
    S: * SEARCH 1
    S: a7 OK *
    C: a8 UID COPY 1 Taslaklar
    S: * 2 EXISTS
    S: a8 OK [COPYUID * 1 2] *
    C: a9 MOVE 1 Ar&AV8-iv
    S: * OK [COPYUID * 1 1] *
    S: * 1 EXPUNGE
    S: a9 OK *
    C: b1 IDLE
    S: + idling
    C: DONE
    S: b1 OK *
    C: b2 STORE 1 +FLAGS.SILENT \\Deleted
    S: b2 OK *
    C: b3 EXPUNGE
    S: * 1 EXPUNGE
    S: b3 OK *
    C: b4 LOGOUT
    S: * BYE *
    S: b4 OK *
    `,
    { account: ACCOUNT, password: PASSWORD },
  )
  expect(await client.line()).toBeUndefined()
})
