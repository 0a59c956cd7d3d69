/** What becomes of a client that asked for events when the store cannot be looked at. [RFC 5465 §3] */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { LineClient } from '../../fakes/dialogue.ts'
import { type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'
import { failOnce } from '../../fakes/store-away.ts'

let under: ImapUnderTest
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())

const message = (subject: string) => Buffer.from(`Subject: ${subject}\r\n\r\nx\r\n`)

/** One that is told of, and another that changes things. */
async function two(...boxes: readonly string[]): Promise<[client: LineClient, other: LineClient]> {
  const [client, other] = [await loggedIn(under), await loggedIn(under)]
  onTestFinished(() => {
    client.end()
    other.end()
  })
  for (const box of boxes) await other.command('c', `CREATE ${box}`)
  return [client, other]
}

async function idle(client: LineClient): Promise<void> {
  client.send('i IDLE\r\n')
  await client.until('+')
}

const boxOfStatus = (line: string | undefined): string | undefined =>
  /^\* STATUS "(\w+)"/.exec(line ?? '')?.[1]

test('names that changed before the store failed half-way are told the next time', async () => {
  const [client, other] = await two()
  await client.command('n', 'NOTIFY SET (personal (MailboxName SubscriptionChange))')
  await idle(client)
  const failed = failOnce(under.store.mailboxes, 'subscriptions')
  await other.command('c', 'CREATE adi1')
  await expect.poll(failed).toBe(true)
  await other.command('c', 'CREATE adi2')
  const told = await client.until('* LIST (\\HasNoChildren) "/" "adi2"')
  expect(told).toEqual(['* LIST (\\HasNoChildren) "/" "adi1"', '* LIST (\\HasNoChildren) "/" "adi2"'])
})

test('a mailbox of which a hint came is looked at again where the store failed', async () => {
  const [client] = await two('ipucu1', 'ipucu2')
  await client.command('n', 'NOTIFY SET (mailboxes (ipucu1 ipucu2) (MessageNew MessageExpunge))')
  await idle(client)
  const failed = failOnce(under.store.mailboxes, 'head')
  await under.deliver('ipucu1', message('bir'))
  await expect.poll(failed).toBe(true)
  await under.deliver('ipucu2', message('bir'))
  const told = [boxOfStatus(await client.line()), boxOfStatus(await client.line())]
  expect(told.sort()).toEqual(['ipucu1', 'ipucu2'])
})

test('between commands it listens on, and hears of all with the next hint', async () => {
  const [client] = await two('arada')
  await client.command('n', 'NOTIFY SET (mailboxes arada (MessageNew MessageExpunge))')
  const failed = failOnce(under.store.mailboxes, 'head')
  await under.deliver('arada', message('bir'))
  await expect.poll(failed).toBe(true)
  await under.deliver('arada', message('iki'))
  expect(await client.line()).toMatch(/^\* STATUS "arada" \(MESSAGES 2 /)
})

test('a fault of ours ends the connection with a last word', async () => {
  const [client] = await two('kusur')
  await client.command('n', 'NOTIFY SET (mailboxes kusur (MessageNew MessageExpunge))')
  const failed = failOnce(under.store.mailboxes, 'head', { error: new TypeError('fault') })
  await under.deliver('kusur', message('bir'))
  await expect.poll(failed).toBe(true)
  expect(await client.line()).toMatch(/^\* BYE /)
})

test('what was asked for of a new message is sent with the next hint', async () => {
  const [client] = await two('yeni')
  await client.command('s', 'SELECT yeni')
  await client.command('n', 'NOTIFY SET (selected (MessageNew (UID) MessageExpunge))')
  await idle(client)
  const failed = failOnce(under.store.mailboxes, 'rows')
  await under.deliver('yeni', message('bir'))
  await expect.poll(failed).toBe(true)
  await under.deliver('yeni', message('iki'))
  const told = await client.until('* 2 FETCH')
  expect(told.filter((line) => line.includes('FETCH'))).toEqual(['* 1 FETCH (UID 1)', '* 2 FETCH (UID 2)'])
})

test('places in a sorted result that were given before the store failed are told, as later ones count with them', async () => {
  const [client] = await two('sirali')
  await under.deliver('sirali', message('m'))
  await client.command('s', 'SELECT sirali')
  await client.command('o', 'UID SORT RETURN (UPDATE COUNT) (SUBJECT) UTF-8 ALL')
  await under.deliver('sirali', message('z'))
  await under.deliver('sirali', message('a'))
  const failed = failOnce(under.store.mailboxes, 'indexes', { skip: 1 })
  const told = await client.command('n', 'NOOP')
  expect(failed()).toBe(true)
  expect(told.at(-1)).toMatch(/^n NO \[UNAVAILABLE\]/)
  expect(told).toContain('* ESEARCH (TAG "o") UID ADDTO (2 2)')
  expect(await client.command('n', 'NOOP')).toEqual(['* ESEARCH (TAG "o") UID ADDTO (1 3)', 'n OK NOOP done'])
})
