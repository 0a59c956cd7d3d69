/** What is asked of whole mailboxes is answered from what is kept beside the messages; nobody sees where it is not kept. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

let under: ImapUnderTest
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())

const PART = '--b\r\nContent-Type: text/plain\r\n\r\nx\r\n'

test('among short ones a message whose subject and structure are too long to be kept', async () => {
  const client = await loggedIn(under)
  onTestFinished(() => client.end())
  const long = `Subject: ${'s'.repeat(20_000)}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${PART.repeat(1_000)}--b--\r\n`
  for (const message of ['Subject: bir\r\n\r\nx\r\n', long, 'Subject: iki\r\n\r\nx\r\n'])
    await under.deliver('Taslaklar', Buffer.from(message))
  await client.command('s', 'SELECT Taslaklar')
  const envelopes = await client.command('f', 'FETCH 1:* (UID ENVELOPE)')
  expect(subjects(envelopes)).toEqual(['bir', 20_000, 'iki'])
  const structures = (await client.command('g', 'FETCH 1:* (BODYSTRUCTURE)')).join('\r\n')
  expect(structures.match(/"text" "plain"/g)).toHaveLength(1 + 1_000 + 1)
})

test('flags, numbers and modseqs of a set with gaps, and of messages that are gone', async () => {
  const [client, other] = [await loggedIn(under), await loggedIn(under)]
  onTestFinished(() => {
    client.end()
    other.end()
  })
  await client.command('c', 'CREATE kutu')
  for (let n = 1; n <= 12; n++) await under.deliver('kutu', Buffer.from(`Subject: ${n}\r\n\r\nx\r\n`))
  for (const one of [client, other]) await one.command('s', 'SELECT kutu')
  await other.command('t', 'STORE 3 +FLAGS.SILENT (\\Deleted)')
  await other.command('e', 'EXPUNGE')
  const told = await client.command('f', 'FETCH 1:* (UID FLAGS)')
  expect(
    told.filter((line) => / FETCH \(UID /.test(line)).map((line) => Number(/UID (\d+)/.exec(line)?.[1])),
  ).toEqual([1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  expect(told.at(-1)).toMatch(/^f OK \[EXPUNGEISSUED\]/)
  // Numbers are still those that this client knows.
  expect(told.find((line) => line.includes('UID 4 '))).toMatch(/^\* 4 FETCH/)
  const some = await client.command('g', 'UID FETCH 2,5,9 (ENVELOPE MODSEQ)')
  expect(subjects(some)).toEqual(['2', '5', '9'])
})

/** As written; the length of what is a literal. */
const subjects = (lines: readonly string[]): (string | number)[] =>
  lines.flatMap((line) => {
    const said = /ENVELOPE \(NIL (?:"(.*?)"|\{(\d+)\}$)/.exec(line)
    return said === null ? [] : [said[1] ?? Number(said[2])]
  })
