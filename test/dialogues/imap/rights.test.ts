import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'vitest'
import { PERMISSIONS } from '../../../mail/account.ts'
import { type LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { ACCOUNT, type ImapUnderTest, loggedIn, OTHER, startImap } from '../../fakes/imap-server.ts'

let under: ImapUnderTest
let client: LineClient
beforeAll(async () => {
  under = await startImap()
  await under.changeAccount(OTHER, (document) => ({
    ...document,
    persons: document.persons.map((person) => ({ ...person, permissions: ['read'] })),
  }))
})
afterAll(() => under[Symbol.asyncDispose]())
beforeEach(async () => {
  client = await loggedIn(under)
})
afterEach(() => client.end())

describe('the rights of a person, in the letters of IMAP [RFC 4314 §2]', () => {
  test('who may do all, in a mailbox of his own and in the provider’s', () =>
    runDialogue(
      client,
      `
      C: a1 CREATE benim
      S: a1 OK *
      C: a2 MYRIGHTS benim
      S: * MYRIGHTS "benim" lrswikxtecd
      S: a2 OK *
      C: a3 MYRIGHTS INBOX
      S: * MYRIGHTS "INBOX" lrswted
      S: a3 OK *
      C: a4 MYRIGHTS "Giden Kutusu"
      S: * MYRIGHTS "Giden Kutusu" lrswiktecd
      S: a4 OK *
      C: a5 LIST "" benim RETURN (MYRIGHTS STATUS (MESSAGES))
      S: * LIST (*) "/" "benim"
      S: * MYRIGHTS "benim" lrswikxtecd
      S: * STATUS "benim" (MESSAGES 0)
      S: a5 OK *
      C: a6 MYRIGHTS yok
      S: a6 NO [NONEXISTENT] *
      `,
    ))

  test('who may read only; nobody gives rights here', async () => {
    const reader = await loggedIn(under, OTHER)
    await runDialogue(
      reader,
      `
      C: a1 MYRIGHTS INBOX
      S: * MYRIGHTS "INBOX" lrsw
      S: a1 OK *
      C: a2 GETACL INBOX
      S: a2 NO [NOPERM] *
      C: a3 SETACL INBOX fred +lr
      S: a3 NO [NOPERM] *
      C: a4 DELETEACL INBOX fred
      S: a4 NO [NOPERM] *
      C: a5 LISTRIGHTS INBOX fred
      S: a5 NO [NOPERM] *
      C: a6 SETACL INBOX fred
      S: a6 BAD *
      `,
    )
    reader.end()
  })
})

describe('without Mail Silme \\Deleted is neither set nor cleared, and no command fails for it alone [RFC 4314 §4]', () => {
  test('STORE of it and of others, in place of others, silently, and alone; COPY', async () => {
    await under.deliver('Taslaklar', Buffer.from('a: b\r\n\r\n'), { flags: ['\\Deleted', '\\Seen'] })
    await under.deliver('Taslaklar', Buffer.from('a: b\r\n\r\n'))
    const permit = (permissions: readonly string[]) =>
      under.changeAccount(ACCOUNT, (document) => ({
        ...document,
        persons: document.persons.map((person) => ({ ...person, permissions: [...permissions] })),
      }))
    await permit(['read', 'write'])
    try {
      await runDialogue(
        client,
        `
        C: a1 SELECT Taslaklar
        S: ...
        S: a1 OK *
        C: a2 STORE 2 +FLAGS (\\Deleted \\Flagged)
        S: * 2 FETCH (FLAGS (\\Recent \\Flagged))
        S: a2 OK *
        C: a3 STORE 1:2 FLAGS.SILENT (\\Answered)
        S: * 1 FETCH (FLAGS (\\Recent \\Answered \\Deleted))
        S: a3 OK *
        C: a4 STORE 1 -FLAGS.SILENT (\\Deleted \\Answered)
        S: * 1 FETCH (FLAGS (\\Recent \\Deleted))
        S: a4 OK *
        C: a5 STORE 2 FLAGS.SILENT (\\Deleted)
        S: * 2 FETCH (FLAGS (\\Recent))
        S: a5 OK *
        C: a6 STORE 1 -FLAGS (\\Deleted)
        S: a6 NO [NOPERM] *
        C: a7 STORE 2 +FLAGS (\\Deleted)
        S: a7 NO [NOPERM] *
        C: a8 COPY 1 Taslaklar
        S: * 3 EXISTS
        S: * 3 RECENT
        S: a8 OK *
        C: a9 FETCH 3 FLAGS
        S: * 3 FETCH (FLAGS (\\Recent))
        S: a9 OK *
        `,
      )
    } finally {
      await permit(PERMISSIONS)
    }
  })
})

describe('CREATE with a use [RFC 6154 §3]', () => {
  test('junk once; what the provider makes or nobody knows not at all', () =>
    runDialogue(
      client,
      `
      C: a1 CREATE cop2 (USE (\\Trash))
      S: a1 NO [USEATTR] *
      C: a2 CREATE istenmeyen (USE (\\junk))
      S: a2 OK *
      C: a3 LIST (SPECIAL-USE) "" istenmeyen
      S: * LIST (\\HasNoChildren \\Junk) "/" "istenmeyen"
      S: a3 OK *
      C: a4 CREATE baska (USE (\\Junk))
      S: a4 NO [USEATTR] *
      C: a5 CREATE baska (USE (\\All))
      S: a5 NO [USEATTR] *
      C: a6 CREATE baska (USE ())
      S: a6 OK *
      C: a8 CREATE ikili (USE (\\Junk \\Drafts))
      S: a8 NO [USEATTR] *
      C: a9 CREATE ikili (USE (\\Junk \\Drafts)
      S: a9 BAD *
      C: a7 CREATE baska (KULLAN (\\Junk))
      S: a7 BAD *
      `,
    ))
})
