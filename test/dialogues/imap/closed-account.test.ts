import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LineClient } from '../../fakes/dialogue.ts'
import { ACCOUNT, type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

let under: ImapUnderTest
let client: LineClient
beforeAll(async () => {
  under = await startImap()
  client = await loggedIn(under)
  for (const subject of ['bir', 'iki'])
    await under.deliver('Taslaklar', Buffer.from(`Subject: ${subject}\r\n\r\ny\r\n`), {
      flags: ['\\Deleted'],
    })
  await client.command('c', 'CREATE kutu')
  await client.command('m', 'SETMETADATA kutu (/shared/comment "bizim" /private/comment "benim")')
  await client.command('s', 'SELECT Taslaklar')
  await under.changeAccount(ACCOUNT, (document) => ({ ...document, state: 'closed' }))
})
afterAll(async () => {
  client.end()
  await under[Symbol.asyncDispose]()
})

/** All that there is of the account but its document. */
async function everything(): Promise<unknown> {
  const { mailboxes, annotations } = under.store
  const boxes = await mailboxes.list(ACCOUNT)
  return {
    boxes: await Promise.all(
      boxes.map(async (row) => ({
        row,
        head: await mailboxes.head(row.id),
        rows: await mailboxes.page(row.id, 0, 99),
      })),
    ),
    subscriptions: await mailboxes.subscriptions(ACCOUNT),
    annotations: await annotations.list('', 99),
  }
}

describe('a closed account is read and not changed', () => {
  test.each([
    'STORE 1 +FLAGS (\\Seen)',
    'UID STORE 1:* FLAGS.SILENT ()',
    'STORE 1 -FLAGS (\\Deleted)',
    'COPY 1 kutu',
    'UID COPY 1 kutu',
    'MOVE 1 kutu',
    'UID MOVE 1 "&AMcA9g-p Kutusu"',
    'EXPUNGE',
    'UID EXPUNGE 1:*',
    'CREATE baska',
    'CREATE baska (USE (\\Junk))',
    'DELETE kutu',
    'RENAME kutu baska',
    'SUBSCRIBE kutu',
    'UNSUBSCRIBE INBOX',
    'SETMETADATA kutu (/shared/comment "x")',
    'SETMETADATA kutu (/private/comment NIL)',
    'SETMETADATA "" (/private/comment "x")',
    'UID REPLACE 1 Taslaklar {12+}\r\nSubject: x\r\n',
    'APPEND Taslaklar (\\Seen) {12+}\r\nSubject: x\r\n',
  ])('%s', async (text) => {
    const before = await everything()
    expect((await client.command('a', text)).at(-1)).toMatch(/^a NO \[NOPERM\] Hesap kapali/)
    expect(await everything()).toEqual(before)
  })

  test('CLOSE leaves without removing; what may be read is read', async () => {
    const before = await everything()
    expect((await client.command('c', 'CLOSE')).at(-1)).toMatch(/^c OK/)
    expect((await client.command('s', 'SELECT Taslaklar')).at(-1)).toMatch(/^s OK \[READ-ONLY\]/)
    expect(await client.command('g', 'GETMETADATA kutu (/shared/comment /private/comment)')).toEqual([
      '* METADATA "kutu" (/shared/comment "bizim" /private/comment "benim")',
      'g OK GETMETADATA done',
    ])
    expect((await client.command('f', 'FETCH 1 BODY[]')).at(-1)).toMatch(/^f OK/)
    expect(await client.command('r', 'MYRIGHTS kutu')).toContain('* MYRIGHTS "kutu" lr')
    expect(await everything()).toEqual(before)
  })
})
