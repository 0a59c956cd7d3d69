/** Searches that take long: told of, given up where nobody waits, and never twice through the same document. */
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { BlobStore } from '../../../storage/port.ts'
import { attachment } from '../../fakes/attached-document.ts'
import type { LineClient } from '../../fakes/dialogue.ts'
import { type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'
import { pdfOf } from '../../fakes/pdf.ts'

const MESSAGES = 40
/** Each look at the time is a second later. */
let seconds = 0
const clock = { now: () => new Date(Date.UTC(2026, 0, 1) + 1_000 * seconds), monotonic: () => 0 }

let under: ImapUnderTest
beforeAll(async () => {
  under = await startImap({ clock })
  for (let n = 1; n <= MESSAGES; n++)
    await under.deliver('INBOX', Buffer.from(`Subject: ${n}\r\n\r\nmetin\r\n`))
})
afterAll(() => under[Symbol.asyncDispose]())

async function opened(box: string): Promise<LineClient> {
  const client = await loggedIn(under)
  onTestFinished(() => client.end())
  await client.command('s', `SELECT ${box}`)
  return client
}

/** Before each read of a body something happens; answers how many there were. */
function beforeReads(act: (count: number) => Promise<void> | void): () => number {
  const { blobs } = under.store
  const real = { read: blobs.read.bind(blobs), open: blobs.open.bind(blobs) }
  onTestFinished(() => void Object.assign(blobs, real))
  let count = 0
  Object.assign(blobs, {
    read: async (...given: Parameters<BlobStore['read']>) => {
      await act(++count)
      return real.read(...given)
    },
    async *open(...given: Parameters<BlobStore['open']>) {
      await act(++count)
      yield* real.open(...given)
    },
  })
  return () => count
}

test('how far it is is told from message to message [RFC 9585 §4]', async () => {
  const client = await opened('INBOX')
  beforeReads(() => {
    seconds += 4
  })
  const lines = await client.command('a', 'SEARCH BODY bulunmaz')
  expect(lines.filter((line) => line.startsWith('* OK [INPROGRESS ("a" ')).length).toBeGreaterThan(9)
})

test('it ends with its client', async () => {
  const client = await opened('INBOX')
  const reads = beforeReads(async (count) => {
    if (count > 1) return
    client.end()
    await setTimeout(100)
  })
  client.send('a SEARCH BODY bulunmaz\r\n')
  await expect.poll(reads).toBeGreaterThan(0)
  await setTimeout(300)
  expect(reads()).toBeLessThan(3)
})

test('a document is read once, however many words are looked for in it', async () => {
  const client = await opened('INBOX')
  await client.command('c', 'CREATE belgeler')
  await under.deliver('belgeler', attachment(pdfOf('ayva incir'), 'application/pdf'))
  await client.command('s', 'SELECT belgeler')
  const reads = beforeReads(() => {})
  expect((await client.command('a', 'SEARCH BODY bulunmaz'))[0]).toBe('* SEARCH')
  const once = reads()
  expect((await client.command('b', 'SEARCH OR BODY bulunmaz OR BODY olmaz BODY incir'))[0]).toBe(
    '* SEARCH 1',
  )
  expect(reads() - once).toBe(once)
})

test('a header is read once, however many of its fields are asked for', async () => {
  const client = await opened('INBOX')
  const reads = beforeReads(() => {})
  await client.command('o', 'SEARCH 1:3 NOT HEADER X-1 a')
  const once = reads()
  const keys = Array.from({ length: 50 }, (_, at) => `NOT HEADER X-${at} a`).join(' ')
  expect((await client.command('a', `SEARCH 1:3 ${keys}`))[0]).toBe('* SEARCH 1 2 3')
  expect(once).toBeGreaterThan(0)
  expect(reads() - once).toBe(once)
})
