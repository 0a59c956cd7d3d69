import { ImapFlow } from 'imapflow'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { ACCOUNT, type ImapUnderTest, loggedIn, PASSWORD, startImap } from '../../fakes/imap-server.ts'

const sent = (subject: string) =>
  Buffer.from(`From: a@hs98.kep.tr\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@x>\r\n\r\nmetin\r\n`)

let under: ImapUnderTest
let client: LineClient
let box: string
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())
beforeEach(async () => {
  client = await loggedIn(under)
  box = `kutu${Math.random().toString(36).slice(2)}`
  await client.command('k', `CREATE ${box}`)
  await under.deliver(box, sent('bir'), { flags: ['\\Seen', '$KEPType-standart', '$KEPDelivered'] })
})
afterEach(() => client.end())

describe('keywords of the provider', () => {
  test('are announced before they are shown, and never as flags that a client may change', () =>
    runDialogue(
      client,
      `
      C: a1 SELECT {{box}}
      S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
      S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] *
      S: ...
      S: a1 OK *
      C: a2 FETCH 1 FLAGS
      S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $KEPType-standart $KEPDelivered)
      S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] *
      S: * 1 FETCH (FLAGS (\\Seen $KEPType-standart $KEPDelivered))
      S: a2 OK *
      C: a3 STORE 1 +FLAGS (benim)
      S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $KEPType-standart $KEPDelivered benim)
      S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft benim \\*)] *
      S: * 1 FETCH (FLAGS (\\Seen $KEPType-standart $KEPDelivered benim))
      S: a3 OK *
      `,
      { box },
    ))

  test('STORE sets and clears none of them, in whatever case, and says what is there', () =>
    runDialogue(
      client,
      `
      C: a1 SELECT {{box}}
      S: ...
      S: a1 OK *
      C: a2 STORE 1 +FLAGS ($KEPRead $kepfailed $KEP benim)
      S: ...
      S: * 1 FETCH (FLAGS (\\Seen $KEPType-standart $KEPDelivered benim))
      S: a2 OK *
      C: a3 STORE 1 -FLAGS ($KEPDelivered $keptype-STANDART)
      S: ...
      S: * 1 FETCH (FLAGS (\\Seen $KEPType-standart $KEPDelivered benim))
      S: a3 OK *
      C: a4 STORE 1 FLAGS (\\Flagged)
      S: ...
      S: * 1 FETCH (FLAGS (\\Flagged $KEPType-standart $KEPDelivered))
      S: a4 OK *
      # A client that asked for silence hears it where it would believe something else.
      C: a5 STORE 1 FLAGS.SILENT ()
      S: ...
      S: * 1 FETCH (FLAGS ($KEPType-standart $KEPDelivered))
      S: a5 OK *
      C: a6 UID STORE 1 +FLAGS.SILENT ($KEPRead)
      S: ...
      S: * 1 FETCH (UID 1 FLAGS ($KEPType-standart $KEPDelivered))
      S: a6 OK *
      C: a7 STORE 1 +FLAGS.SILENT (benim)
      S: a7 OK *
      C: a8 SEARCH KEYWORD $KEPDELIVERED UNKEYWORD $KEPRead
      S: * SEARCH 1
      S: a8 OK *
      C: a9 SEARCH KEYWORD $KEPRead
      S: * SEARCH
      S: a9 OK *
      `,
      { box },
    ))

  test('APPEND passes them over; COPY and MOVE carry along what is there', () =>
    runDialogue(
      client,
      `
      C: a1 APPEND Taslaklar (\\Seen $KEPRead $KEPFrom-F1-1 benim) {15+}
      C: Subject: x
      C:
      C: y
      S: a1 OK [APPENDUID * 1] *
      C: a2 SELECT Taslaklar
      S: ...
      S: a2 OK *
      C: a3 FETCH 1 FLAGS
      S: ...
      S: * 1 FETCH (FLAGS (\\Seen benim))
      S: a3 OK *
      C: a4 SELECT {{box}}
      S: ...
      S: a4 OK *
      C: a5 COPY 1 Taslaklar
      S: a5 OK [COPYUID * 1 2] *
      C: a6 MOVE 1 Taslaklar
      S: * OK [COPYUID * 1 3] *
      S: * 1 EXPUNGE
      S: a6 OK *
      C: a7 SELECT Taslaklar
      S: ...
      S: a7 OK *
      C: a8 FETCH 2:3 FLAGS
      S: ...
      S: * 2 FETCH (FLAGS (\\Seen $KEPType-standart $KEPDelivered))
      S: ...
      S: * 3 FETCH (FLAGS (\\Seen $KEPType-standart $KEPDelivered))
      S: a8 OK *
      `,
      { box },
    ))

  test('a change of ours is told like anybody’s: IDLE, MODSEQ, CHANGEDSINCE', async () => {
    const { mailboxes } = under.store
    const { id } = (await mailboxes.list('deneme.alici@hs98.kep.tr')).find(({ name }) => name === box)!
    await client.command('e', 'ENABLE CONDSTORE')
    await client.command('s', `SELECT ${box}`)
    await client.command('f', 'FETCH 1 FLAGS')
    const { modseq } = (await mailboxes.head(id))!
    client.send('i IDLE\r\n')
    expect(await client.line()).toBe('+ idling')
    await mailboxes.store(id, [1], { mode: 'add', flags: ['$KEPRead'] })
    expect((await client.line())?.endsWith('$KEPDelivered $KEPRead)')).toBe(true)
    expect(await client.line()).toMatch(/^\* OK \[PERMANENTFLAGS /)
    expect(await client.line()).toBe(
      `* 1 FETCH (UID 1 FLAGS (\\Recent \\Seen $KEPType-standart $KEPDelivered $KEPRead) MODSEQ (${modseq + 1}))`,
    )
    client.send('DONE\r\n')
    await client.until('i OK')
    expect(await client.command('f', `FETCH 1:* (FLAGS) (CHANGEDSINCE ${modseq})`)).toHaveLength(2)
    expect(await client.command('u', `STORE 1 (UNCHANGEDSINCE ${modseq}) +FLAGS (x)`)).toEqual([
      'u OK [MODIFIED 1] Some messages were changed meanwhile',
    ])
  })

  test('a client that synchronizes flags fails at nothing: imapflow sets, adds, removes and appends them', async () => {
    const flow = new ImapFlow({
      host: '127.0.0.1',
      port: under.port,
      secure: true,
      tls: { ca: under.ca, servername: 'localhost' },
      auth: { user: ACCOUNT, pass: PASSWORD },
      logger: false,
    })
    await flow.connect()
    try {
      await flow.mailboxOpen(box)
      const flags = async () => {
        const found = await flow.fetchOne('1', { flags: true })
        return [...(found === false ? [] : (found?.flags ?? []))].sort()
      }
      expect(await flow.messageFlagsAdd('1', ['$KEPRead', 'benim'])).toBe(true)
      expect(await flags()).toEqual(['$KEPDelivered', '$KEPType-standart', '\\Seen', 'benim'])
      expect(await flow.messageFlagsRemove('1', ['$KEPDelivered', 'benim'])).toBe(true)
      expect(await flow.messageFlagsSet('1', ['\\Flagged', '$KEPFailed'])).toBe(true)
      expect(await flags()).toEqual(['$KEPDelivered', '$KEPType-standart', '\\Flagged'])
      const appended = await flow.append(box, sent('yedek'), ['\\Seen', '$KEPRead'])
      expect(appended).toMatchObject({ uid: 2 })
    } finally {
      await flow.logout()
    }
  })

  test('they do not count against what a client may set', async () => {
    await client.command('s', `SELECT ${box}`)
    const words = Array.from({ length: 64 }, (_, n) => `w${n}`)
    expect((await client.command('a', `STORE 1 +FLAGS (${words.join(' ')})`)).at(-1)).toBe('a OK STORE done')
    expect((await client.command('b', 'STORE 1 +FLAGS (w64)')).at(-1)).toMatch(/^b NO \[LIMIT\]/)
  })
})
