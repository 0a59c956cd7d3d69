import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LineClient } from '../fakes/dialogue.ts'
import { eventually } from '../fakes/eventually.ts'
import { ACCOUNT, connectTo, type ImapUnderTest, loggedIn, startImap } from '../fakes/imap-server.ts'

let under: ImapUnderTest
beforeAll(async () => {
  under = await startImap({ limits: { appendMax: 200_000 } })
  await under.deliver('INBOX', Buffer.from(`a:b\r\n\r\n${'x'.repeat(80_000)}`))
})
afterAll(() => under[Symbol.asyncDispose]())

async function selected(): Promise<LineClient> {
  const client = await loggedIn(under)
  await client.command('s', 'SELECT Taslaklar')
  return client
}

/** What the store has of the mailboxes: it must be what was answered with OK, and nothing else. */
async function messagesThere(): Promise<number> {
  let sum = 0
  for (const { id } of await under.store.mailboxes.list(ACCOUNT))
    sum += (await under.store.mailboxes.head(id))?.exists ?? 0
  return sum
}

const heads = [
  'APPEND hedef',
  'APPEND Taslaklar',
  'UID REPLACE * hedef',
  'REPLACE 1 Taslaklar',
  'APPEND {5+}\r\nhedef',
]
const literals = [
  '{3+}\r\na:b',
  '~{3+}\r\na:b',
  '{0+}\r\n',
  '{3+}\r\n\0\0\0',
  '{3+}\r\nç}',
  '{6+}\r\n{1+}\r\n',
]
const pieces = [
  ' ',
  ' ',
  ' ',
  '(',
  ')',
  ' CATENATE (',
  'TEXT ',
  'URL ',
  'UTF8 (',
  '(\\Seen)',
  '" 1-Jan-2026 00:00:00 +0000"',
  '/INBOX/;UID=1',
  '"/INBOX/;UID=1/;SECTION=1"',
  ';UID=1',
  '/Taslaklar%00/;UID=1',
  '{13+}\r\n/INBOX/;UID=1',
  '{4097',
  '}',
  '\r',
  'NIL',
  ...literals,
  ...literals,
]
/** Shapes that are mostly right, so that more than the first word is reached. */
const shaped = fc
  .array(
    fc.oneof(
      fc.constantFrom(...literals),
      fc
        .array(
          fc.constantFrom(
            'TEXT {3+}\r\na:b',
            'URL /INBOX/;UID=1',
            'URL {13+}\r\n/INBOX/;UID=1',
            'UTF8 (~{3+}\r\na:b)',
            'URL ";UID=1/;PARTIAL=0.9"',
            'URL /yok/;UID=1',
            'TEXT {3+}\r\na:bx',
          ),
          { minLength: 1, maxLength: 5 },
        )
        .map((parts) => `CATENATE (${parts.join(' ')})`),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((messages) => messages.map((message) => ` ${message}`).join(''))
const loose = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((all) => all.join(''))

test('whatever follows APPEND and REPLACE: it is done as a whole or not, the next command is the next, nothing stays staged [property]', async () => {
  let client = await selected()
  await client.command('c', 'CREATE hedef')
  let run = 0
  let appended = 0
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...heads), fc.oneof(shaped, loose), async (head, tail) => {
      const before = await messagesThere()
      const tag = `x${++run}`
      client.sendOctets(Buffer.from(`${tag} ${head}${tail}\r\nn${run} NOOP\r\n`, 'utf8'))
      let done = 0
      let answers = 0
      let isUnsure = false
      for (;;) {
        const line = await heardOf(client, () => client.send(`n${run} NOOP\r\n`.repeat(40)))
        if (line === undefined) {
          client = await selected()
          break
        }
        if (line.startsWith(`${tag} `)) answers++
        const uids = /APPENDUID \d+ ([0-9:,]+)\]/.exec(line)?.[1]
        if (uids !== undefined) appended++
        if (uids !== undefined && !/REPLACE/.test(head)) done += countOf(uids)
        if (line.startsWith('+ ')) client.send('\r\n')
        // A literal of ours may have swallowed it: then another is asked for until one is heard.
        if (line.startsWith(`n${run} `)) break
        if (answers > 0 && line.startsWith(`${tag} `)) client.send(`n${run} NOOP\r\n`.repeat(4))
        isUnsure ||= line.startsWith('* BYE')
      }
      if (!isUnsure) expect(answers).toBeLessThanOrEqual(1)
      expect(await messagesThere()).toBe(before + done)
      expect(await readdir(join(under.folder, 'blobs', 'incoming'))).toEqual([])
    }),
    { numRuns: 400 },
  )
  client.end()
  // It did not only refuse.
  expect(appended).toBeGreaterThan(3)
  expect(
    await under.parts.events.registry.getSingleMetric('openkep_internal_errors_total')?.get(),
  ).toMatchObject({ values: [] })
}, 120_000)

/** A literal may wait for more than was sent: then more is. */
async function heardOf(client: LineClient, ask: () => void): Promise<string | undefined> {
  const asking = setInterval(ask, 2_000)
  try {
    return await client.line()
  } finally {
    clearInterval(asking)
  }
}

const countOf = (uids: string): number =>
  uids.split(',').reduce((sum, range) => {
    const [from = 0, to = from] = range.split(':').map(Number)
    return sum + to - from + 1
  }, 0)

test('clients that leave in the middle, at any octet, leave nothing', async () => {
  const whole = Buffer.from(
    `a APPEND hedef2 CATENATE (TEXT {4000+}\r\n${'y'.repeat(4_000)} URL /INBOX/;UID=1 TEXT {3+}\r\na:b) (\\Seen) {3+}\r\na:b\r\n`,
  )
  const maker = await selected()
  await maker.command('c', 'CREATE hedef2')
  const row = await under.store.mailboxes.byName(ACCOUNT, 'hedef2')
  const cuts = [10, 25, 40, 60, 2_000, 4_038, 4_044, 4_050, 4_060, 4_070, 4_080, whole.length - 6]
  for (const cut of [...cuts, whole.length - 2, whole.length - 1]) {
    const socket = connectTo(under)
    const client = await loggedIn(under, ACCOUNT, socket)
    socket.end(whole.subarray(0, cut))
    while ((await client.line()) !== undefined);
    client.end()
  }
  await eventually(async () =>
    (await readdir(join(under.folder, 'blobs', 'incoming'))).length === 0 ? true : undefined,
  )
  expect((await under.store.mailboxes.head(row?.id ?? ''))?.exists).toBe(0)
  maker.sendOctets(whole)
  expect((await maker.until('a ')).at(-1)).toMatch(/^a OK \[APPENDUID \d+ 1:2\]/)
  maker.end()
})
