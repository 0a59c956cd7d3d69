import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { PERMISSIONS } from '../../../mail/account.ts'
import { type LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { eventually } from '../../fakes/eventually.ts'
import {
  ACCOUNT,
  deliveredAt,
  type ImapUnderTest,
  loggedIn,
  OTHER,
  startImap,
} from '../../fakes/imap-server.ts'

const LIMIT = 200_000
const attached = [
  'Subject: eski',
  'Content-Type: multipart/mixed; boundary=s',
  '',
  '--s',
  'Content-Type: text/plain',
  '',
  'metin',
  '--s',
  'Content-Type: application/pdf',
  'Content-Transfer-Encoding: base64',
  '',
  'JVBERi0=',
  '--s--',
  '',
].join('\r\n')

let under: ImapUnderTest
let client: LineClient
let validity = ''
let count = 0
beforeAll(async () => {
  under = await startImap({ limits: { appendMax: LIMIT } })
  await under.deliver('Taslaklar', Buffer.from(attached), { origin: 'client' })
  await under.deliver('Çöp Kutusu', Buffer.from('a:b\r\n\r\ncop'), { origin: 'client' })
  await under.deliver('Taslaklar', Buffer.from(`a:b\r\n\r\n${'x'.repeat(99_993)}`), { origin: 'client' })
  validity = String((await under.store.mailboxes.byName(ACCOUNT, 'Taslaklar'))?.uidValidity)
})
afterAll(() => under[Symbol.asyncDispose]())
beforeEach(async () => {
  client = await loggedIn(under)
  await client.command('c', `CREATE hedef${++count}`)
})
afterEach(async () => {
  client.end()
  under.retrievals.rule = 'content'
  under.retrievals.before = async () => {}
  under.retrievals.reads.length = 0
  await permit(PERMISSIONS)
  await eventually(async () => ((await staged()).length === 0 ? true : undefined), 'nothing staged')
})

const staged = () => readdir(join(under.folder, 'blobs', 'incoming'))
const permit = (permissions: readonly string[]) =>
  under.changeAccount(ACCOUNT, (document) => ({
    ...document,
    persons: document.persons.map((person) => ({ ...person, permissions: [...permissions] })),
  }))
const dialogue = (script: string, values = {}) =>
  runDialogue(client, script, { hedef: `hedef${count}`, validity, ...values })
const target = async () => {
  const row = await under.store.mailboxes.byName(ACCOUNT, `hedef${count}`)
  const rows = await under.store.mailboxes.page(row?.id ?? '', 0, 99)
  return await Promise.all(
    rows.map(async ({ body }) => Buffer.from(await under.store.blobs.read(body)).toString('latin1')),
  )
}
/** The last line of the answer; questions for more are answered with the literals in turn. */
async function append(parts: string, literals: readonly string[] = []): Promise<string> {
  client.send(`a APPEND hedef${count} ${parts}\r\n`)
  for (const literal of literals) {
    const line = await client.line()
    if (!line?.startsWith('+')) return line ?? ''
    client.send(literal)
  }
  return (await client.until('a ')).at(-1) ?? ''
}
const tag = (name: string): string => `CATENATE (URL ${name})`

describe('CATENATE [RFC 4469]', () => {
  test('octets of literals and of parts of messages, as FETCH would send them', async () => {
    await dialogue(`
      C: a0 CAPABILITY
      S: * CAPABILITY * CATENATE *
      S: a0 OK *
      C: a1 APPEND {{hedef}} (\\Seen) CATENATE (URL "/Taslaklar;UIDVALIDITY={{validity}}/;UID=1/;section=HEADER" TEXT {5}
      S: + OK
      C: --s
      C:  URL "/Taslaklar/;UID=1/;section=1.MIME" URL /Taslaklar/;UID=1/;section=1 TEXT {7}
      S: + OK
      C: --s--
      C: )
      S: a1 OK [APPENDUID * 1] *
      C: a2 APPEND {{hedef}} CATENATE (URL "/%C3%87%C3%B6p%20Kutusu/;UID=1") (\\Flagged) CATENATE (TEXT {3+}
      C: x:y) {3+}
      C: z:z
      S: a2 OK [APPENDUID * 2:4] *
      C: a3 APPEND {{hedef}} catenate (url {20+}
      C: /Taslaklar/;UID=1/;P text {3}
      S: a3 NO [BADURL /Taslaklar/;UID=1/;P] *
      C: a4 SELECT {{hedef}}
      S: ...
      S: a4 OK *
      C: a5 FETCH 1:3 FLAGS
      S: * 1 FETCH (FLAGS (\\Seen))
      S: * 2 FETCH (FLAGS ())
      S: * 3 FETCH (FLAGS (\\Flagged))
      S: a5 OK *
      # Below the selected mailbox.
      C: a6 APPEND {{hedef}} CATENATE (URL ";UID=3" URL ";UID=2/;PARTIAL=1.3" URL ";UID=2/;PARTIAL=7")
      S: ...
      S: a6 OK [APPENDUID * 5] *
      `)
    const start = attached.indexOf('--s\r\n')
    const [first, ...rest] = await target()
    expect(first).toBe(`${attached.slice(0, start)}--s\r\nContent-Type: text/plain\r\n\r\nmetin--s--\r\n`)
    expect(rest).toEqual(['a:b\r\n\r\ncop', 'x:y', 'z:z', 'x:y:b\r' + 'cop'])
    const drafts = await under.store.mailboxes.byName(ACCOUNT, 'Taslaklar')
    // Nothing is seen by being taken.
    expect((await under.store.mailboxes.rows(drafts?.id ?? '', [1]))[0]?.flags).toEqual([])
  })

  test('in a REPLACE the draft that goes may be a part of the one that comes', async () => {
    await append('{3+}\r\na:b')
    await dialogue(`
      C: a1 SELECT {{hedef}}
      S: ...
      S: a1 OK *
      C: a2 UID REPLACE 1 {{hedef}} CATENATE (TEXT {3+}
      C: c:d URL ";UID=1")
      S: * OK [APPENDUID * 2] *
      S: ...
      S: a2 OK *
      `)
    expect(await target()).toEqual(['c:da:b'])
  })

  test.each([
    ['another account', `"imap://${OTHER}@hs98.kep.tr/Taslaklar/;UID=1"`],
    ['another server', '"//baska.example/Taslaklar/;UID=1"'],
    ['no mailbox', '"/yok/;UID=1"'],
    ['a path out of the account', `"/../${OTHER}/Taslaklar/;UID=1"`],
    ['a NUL', '"/Taslaklar%00/;UID=1"'],
    ['a mailbox of before', '"/Taslaklar;UIDVALIDITY=1/;UID=1"'],
    ['no message', '"/Taslaklar/;UID=4711"'],
    ['no part', '"/Taslaklar/;UID=1/;SECTION=9"'],
    ['no header of a part', '"/Taslaklar/;UID=1/;SECTION=1.HEADER"'],
    ['the message that it is to be', '";UID=1"'],
    ['nothing', '""'],
  ])('a URL of %s refuses the command, and a literal behind it is not asked for', async (_, url) => {
    expect(await append(`CATENATE (TEXT {3+}\r\na:b URL ${url} TEXT {3}`)).toMatch(/^a NO \[BADURL [^\]]+\] /)
    expect(await target()).toEqual([])
  })

  test('what another account has under the same name is never seen', async () => {
    const other = await loggedIn(under, OTHER)
    other.send('p APPEND Taslaklar {3+}\r\ng:z\r\n')
    expect((await other.until('p ')).at(-1)).toMatch(/^p OK/)
    other.send('q APPEND Taslaklar CATENATE (URL "/Taslaklar/;UID=2")\r\n')
    expect((await other.until('q ')).at(-1)).toMatch(/^q NO \[BADURL/)
    other.end()
  })

  test('the URL that failed is shown without what would end the code or the line', async () => {
    client.send(`a APPEND hedef${count} CATENATE (URL {8+}\r\n/]x\r\n y\xff)\r\n`)
    expect((await client.until('a ')).at(-1)).toMatch(/^a NO \[BADURL \/%5Dx%0D%0A%20y[^\]]*\] /)
  })

  test.each([
    ['CATENATE ()'],
    ['CATENATE (TEXT)'],
    ['CATENATE (URL)'],
    ['CATENATE (NIL)'],
    ['CATENATE (TEXT "a")'],
    ['CATENATE (TEXT {3+}\r\na:b'],
    ['CATENATE (TEXT {3+}\r\na:bTEXT {3+}\r\na:b)'],
    ['CATENATE (CATENATE (TEXT {3+}\r\na:b))'],
    ['CATENATE TEXT {3+}\r\na:b'],
    ['CATENATE (TEXT {3+}\r\na:b) x'],
    ['CATENATE (UTF8 ({3+}\r\na:b))'],
    ['CATENATE (UTF8 (~{3+}\r\na:b)'],
    ['UTF8 ({3+}\r\na:b)'],
  ])('%j is none', async (parts) => {
    expect(await append(parts)).toMatch(/^a BAD/)
    expect((await client.command('n', 'NOOP')).at(-1)).toBe('n OK NOOP done')
    expect(await target()).toEqual([])
  })

  test('nothing at all is no message', async () => {
    expect(await append('CATENATE (TEXT {0+}\r\n)')).toMatch(/^a NO /)
    expect(await append('CATENATE (URL "/Taslaklar/;UID=1/;PARTIAL=99999.1")')).toMatch(/^a NO /)
    expect(await append('CATENATE (TEXT {0+}\r\n TEXT {3+}\r\na:b)')).toMatch(/^a OK/)
  })

  test('it grows no further than a message may, by whatever parts', async () => {
    const half = 'URL "/Taslaklar/;UID=2"'
    expect(await append(`CATENATE (${half} ${half})`)).toMatch(/^a OK/)
    expect(await append(`CATENATE (${half} ${half} TEXT {1}`)).toMatch(/^a NO \[TOOBIG\]/)
    expect(await append(`CATENATE (${half} TEXT {100001}`)).toMatch(/^a NO \[TOOBIG\]/)
    expect(await append(`CATENATE (${half} ${half} ${half})`)).toMatch(/^a NO \[TOOBIG\]/)
    await under.changeAccount(ACCOUNT, (document) => ({ ...document, quota: 500_000 }))
    expect(await append(`CATENATE (${half}) CATENATE (${half}) CATENATE (${half})`)).toMatch(
      /^a NO \[OVERQUOTA\]/,
    )
    await under.changeAccount(ACCOUNT, (document) => ({ ...document, quota: 1e9 }))
    expect((await target()).map(({ length }) => length)).toEqual([200_000])
  })

  test('ten thousand parts are too many, however they come', async () => {
    const texts = ` TEXT {3+}\r\na:b`.repeat(10_000).slice(1)
    expect(await append(`CATENATE (${texts})`)).toMatch(/^a NO \[LIMIT\]/)
    const urls = ' URL /Taslaklar/;UID=1/;SECTION=1'.repeat(1_001).slice(1)
    expect(await append(`CATENATE (${urls})`)).toMatch(/^a NO \[LIMIT\]/)
    const thousand = ' URL /Taslaklar/;UID=1/;SECTION=1'.repeat(1_000).slice(1)
    expect(await append(`CATENATE (${thousand})`)).toMatch(/^a OK/)
    expect(await target()).toEqual(['metin'.repeat(1_000)])
  })

  test('a client that goes away between two parts leaves nothing', async () => {
    client.send(`a APPEND hedef${count} CATENATE (URL "/Taslaklar/;UID=2" TEXT {70000}\r\n`)
    expect(await client.line()).toMatch(/^\+/)
    client.send('x'.repeat(70_000))
    await eventually(async () => ((await staged()).length === 1 ? true : undefined), 'something staged')
    client.end()
    await eventually(async () => ((await staged()).length === 0 ? true : undefined), 'nothing staged')
    expect(await target()).toEqual([])
  })

  test('a message that goes while it is taken is none', async () => {
    const { uid } = await under.deliver('Taslaklar', Buffer.from('a:b\r\n\r\nson'), { origin: 'client' })
    client.send(`a APPEND hedef${count} CATENATE (TEXT {3}\r\n`)
    await client.line()
    const other = await loggedIn(under)
    await other.command('s', 'SELECT Taslaklar')
    await other.command('d', `UID STORE ${uid} +FLAGS (\\Deleted)`)
    await other.command('e', `UID EXPUNGE ${uid}`)
    other.end()
    client.send(`x:y URL "/Taslaklar/;UID=${uid}")\r\n`)
    expect((await client.until('a ')).at(-1)).toMatch(/^a NO \[BADURL/)
  })
})

describe('content of a delivery that is catenated is read (design §3.8)', () => {
  const before =
    'Subject: teslim\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\naciklama\r\n--o\r\n\r\n'
  const dispatch = Buffer.from(`${before}gizli\r\n--o--\r\n`)
  let intake = 0
  const deliver = async (): Promise<number> => {
    const { uid } = await under.deliver(
      'INBOX',
      dispatch,
      deliveredAt(before.length, before.length + 5, `intake-${++intake}`),
    )
    return uid
  }

  test.each([
    ['/;SECTION=HEADER', 0],
    ['/;SECTION=1', 0],
    ['/;SECTION=1.MIME', 0],
    [`/;PARTIAL=0.${before.length}`, 0],
    ['', 1],
    ['/;SECTION=TEXT', 1],
    ['/;SECTION=2', 1],
    [`/;PARTIAL=${before.length + 4}.1`, 1],
  ])('%s: %i', async (section, reads) => {
    const uid = await deliver()
    expect(await append(tag(`"/INBOX/;UID=${uid}${section}"`))).toMatch(/^a OK/)
    expect(under.retrievals.reads).toHaveLength(reads)
  })

  test('once for each delivery, with the part that was taken first, and before the new message is there', async () => {
    const [one, two] = [await deliver(), await deliver()]
    let there: string[] | undefined
    under.retrievals.before = async () => {
      there ??= await target()
    }
    const parts = [`${one}/;SECTION=2`, `${two}`, `${one}`].map((part) => `URL /INBOX/;UID=${part}`)
    expect(await append(`CATENATE (${parts.join(' ')})`)).toMatch(/^a OK/)
    expect(there).toEqual([])
    expect(under.retrievals.reads).toMatchObject([
      { trigger: 'APPEND BODY[2]', delivery: { intake: `intake-${intake - 1}` } },
      { trigger: 'APPEND BODY[]', delivery: { intake: `intake-${intake}` } },
    ])
  })

  test('where the reading cannot be made durable nothing of it is to be had', async () => {
    const uid = await deliver()
    under.retrievals.before = async () => {
      throw new Error('the disk is gone')
    }
    expect(await append(tag(`/INBOX/;UID=${uid}`))).toMatch(/^a NO \[SERVERBUG\]/)
    expect(await target()).toEqual([])
  })

  test('a command that fails has read nothing', async () => {
    const uid = await deliver()
    expect(await append(`CATENATE (URL /INBOX/;UID=${uid} URL /yok/;UID=1)`)).toMatch(/^a NO \[BADURL/)
    expect(await append(`CATENATE (URL /INBOX/;UID=${uid} TEXT {200000}`)).toMatch(/^a NO \[TOOBIG\]/)
    expect(await append(`CATENATE (URL /INBOX/;UID=${uid}) (x) {0}`)).toMatch(/^a NO/)
    expect(under.retrievals.reads).toEqual([])
  })

  test('under the rule "seen" the flag says it, as for FETCH BODY.PEEK', async () => {
    under.retrievals.rule = 'seen'
    const uid = await deliver()
    expect(await append(tag(`/INBOX/;UID=${uid}`))).toMatch(/^a OK/)
    expect(under.retrievals.reads).toEqual([])
  })

  test('who may write and not read takes nothing', async () => {
    const uid = await deliver()
    await permit(PERMISSIONS.filter((permission) => permission !== 'read'))
    expect(await append(tag(`/INBOX/;UID=${uid}/;SECTION=1`))).toMatch(/^a NO \[NOPERM\]/)
    expect(await append('{3+}\r\na:b')).toMatch(/^a OK/)
  })
})
