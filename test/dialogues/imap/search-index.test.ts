import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defaultMimeLimits } from '../../../mail/mime-part.ts'
import { AccountDirectory } from '../../../server/accounts/directory.ts'
import { PasswordThread } from '../../../server/accounts/password-thread.ts'
import { Filling } from '../../../server/search-index/filling.ts'
import { attachment } from '../../fakes/attached-document.ts'
import type { LineClient } from '../../fakes/dialogue.ts'
import { ACCOUNT, deliveredAt, type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'
import { pdfOf } from '../../fakes/pdf.ts'
import { zip } from '../../fakes/zip.ts'

const plain = (subject: string, text: string, more = '') =>
  Buffer.from(
    `From: a@hs98.kep.tr\r\nSubject: ${subject}\r\nContent-Type: text/plain; charset=utf-8\r\n${more}\r\n${text}\r\n`,
  )
const base64 = (text: string) => Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\r\n')

const word = (text: string) =>
  zip([
    {
      name: 'word/document.xml',
      content: `<w:p><w:t>${text.slice(0, 3)}</w:t><w:t>${text.slice(3)}</w:t></w:p>`,
    },
  ])
const messages: readonly Buffer[] = [
  plain('birinci', 'İlgili makama'),
  plain('ikinci', 'ILGISIZ'),
  plain('ucuncu', base64('çok gizli İLGİLİ'), 'Content-Transfer-Encoding: base64\r\n'),
  plain('dorduncu', 'Sayin =C4=B0lg=\r\nili', 'Content-Transfer-Encoding: quoted-printable\r\n'),
  plain('=?utf-8?q?=C4=B0lgili_yaz=C4=B1?=', 'bos'),
  plain('buyuk', `${'x'.repeat(65_536 - 101)} ilgi`.padEnd(70_000, 'lili ')),
  Buffer.from('Subject: dis\r\nContent-Type: message/rfc822\r\n\r\nSubject: ilgili ic\r\n\r\nicerik\r\n'),
  Buffer.from('Content-Type: text/plain; charset=iso-8859-9\r\n\r\n\xddlgil\xfd\r\n', 'latin1'),
  Buffer.from(
    'Subject: ek\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Description: tanimi\r\n\r\nmetin\r\n--o\r\n' +
      "Content-Type: image/png\r\nContent-Disposition: attachment; filename*=utf-8''%C4%B0lgili%20resim.png\r\n\r\n--o--\r\n",
  ),
]

const original = 'From: a@hs98.kep.tr\r\nSubject: asil\r\n\r\ngizli metin\r\n'
const before =
  'Subject: teslim\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\naciklama\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n'
const dispatch = Buffer.from(`${before}${original}\r\n--o--\r\n`)
const content = [before.length + original.indexOf('\r\n\r\n') + 4, before.length + original.length] as const

let under: ImapUnderTest
let client: LineClient
let tags = 0
const passwords = new PasswordThread()

const filling = (isAllowed = true): Filling =>
  new Filling({
    store: under.store,
    directory: new AccountDirectory(under.store, passwords, 'hs98.kep.tr', under.parts.clock),
    clock: under.parts.clock,
    events: under.parts.events,
    isAllowed: () => isAllowed,
    headerOctets: defaultMimeLimits.headerOctets,
  })
const fill = () => filling().round(new AbortController().signal)

const choose = (state: 'on' | 'removing' | undefined) =>
  under.changeAccount(ACCOUNT, (account) => ({
    ...account,
    searchIndex: state && { state, since: new Date().toISOString() },
  }))

async function search(keys: string): Promise<string> {
  const answer = await client.command(`s${++tags}`, `SEARCH CHARSET UTF-8 ${keys}`)
  expect(answer.at(-1)).toContain('OK')
  return answer.find((line) => line.startsWith('* SEARCH')) ?? ''
}

async function select(name: string): Promise<string> {
  await client.command(`s${++tags}`, `SELECT ${name}`)
  return (await under.store.mailboxes.byName(ACCOUNT, name))!.id
}

/** Filters that say no to everything: who asks them finds nothing. */
async function denyAll(mailbox: string): Promise<void> {
  const uids = await under.store.mailboxes.uids(mailbox)
  const none = Uint8Array.of(4, 0, 0, 0, 0, 0)
  await under.store.mailboxes.setTextFilters(mailbox, new Map([...uids].map((uid) => [uid, none])))
}

beforeAll(async () => {
  under = await startImap()
  for (const message of messages) await under.deliver('Taslaklar', message)
  client = await loggedIn(under)
})
afterAll(async () => {
  client.end()
  await under[Symbol.asyncDispose]()
  await passwords[Symbol.asyncDispose]()
})

describe('RFC 9051 §6.4.4: with a search index the same is found as without', () => {
  const questions = [
    'TEXT ilgili',
    'TEXT "İLGİLİ"',
    'BODY ilgili',
    'NOT TEXT ilgili',
    'NOT BODY ilgili',
    'OR TEXT gizli SUBJECT ikinci',
    'OR NOT TEXT gizli BODY icerik',
    'TEXT ilgili NOT TEXT gizli',
    'TEXT ilgi TEXT lili',
    'BODY xlgili',
    'BODY "x ilgi"',
    'TEXT "ilgili yazı"',
    'TEXT il',
    'TEXT ""',
    'TEXT nirgendwo',
    'BODY birinci',
    'UID 1:3 TEXT ILGILI',
    'TEXT tanimi',
    'TEXT "ilgili resim"',
    'BODY resim',
  ]

  test.each(questions)('%s', async (question) => {
    const mailbox = await select('Taslaklar')
    await choose(undefined)
    const without = await search(question)
    await choose('on')
    expect(await search(question)).toBe(without)
    await fill()
    expect((await under.store.mailboxes.withoutTextFilter(mailbox, 0, 99)).uids).toEqual([])
    expect(await search(question)).toBe(without)
  })

  test('TEXT looks at the fields of parts and at the names of their files, BODY does not', async () => {
    await select('Taslaklar')
    await choose(undefined)
    expect(await search('TEXT tanimi TEXT "ilgili resim"')).toBe('* SEARCH 9')
    expect(await search('BODY tanimi')).toBe('* SEARCH')
    expect(await search('BODY resim')).toBe('* SEARCH')
  })

  test('filters are asked: where they deny it, nothing of three letters is found', async () => {
    const mailbox = await select('Taslaklar')
    await choose('on')
    await denyAll(mailbox)
    expect(await search('TEXT ilgili')).toBe('* SEARCH')
    expect(await search('NOT TEXT ilgili')).toBe('* SEARCH 1 2 3 4 5 6 7 8 9')
    expect(await search('TEXT il')).toBe('* SEARCH 1 2 3 4 5 6 7 8 9')
    expect(await search('SUBJECT ikinci')).toBe('* SEARCH 2')
  })

  test('an account that did not choose them, or a provider that switched them off, asks none', async () => {
    const mailbox = await select('Taslaklar')
    await denyAll(mailbox)
    await choose(undefined)
    expect(await search('TEXT ikinci')).toBe('* SEARCH 2')
    await choose('removing')
    expect(await search('TEXT ikinci')).toBe('* SEARCH 2')
    await choose('on')
    Object.assign(under.parts, { usesTextFilters: () => false })
    expect(await search('TEXT ikinci')).toBe('* SEARCH 2')
    Object.assign(under.parts, { usesTextFilters: () => true })
    expect(await search('TEXT ikinci')).toBe('* SEARCH')
  })

  test('a filter of another version says nothing', async () => {
    const mailbox = await select('Taslaklar')
    await choose('on')
    await under.store.mailboxes.setTextFilters(mailbox, new Map([[2, Uint8Array.of(2, 0, 0, 0, 0, 0)]]))
    expect(await search('TEXT ikinci')).toBe('* SEARCH 2')
    await under.store.mailboxes.clearTextFilters(mailbox)
  })

  test('what comes later, and what was copied, is found with its filter and before', async () => {
    await choose('on')
    const mailbox = await select('Taslaklar')
    await fill()
    await client.command(`s${++tags}`, 'CREATE Kopya')
    await client.command(`s${++tags}`, 'COPY 3 Kopya')
    await under.deliver('Kopya', plain('yeni', 'henuz dizinde yok'))
    const copies = await select('Kopya')
    expect((await under.store.mailboxes.withoutTextFilter(copies, 0, 9)).uids).toEqual([2])
    expect([await search('TEXT gizli'), await search('TEXT dizinde')]).toEqual(['* SEARCH 1', '* SEARCH 2'])
    await fill()
    expect((await under.store.mailboxes.withoutTextFilter(copies, 0, 9)).uids).toEqual([])
    expect([await search('TEXT gizli'), await search('TEXT dizinde')]).toEqual(['* SEARCH 1', '* SEARCH 2'])
    expect((await under.store.mailboxes.withoutTextFilter(mailbox, 0, 99)).uids).toEqual([])
  })
})

describe('of a delivery that nobody has read', () => {
  test('only headers and the introduction are found, and once it is read the content too', async () => {
    await choose('on')
    await under.deliver('INBOX', dispatch, deliveredAt(content[0], content[1], 'i1'))
    await select('INBOX')
    const questions = ['TEXT aciklama', 'TEXT asil', 'TEXT gizli', 'BODY metin', 'NOT TEXT gizli']
    const answers = async () => {
      const found: string[] = []
      for (const question of questions) found.push(await search(question))
      return found
    }
    const unread = ['* SEARCH 1', '* SEARCH 1', '* SEARCH', '* SEARCH', '* SEARCH 1']
    expect(await answers()).toEqual(unread)
    await fill()
    expect(await answers()).toEqual(unread)
    await client.command(`s${++tags}`, 'FETCH 1 BODY.PEEK[]')
    expect(await answers()).toEqual(['* SEARCH 1', '* SEARCH 1', '* SEARCH 1', '* SEARCH 1', '* SEARCH'])
    under.retrievals.reads.length = 0
  })

  test('it is asked whether it was read, and nothing of it is opened, whatever its content holds', async () => {
    await choose('on')
    await select('INBOX')
    await fill()
    const asked: string[] = []
    const { wasRead } = under.retrievals
    const { read, open } = under.store.blobs
    under.retrievals.wasRead = async (delivery) => {
      asked.push('was it read')
      return wasRead.call(under.retrievals, delivery)
    }
    under.store.blobs.read = (...args) => {
      asked.push('opened')
      return read.apply(under.store.blobs, args)
    }
    under.store.blobs.open = (...args) => {
      asked.push('opened')
      return open.apply(under.store.blobs, args)
    }
    const askedFor = async (text: string) => {
      asked.length = 0
      await search(`TEXT ${text}`)
      return [...asked]
    }
    const [held, notHeld] = [await askedFor('gizli'), await askedFor('baska')]
    Object.assign(under.retrievals, { wasRead })
    Object.assign(under.store.blobs, { read, open })
    expect(held).toEqual(['was it read'])
    expect(notHeld).toEqual(held)
  })
})

describe('RFC 9051 §6.4.4: a word in an attached document', () => {
  const kinds: [string, (text: string) => Buffer, string][] = [
    ['docx', word, 'w:t'],
    ['pdf', pdfOf, 'BaseFont'],
  ]
  test.each(kinds)(
    '%s: is found with a search index and without, and of a delivery once it was read',
    async (kind, write, code) => {
      const attached = (text: string) => attachment(write(text), 'application/octet-stream', `yazi.${kind}`)
      const document = attached('Şartname')
      const start = 'Subject: teslim\r\nContent-Type: message/rfc822\r\n\r\nSubject: asil\r\n'
      const bodyAt = start.length + document.indexOf('\r\n\r\n') + 4
      const own = await under.deliver('Taslaklar', document)
      await under.deliver('Taslaklar', attached('Baskasi'))
      const delivered = await under.deliver(
        'INBOX',
        Buffer.concat([Buffer.from(start), document]),
        deliveredAt(bodyAt, start.length + document.length, `of ${kind}`),
      )
      const among = `UID ${own.uid}:*`
      const answers = async () => {
        await select('Taslaklar')
        const found = [
          await search(`${among} BODY "şartname"`),
          await search(`${among} TEXT "ŞARTNAME"`),
          await search(`${among} BODY ${code}`),
        ]
        await select('INBOX')
        return [...found, await search(`UID ${delivered.uid} BODY "şartname"`)]
      }
      const none = '* SEARCH'
      const ofOwn = `* SEARCH ${own.uid}`
      await choose(undefined)
      expect(await answers()).toEqual([ofOwn, ofOwn, none, none])
      await choose('on')
      await fill()
      expect(await answers()).toEqual([ofOwn, ofOwn, none, none])
      await client.command(`s${++tags}`, `UID FETCH ${delivered.uid} BODY.PEEK[]`)
      expect(await answers()).toEqual([ofOwn, ofOwn, none, `* SEARCH ${delivered.uid}`])
      await choose(undefined)
      expect(await answers()).toEqual([ofOwn, ofOwn, none, `* SEARCH ${delivered.uid}`])
    },
  )
})

describe('RFC 9051 §6.4.4: HTML', () => {
  test.each([
    ['as it is shown', 'BODY "birim şefi"', true],
    ['as it is written', 'BODY "<b>bi"', true],
    ['what its style says', 'BODY "gizli{}"', true],
    ['what stands nowhere', 'BODY birimler', false],
  ])('%s', async (_, question, isFound) => {
    const html = '<style>gizli{}</style><b>bi</b>rim&nbsp;&#351;efi'
    const { uid } = await under.deliver(
      'Taslaklar',
      Buffer.from(`Content-Type: text/html\r\n\r\n${html}\r\n`),
    )
    await select('Taslaklar')
    for (const state of [undefined, 'on'] as const) {
      await choose(state)
      await fill()
      expect(await search(`UID ${uid} ${question}`)).toBe(isFound ? `* SEARCH ${uid}` : '* SEARCH')
    }
  })
})
