import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mailboxId } from '../../../server/imap/object-id.ts'
import { type LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { ACCOUNT, deliveredAt, type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

const TRASH = '"&AMcA9g-p Kutusu"'

let under: ImapUnderTest
let client: LineClient
beforeEach(async () => {
  client = await loggedIn(under)
})
afterEach(() => client.end())
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())

const idOf = async (name: string): Promise<string> =>
  mailboxId((await under.store.mailboxes.byName(ACCOUNT, name))!)
let count = 0
const deliver = async (name: string, more = {}): Promise<{ number: string }> => {
  const { uid } = await under.deliver(name, Buffer.from(`Subject: ${++count}\r\n\r\nx\r\n`), more)
  return { number: String(uid) }
}
/** Flags of the last message there. */
const lastIn = async (name: string): Promise<readonly string[]> => {
  const box = (await under.store.mailboxes.byName(ACCOUNT, name))!
  return (await under.store.mailboxes.page(box.id, 0, 1_000)).at(-1)?.flags ?? []
}
const lastUid = async (name: string): Promise<string> => {
  const box = (await under.store.mailboxes.byName(ACCOUNT, name))!
  return String((await under.store.mailboxes.uids(box.id)).at(-1))
}

describe('what is thrown away says where it was', () => {
  test('4.7: by MOVE, whatever that mailbox is called later; moved back it says nothing any more', async () => {
    await client.command('c', 'CREATE kira')
    const from = `$KEPFrom-${await idOf('kira')}`
    const { number } = await deliver('kira', { flags: ['\\Seen', 'benim'] })
    const watcher = await loggedIn(under)
    await watcher.command('w', 'SELECT kira')
    await runDialogue(
      client,
      `
      C: a1 SELECT kira
      S: ...
      S: a1 OK *
      C: a2 UID MOVE {{number}} {{TRASH}}
      S: * OK [COPYUID *
      S: * 1 EXPUNGE
      S: a2 OK *
      C: a3 RENAME kira sozlesme
      S: a3 OK *
      C: a4 SELECT {{TRASH}}
      S: ...
      S: a4 OK *
      C: a5 FETCH * FLAGS
      S: ...
      S: * * FETCH (FLAGS (\\Seen benim {{from}}))
      S: a5 OK *
      C: a6 SEARCH KEYWORD {{from}}
      S: * SEARCH 1
      S: a6 OK *
      # The client that restores looks the mailbox up.
      C: a7 LIST "" sozlesme RETURN (STATUS (MAILBOXID))
      S: * LIST (*) "/" "sozlesme"
      S: * STATUS "sozlesme" (MAILBOXID ({{id}}))
      S: a7 OK *
      C: a8 MOVE 1 sozlesme
      S: * OK [COPYUID *
      S: * 1 EXPUNGE
      S: a8 OK *
      `,
      { number, TRASH, from, id: await idOf('kira') },
    )
    expect(await lastIn('sozlesme')).toEqual(['\\Seen', 'benim'])
    // Others see it go, and no flag that it took along.
    const heard = await watcher.command('n', 'NOOP')
    expect(heard.filter((line) => line.includes('EXPUNGE'))).toHaveLength(1)
    watcher.end()
    await client.command('d', 'RENAME sozlesme kira')
  })

  test('by COPY, as clients do that delete afterwards: the copy says it, the original does not', async () => {
    const { number } = await deliver('Taslaklar')
    await client.command('s', 'SELECT Taslaklar')
    expect((await client.command('c', `UID COPY ${number} ${TRASH}`)).at(-1)).toMatch(/^c OK/)
    expect(await lastIn('Çöp Kutusu')).toEqual([`$KEPFrom-${await idOf('Taslaklar')}`])
    expect(await lastIn('Taslaklar')).toEqual([])
  })

  test('from one place in the trash to another it is still the first; a copy elsewhere says nothing', async () => {
    await client.command('c', `CREATE "&AMcA9g-p Kutusu/eski"`)
    const { number } = await deliver('Taslaklar')
    await client.command('s', 'SELECT Taslaklar')
    await client.command('m', `UID MOVE ${number} ${TRASH}`)
    await client.command('t', `SELECT ${TRASH}`)
    await client.command('m', `UID MOVE ${await lastUid('Çöp Kutusu')} "&AMcA9g-p Kutusu/eski"`)
    const from = `$KEPFrom-${await idOf('Taslaklar')}`
    expect(await lastIn('Çöp Kutusu/eski')).toEqual([from])
    await client.command('e', 'SELECT "&AMcA9g-p Kutusu/eski"')
    await client.command('c', `COPY * Ar&AV8-iv`)
    expect(await lastIn('Arşiv')).toEqual([])
    expect(await lastIn('Çöp Kutusu/eski')).toEqual([from])
  })

  test('evidence and delivered mail come back to where only the provider puts something', async () => {
    for (const [name, more] of [
      ['Deliller', {}],
      ['INBOX', deliveredAt(0, 1)],
      ['INBOX', {}],
    ] as const) {
      const { number } = await deliver(name, more)
      await client.command('s', `SELECT ${name}`)
      await client.command('m', `UID MOVE ${number} ${TRASH}`)
      await client.command('t', `SELECT ${TRASH}`)
      expect((await client.command('b', `UID MOVE ${await lastUid('Çöp Kutusu')} ${name}`)).at(-1)).toMatch(
        /^b OK/,
      )
      expect(await lastIn(name)).toEqual([])
    }
  })

  test('nobody makes a message look as if it came from there', async () => {
    const inbox = `$KEPFrom-${await idOf('INBOX')}`
    const evidence = `$KEPFrom-${await idOf('Deliller')}`
    client.send(`a APPEND ${TRASH} (${inbox} ${evidence}) {14+}\r\nSubject: x\r\n\r\n\r\n`)
    expect(await client.line()).toMatch(/^a OK/)
    const { number } = await deliver('Taslaklar')
    await client.command('s', 'SELECT Taslaklar')
    await client.command('f', `UID STORE ${number} +FLAGS (${inbox} ${evidence})`)
    expect(await lastIn('Taslaklar')).toEqual([])
    await client.command('m', `UID MOVE ${number} ${TRASH}`)
    await client.command('t', `SELECT ${TRASH}`)
    for (const box of ['INBOX', 'Deliller'])
      expect((await client.command('b', `MOVE 1:* ${box}`)).at(-1), box).toMatch(/^b NO \[NOPERM\]/)
  })

  test('two who move one message at once: where it ends it says what is true', async () => {
    const { number } = await deliver('Taslaklar')
    const other = await loggedIn(under)
    for (const each of [client, other]) await each.command('s', 'SELECT Taslaklar')
    const { mailboxes } = under.store
    const { move } = mailboxes
    mailboxes.move = async (...args) => {
      mailboxes.move = move
      expect((await other.command('m', `UID MOVE ${number} Ar&AV8-iv`)).at(-1)).toMatch(/^m OK/)
      return move(...args)
    }
    expect((await client.command('m', `UID MOVE ${number} ${TRASH}`)).at(-1)).toMatch(/^m OK/)
    other.end()
    expect(await lastIn('Arşiv')).toEqual([])
  })

  test('a mailbox that was renamed out of the trash opens nothing', async () => {
    const { number } = await deliver('Deliller')
    await client.command('c', 'CREATE "&AMcA9g-p Kutusu/gizli"')
    await client.command('s', 'SELECT Deliller')
    await client.command('m', `UID MOVE ${number} "&AMcA9g-p Kutusu/gizli"`)
    await client.command('r', 'RENAME "&AMcA9g-p Kutusu/gizli" acik')
    await client.command('t', 'SELECT acik')
    expect((await client.command('b', 'MOVE 1 Deliller')).at(-1)).toMatch(/^b NO \[NOPERM\]/)
  })

  test('where nothing was moved, nothing is said', async () => {
    const { number } = await deliver('Taslaklar')
    const { mailboxes } = under.store
    const { move } = mailboxes
    mailboxes.move = async () => {
      throw new Error('the disk is gone')
    }
    await client.command('s', 'SELECT Taslaklar')
    expect((await client.command('m', `UID MOVE ${number} ${TRASH}`)).at(-1)).toMatch(/^m NO \[SERVERBUG\]/)
    mailboxes.move = move
    expect(await lastIn('Taslaklar')).toEqual([])
  })
})
