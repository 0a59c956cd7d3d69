/** STORE without a word: nothing is told of the client's own change, all of what others do. [RFC 9051 §6.4.6] */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { MailboxStore } from '../../../storage/port.ts'
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

/** Another marks this message, after the client heard of all and before its own change. */
function changeBetween(uid: number): void {
  const { mailboxes } = under.store
  const store = mailboxes.store.bind(mailboxes)
  const restore = () => void Object.assign(mailboxes, { store })
  onTestFinished(restore)
  Object.assign(mailboxes, {
    store: async (...given: Parameters<MailboxStore['store']>) => {
      restore()
      await store(given[0], [uid], { mode: 'add', flags: ['\\Answered'] })
      return store(...given)
    },
  })
}

const ANSWERED = /^\* (\d+) FETCH \(.*\\Answered/
const answered = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => ANSWERED.exec(line)?.[1] ?? [])

test.each([
  ['another message', 30],
  ['a message that it changes itself', 3],
])('what another does to %s in the middle of it is told', async (_, uid) => {
  const [client, other] = await twoIn(`ikisi${uid}`)
  changeBetween(uid)
  const told = await client.command('a', 'STORE 1:5 +FLAGS.SILENT (\\Seen)')
  expect(answered(told)).toEqual([String(uid)])
  expect(told.at(-1)).toBe('a OK STORE done')
  expect(await client.command('n', 'NOOP')).toEqual(['n OK NOOP done'])
  const heard = await other.command('n', 'NOOP')
  expect(heard.filter((line) => line.includes('FETCH'))).toHaveLength(uid === 3 ? 5 : 6)
  // From here on silence is silent again.
  expect(await client.command('b', 'STORE 6:9 +FLAGS.SILENT (\\Seen)')).toEqual(['b OK STORE done'])
})

test('so it is to who is told of modseqs', async () => {
  const [client] = await twoIn('modseq')
  await client.command('e', 'FETCH 1 (MODSEQ)')
  changeBetween(3)
  expect(answered(await client.command('a', 'STORE 1:5 +FLAGS.SILENT (\\Seen)'))).toEqual(['3'])
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
