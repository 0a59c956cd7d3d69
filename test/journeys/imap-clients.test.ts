import { ImapFlow } from 'imapflow'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { multipartSigned } from '../../scripts/client/signed-message.ts'
import { ACCOUNT, type ImapUnderTest, PASSWORD, startImap } from '../fakes/imap-server.ts'
import { mimeShapes } from '../fakes/mime-shapes.ts'

let under: ImapUnderTest
let flow: ImapFlow
beforeAll(async () => {
  under = await startImap()
  flow = await connected(under.port, true)
})
afterAll(async () => {
  await flow.logout()
  await under[Symbol.asyncDispose]()
})

async function connected(port: number, secure: boolean): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: 'localhost',
    port,
    secure,
    auth: { user: ACCOUNT, pass: PASSWORD },
    tls: { ca: under.ca },
    logger: false,
  })
  await client.connect()
  return client
}

test('imapflow logs in under STARTTLS', async () => {
  const client = await connected(under.plainPort, false)
  expect(client.secureConnection).toBe(true)
  await client.logout()
})

test('imapflow sees the mailboxes by name and use', async () => {
  const boxes = await flow.list({ statusQuery: { messages: true } })
  const uses = new Map(boxes.map((box) => [box.path, box.specialUse]))
  expect([...uses.keys()].sort()).toEqual(
    [
      'Arşiv',
      'Arşiv/Gelen',
      'Arşiv/Giden',
      'Deliller',
      'Giden Kutusu',
      'INBOX',
      'Taslaklar',
      'Çöp Kutusu',
    ].sort(),
  )
  expect(uses.get('Çöp Kutusu')).toBe('\\Trash')
  expect(uses.get('Giden Kutusu')).toBe('\\Sent')
})

test.each([...mimeShapes])('imapflow gets back the octets that it put: %s', async (_, shape) => {
  const message = multipartSigned('From: a@hs98.kep.tr\r\nSubject: imza\r\n', shape, 'AAAA')
  const put = await flow.append('Taslaklar', message, ['\\Seen'])
  const lock = await flow.getMailboxLock('Taslaklar')
  try {
    const uid = put === false ? 0 : (put.uid ?? 0)
    const got = await flow.fetchOne(
      String(uid),
      { source: true, bodyStructure: true, size: true },
      { uid: true },
    )
    if (got === false || got === undefined) throw new Error('it is not there')
    expect(got.source?.equals(message)).toBe(true)
    expect(got.size).toBe(message.length)
    expect(got.bodyStructure?.type).toBe('multipart/signed')
    const parts = await flow.fetchOne(
      String(uid),
      { bodyParts: ['1.mime', '1', 'text'], headers: true },
      { uid: true },
    )
    const part = (name: string) => (parts ? parts.bodyParts?.get(name) : undefined)
    expect(
      Buffer.concat([part('1.mime') ?? Buffer.alloc(0), part('1') ?? Buffer.alloc(0)]).equals(shape),
    ).toBe(true)
    const header = (parts ? parts.headers : undefined) ?? Buffer.alloc(0)
    expect(Buffer.concat([header, part('text') ?? Buffer.alloc(0)]).equals(message)).toBe(true)
  } finally {
    lock.release()
  }
})

test('imapflow flags, searches, moves, downloads and deletes', async () => {
  const text =
    'Subject: =?utf-8?b?xLBMR8SwTMSw?=\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nacWfbGVt\r\n'
  await flow.append('Arşiv/Gelen', Buffer.from(text))
  const lock = await flow.getMailboxLock('Arşiv/Gelen')
  try {
    await flow.messageFlagsAdd('1:*', ['\\Flagged', 'etiket'])
    expect(await flow.search({ subject: 'ilgili', flagged: true }, { uid: true })).toEqual([1])
    expect(await flow.search({ body: 'işlem' })).toEqual([1])
    const { content } = await flow.download('1', '1', { uid: true })
    const pieces: Buffer[] = []
    for await (const piece of content as AsyncIterable<Buffer>) pieces.push(piece)
    expect(Buffer.concat(pieces).toString()).toBe('işlem')
    const moved = await flow.messageMove('1', 'Çöp Kutusu', { uid: true })
    expect(moved === false ? undefined : moved.uidMap?.get(1)).toBe(1)
  } finally {
    lock.release()
  }
  const trash = await flow.getMailboxLock('Çöp Kutusu')
  try {
    expect(await flow.messageDelete('1:*')).toBe(true)
    expect(flow.mailbox === false ? undefined : flow.mailbox.exists).toBe(0)
  } finally {
    trash.release()
  }
})

test('imapflow puts a draft into Taslaklar', async () => {
  await flow.append('Taslaklar', Buffer.from('Subject: yarim\r\n\r\nsonra\r\n'), ['\\Draft'])
  const lock = await flow.getMailboxLock('Taslaklar')
  try {
    const found = await flow.fetchAll({ draft: true }, { envelope: true, flags: true })
    expect(found.map(({ envelope, flags }) => [envelope?.subject, [...(flags ?? [])]])).toEqual([
      ['yarim', ['\\Draft']],
    ])
  } finally {
    lock.release()
  }
})

test('imapflow hears of new mail while it idles', async () => {
  const lock = await flow.getMailboxLock('INBOX')
  try {
    const heard = new Promise<number>((resolve) =>
      flow.once('exists', ({ count }: { count: number }) => resolve(count)),
    )
    const idle = flow.idle()
    await under.deliver('INBOX', Buffer.from('Subject: yeni\r\n\r\n'))
    expect(await heard).toBe(1)
    await flow.noop()
    await idle
  } finally {
    lock.release()
  }
})
