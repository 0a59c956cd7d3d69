/** STORE without a word: nothing is told of the client's own change, all of what others do. [RFC 9051 §6.4.6] */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { FlagChange, MailboxStore } from '../../../storage/port.ts'
import type { LineClient } from '../../fakes/dialogue.ts'
import { type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

let under: ImapUnderTest
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())

/** More than one batch of them, with gaps. */
const MESSAGES = 30

async function twoIn(box: string): Promise<[LineClient, LineClient]> {
  const [client, other] = [await loggedIn(under), await loggedIn(under)]
  onTestFinished(() => {
    client.end()
    other.end()
  })
  await client.command('c', `CREATE ${box}`)
  for (let n = 1; n <= MESSAGES; n++) await under.deliver(box, Buffer.from(`Subject: ${n}\r\n\r\nx\r\n`))
  for (const one of [client, other]) await one.command('s', `SELECT ${box}`)
  return [client, other]
}

const flagsIn = async (client: LineClient): Promise<string[]> =>
  (await client.command('f', 'FETCH 1:* (FLAGS)'))
    .filter((line) => line.includes(' FETCH ('))
    .map((line) => /FLAGS \((.*?)\)/.exec(line)?.[1] ?? '')

test('nothing is told to the client itself, and everything to another', async () => {
  const [client, other] = await twoIn('biri')
  expect(await client.command('a', 'STORE 2:29 +FLAGS.SILENT (\\Seen \\Flagged)')).toEqual([
    'a OK STORE done',
  ])
  expect(await client.command('b', 'NOOP')).toEqual(['b OK NOOP done'])
  const told = await other.command('n', 'NOOP')
  expect(told.filter((line) => line.includes('FETCH'))).toHaveLength(28)
  expect(await flagsIn(client)).toEqual(
    Array.from({ length: MESSAGES }, (_, i) =>
      i === 0 || i === 29 ? '\\Recent' : '\\Recent \\Seen \\Flagged',
    ),
  )
  const [status] = await client.command('t', 'STATUS biri (UNSEEN DELETED)')
  expect(status).toContain('(UNSEEN 2 DELETED 0)')
})

test('what another changes in the middle of it is told, though the rows of it are not read', async () => {
  const [client, other] = await twoIn('ikisi')
  const { mailboxes } = under.store
  const store = mailboxes.store.bind(mailboxes)
  let counted = 0
  onTestFinished(() => {
    mailboxes.store = store
  })
  Object.assign(mailboxes, {
    store: async (...given: Parameters<MailboxStore['store']>) => {
      const [mailbox, , change] = given
      const own: FlagChange = change
      if (own.unseen) {
        counted++
        await store(mailbox, [30], { mode: 'add', flags: ['\\Answered'] })
      }
      return store(...given)
    },
  })
  const told = await client.command('a', 'STORE 1:5 +FLAGS.SILENT (\\Seen)')
  expect(counted).toBe(1)
  expect(told).toEqual(['* 30 FETCH (UID 30 FLAGS (\\Recent \\Answered))', 'a OK STORE done'])
  expect((await other.command('n', 'NOOP')).filter((line) => line.includes('FETCH'))).toHaveLength(6)
})

test('to who asked for a modseq once the modseq of each is told, as ever', async () => {
  const [client] = await twoIn('ucu')
  await client.command('e', 'FETCH 1 (MODSEQ)')
  const told = await client.command('a', 'STORE 1:5 +FLAGS.SILENT (\\Seen)')
  expect(told.filter((line) => /^\* \d FETCH \(.*MODSEQ \(\d+\)/.test(line))).toHaveLength(5)
})

test('messages that are gone are counted', async () => {
  const [client, other] = await twoIn('dordu')
  await other.command('d', 'STORE 4 +FLAGS.SILENT (\\Deleted)')
  await other.command('x', 'EXPUNGE')
  const told = await client.command('a', 'STORE 1:10 -FLAGS.SILENT (\\Seen)')
  expect(told.at(-1)).toBe('a OK [EXPUNGEISSUED] Some messages are gone')
})
