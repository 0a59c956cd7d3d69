import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { MAX_MAILBOX_KEYWORDS } from '../../../server/imap/limits.ts'
import { encodeModifiedUtf7 } from '../../../server/imap/mailbox-name.ts'
import { type LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { ACCOUNT, type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

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
})
afterEach(() => client.end())

const deliver = (flags: readonly string[] = []) =>
  under.deliver(box, Buffer.from('Subject: x\r\n\r\ny\r\n'), { flags })
const words = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => `w${from + n}`).join(' ')
/** Puts `count` keywords into the mailbox, on as many messages as it takes. */
async function fill(count: number): Promise<void> {
  await client.command('s', `SELECT ${box}`)
  for (let at = 0; at < count; at += 50) {
    const { uid } = await deliver()
    const answer = await client.command(
      'f',
      `UID STORE ${uid} +FLAGS.SILENT (${words(at, Math.min(at + 50, count))})`,
    )
    expect(answer.at(-1)).toBe('f OK STORE done')
  }
}

describe('labels (etiket) are keywords', () => {
  test('4.20: several on a message, searched, taken off one by one; SELECT names those of the mailbox', async () => {
    await deliver()
    await deliver()
    await runDialogue(
      client,
      `
      C: a1 SELECT {{box}}
      S: ...
      S: a1 OK *
      C: a2 STORE 1 +FLAGS (Satis Kalite ARGE)
      S: ...
      S: * 1 FETCH (FLAGS (Satis Kalite ARGE))
      S: a2 OK *
      C: a3 STORE 1:2 +FLAGS (kalite)
      S: ...
      S: * 1 FETCH (FLAGS (Satis Kalite ARGE))
      S: ...
      S: * 2 FETCH (FLAGS (kalite))
      S: a3 OK *
      C: a4 SEARCH KEYWORD KALITE UNKEYWORD satis
      S: * SEARCH 2
      S: a4 OK *
      C: a5 STORE 1 -FLAGS (Satis)
      S: ...
      S: * 1 FETCH (FLAGS (Kalite ARGE))
      S: a5 OK *
      C: a6 SELECT {{box}}
      S: * OK [CLOSED] *
      S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft Satis Kalite ARGE)
      S: ...
      S: a6 OK *
      `,
      { box },
    )
  })

  test('Turkish names as mail clients write them, in modified UTF-7; anything but ASCII is no keyword', async () => {
    await deliver()
    const [important, sale] = [encodeModifiedUtf7('önemli'), encodeModifiedUtf7('Satış')]
    expect([important, sale]).toEqual(['&APY-nemli', 'Sat&ATEBXw-'])
    await runDialogue(
      client,
      `
      C: a1 SELECT {{box}}
      S: ...
      S: a1 OK *
      C: a2 STORE 1 +FLAGS ({{important}} {{sale}})
      S: ...
      S: * 1 FETCH (FLAGS ({{important}} {{sale}}))
      S: a2 OK *
      C: a3 SEARCH KEYWORD {{sale}} KEYWORD &apy-NEMLI
      S: * SEARCH 1
      S: a3 OK *
      C: a4 SEARCH KEYWORD Satis
      S: * SEARCH
      S: a4 OK *
      C: a5 STORE 1 +FLAGS (önemli)
      S: a5 BAD *
      C: a6 STORE 1 +FLAGS ("onemli")
      S: a6 BAD *
      C: a7 SEARCH KEYWORD önemli
      S: a7 BAD *
      `,
      { box, important, sale },
    )
  })

  test('keywords compare without case, and no two Turkish letters become one by it', () => {
    const letters = [...'çğıöşüÇĞİÖŞÜ']
    const folded = letters.map((letter) => encodeModifiedUtf7(letter).toLowerCase())
    expect(new Set(folded).size).toBe(letters.length)
    for (const word of folded) expect(word).toMatch(/^[^\x00-\x20\x7f-\xff(){%*"\\\]]+$/)
  })
})

describe(`at most ${MAX_MAILBOX_KEYWORDS} different keywords in a mailbox`, () => {
  test('one more is refused, what is there can be used, and what nobody uses makes room', async () => {
    await fill(MAX_MAILBOX_KEYWORDS)
    const { uid } = await deliver()
    await runDialogue(
      client,
      `
      C: a0 NOOP
      S: ...
      S: a0 OK *
      C: a1 UID STORE {{uid}} +FLAGS (W0 w499)
      S: ...
      S: * * FETCH (UID {{uid}} FLAGS (W0 w499))
      S: a1 OK *
      C: a2 UID STORE {{uid}} +FLAGS (w1 yeni)
      S: a2 NO [LIMIT] *
      C: a3 UID STORE {{uid}} FLAGS (yeni)
      S: a3 NO [LIMIT] *
      C: a4 UID STORE {{uid}} +FLAGS ($KEPRead)
      S: ...
      S: * * FETCH (UID {{uid}} FLAGS (W0 w499))
      S: a4 OK *
      C: a5 STORE 1 -FLAGS.SILENT (w7)
      S: a5 OK *
      C: a6 UID STORE {{uid}} +FLAGS (yeni)
      S: ...
      S: * * FETCH (UID {{uid}} FLAGS (W0 w499 yeni))
      S: a6 OK *
      C: a7 UID STORE {{uid}} +FLAGS (w7)
      S: a7 NO [LIMIT] *
      `,
      { uid: String(uid) },
    )
  })

  test('APPEND brings no more than there is room for, of all its messages together', async () => {
    await fill(MAX_MAILBOX_KEYWORDS - 1)
    const one = (flags: string) => ` (${flags}) {12+}\r\nSubject: x\r\n`
    const append = async (...flags: string[]) => {
      client.send(`a APPEND ${box}${flags.map(one).join('')}\r\n`)
      return (await client.until('a ')).at(-1)
    }
    expect(await append('bir', 'iki')).toMatch(/^a NO \[LIMIT\]/)
    expect(await append('bir w1', 'BIR $KEPRead')).toMatch(/^a OK \[APPENDUID/)
    expect(await append('iki')).toMatch(/^a NO \[LIMIT\]/)
  })

  test('COPY and MOVE bring no more than there is room for, and nothing is copied then', async () => {
    await fill(MAX_MAILBOX_KEYWORDS)
    await under.deliver('Taslaklar', Buffer.from('Subject: x\r\n\r\ny\r\n'), { flags: ['baska'] })
    await client.command('s', 'SELECT Taslaklar')
    for (const name of ['COPY', 'MOVE'])
      expect((await client.command('c', `${name} * ${box}`)).at(-1), name).toMatch(/^c NO \[LIMIT\]/)
    await client.command('f', 'STORE * FLAGS (w3)')
    expect((await client.command('m', `MOVE * ${box}`)).at(-1)).toMatch(/^m OK/)
  })

  test('a mailbox that goes takes its list along', async () => {
    await fill(60)
    const lists = async () =>
      (await under.store.annotations.list(`keywords/${ACCOUNT}/`, 1_000)).filter(({ document }) =>
        document.includes('"w59"'),
      )
    const before = await lists()
    await client.command('d', `DELETE ${box}`)
    expect((await lists()).length).toBe(before.length - 1)
  })
})
