import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Filed } from '../../../server/issue/filed.ts'
import { newIntake } from '../../contract/store/material.ts'
import { type LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { ACCOUNT, deliveredAt, type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

const original = [
  'Message-ID: <yazan.1@istemci.example>',
  'Content-Type: multipart/mixed; boundary=i',
  '',
  '--i',
  'Content-Type: message/rfc822',
  '',
  'Message-ID: <ekteki.1@istemci.example>',
  '',
  'ek',
  '--i--',
  '',
].join('\r\n')
const before = [
  'Message-ID: <zarf.1@hs99.kep.tr>',
  'Content-Type: multipart/mixed; boundary=o',
  '',
  '--o',
  'Content-Type: message/rfc822',
  '',
  '',
].join('\r\n')
const dispatch = Buffer.from(`${before}${original}\r\n--o--\r\n`)
const contentStart = before.length + original.indexOf('\r\n\r\n') + 4

let under: ImapUnderTest
let client: LineClient
beforeAll(async () => {
  under = await startImap()
  const { store } = under
  // The peer's dispatch has another outer id than the one that its provider gave the message.
  const intake = 'peer-intake'
  await store.accept(await newIntake(store, intake, 1, { names: ['<rem.1@hs99.kep.tr>'] }))
  await under.deliver('INBOX', dispatch, deliveredAt(contentStart, before.length + original.length, intake))
  const sent = Buffer.from('Message-ID: <giden.1@istemci.example>\r\n\r\nx\r\n')
  await under.deliver('Giden Kutusu', sent)
  const box = (await store.mailboxes.byName(ACCOUNT, 'Giden Kutusu'))!
  const [row] = await store.mailboxes.rows(box.id, [1])
  const names = ['<giden.1@istemci.example>', '<rem.2@hs98.kep.tr>', 'hs98.kep.tr <rem.2@hs98.kep.tr>']
  await store.accept(await newIntake(store, 'sent-intake', 2, { names }))
  await new Filed(store).put(
    { id: 'sent-intake', sender: { address: ACCOUNT, name: '' }, decidedAt: '2026-01-01' } as never,
    row!.body.hash,
  )
})
afterAll(() => under[Symbol.asyncDispose]())
beforeEach(async () => {
  client = await loggedIn(under)
})
afterEach(() => client.end())

describe('SEARCH HEADER Message-ID', () => {
  test('4.13: finds a dispatch by its own id, by that of the message in it and by that of its provider', () =>
    runDialogue(
      client,
      `
      C: a1 EXAMINE INBOX
      S: ...
      S: a1 OK *
      C: a2 SEARCH HEADER Message-ID "<zarf.1@hs99.kep.tr>"
      S: * SEARCH 1
      S: a2 OK *
      C: a3 SEARCH HEADER message-id "YAZAN.1@istemci"
      S: * SEARCH 1
      S: a3 OK *
      C: a4 SEARCH HEADER Message-ID rem.1@hs99.kep.tr
      S: * SEARCH 1
      S: a4 OK *
      # The provider's id is in no field of this dispatch: a part of it finds nothing.
      C: a5 SEARCH HEADER Message-ID rem.1@hs99
      S: * SEARCH
      S: a5 OK *
      C: a6 SEARCH HEADER Message-ID "<rem.2@hs98.kep.tr>"
      S: * SEARCH
      S: a6 OK *
      C: a7 SEARCH NOT HEADER Message-ID "<rem.1@hs99.kep.tr>"
      S: * SEARCH
      S: a7 OK *
      C: a8 SEARCH HEADER Message-ID ""
      S: * SEARCH 1
      S: a8 OK *
      C: a9 SEARCH HEADER Message-ID "<rem.1@hs99.kep.tr> <x@y>"
      S: * SEARCH
      S: a9 OK *
      `,
    ))

  test('what lies in content is found once that was read', async () => {
    await client.command('s', 'SELECT INBOX')
    const search = 'SEARCH HEADER Message-ID ekteki.1@istemci.example'
    expect((await client.command('a', search))[0]).toBe('* SEARCH')
    expect(under.retrievals.reads).toEqual([])
    await client.command('f', 'FETCH 1 BODY.PEEK[]')
    expect((await client.command('b', search))[0]).toBe('* SEARCH 1')
    under.retrievals.reads.length = 0
  })

  test('finds what was sent by the id that we gave it', () =>
    runDialogue(
      client,
      `
      C: a1 EXAMINE "Giden Kutusu"
      S: ...
      S: a1 OK *
      C: a2 SEARCH HEADER Message-ID rem.2@hs98.kep.tr
      S: * SEARCH 1
      S: a2 OK *
      C: a3 SEARCH HEADER Message-ID "<giden.1@istemci.example>"
      S: * SEARCH 1
      S: a3 OK *
      C: a4 SEARCH HEADER Message-ID "<rem.1@hs99.kep.tr>"
      S: * SEARCH
      S: a4 OK *
      C: a5 SEARCH HEADER Message-ID __proto__
      S: * SEARCH
      S: a5 OK *
      `,
    ))
})
