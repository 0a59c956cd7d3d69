/** What becomes of a client that idles when its mailbox cannot be looked at. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'
import { failOnce } from '../../fakes/store-away.ts'

let under: ImapUnderTest
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())

const message = (subject: string) => Buffer.from(`Subject: ${subject}\r\n\r\nx\r\n`)

async function idling(box: string) {
  const client = await loggedIn(under)
  onTestFinished(() => client.end())
  await client.command('c', `CREATE ${box}`)
  await client.command('s', `SELECT ${box}`)
  client.send('i IDLE\r\n')
  await client.until('+')
  return client
}

test('the store does not answer for a moment: it idles on, and hears of all with the next change', async () => {
  const client = await idling('biri')
  const failed = failOnce(under.store.mailboxes, 'head')
  await under.deliver('biri', message('bir'))
  await expect.poll(failed).toBe(true)
  await under.deliver('biri', message('iki'))
  expect(await client.until('* 2 EXISTS')).toEqual(['* 2 EXISTS'])
  client.send('DONE\r\n')
  expect((await client.until('i')).at(-1)).toBe('i OK IDLE done')
  expect((await client.command('n', 'NOOP')).at(-1)).toMatch(/^n OK/)
})

test('a fault of ours ends the connection: an answer before DONE would be taken for that of another command', async () => {
  const client = await idling('ikisi')
  const failed = failOnce(under.store.mailboxes, 'head', { error: new TypeError('fault') })
  await under.deliver('ikisi', message('bir'))
  await expect.poll(failed).toBe(true)
  expect((await client.until('* BYE')).at(-1)).toMatch(/^\* BYE /)
})
