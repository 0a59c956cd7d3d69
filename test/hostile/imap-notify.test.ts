import { afterAll, beforeAll, expect, test } from 'vitest'
import { STANDARD_MAILBOXES } from '../../server/accounts/standard-mailboxes.ts'
import { MAX_MAILBOXES } from '../../server/imap/limits.ts'
import { LineClient } from '../fakes/dialogue.ts'
import { ACCOUNT, connectTo, type ImapUnderTest, loggedIn, startImap } from '../fakes/imap-server.ts'

let under: ImapUnderTest
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())

const message = (octets: number) => Buffer.from(`Subject: x\r\n\r\n${'x'.repeat(octets)}\r\n`)

test('a client that reads nothing gathers no events: of each mailbox it hears once how it is', async () => {
  const maker = await loggedIn(under)
  const names = Array.from({ length: 20 }, (_, at) => `dolu${at}`)
  for (const name of ['buyuk', ...names]) await maker.command('c', `CREATE ${name}`)
  await under.deliver('buyuk', message(8_000_000))
  const socket = connectTo(under)
  const client = new LineClient(socket)
  await client.line()
  await client.command('l', `LOGIN ${ACCOUNT} deneme`)
  await client.command('s', 'EXAMINE buyuk')
  await client.command('n', 'NOTIFY SET (subtree "" (MessageNew MessageExpunge))')
  client.send('f FETCH 1 BODY.PEEK[TEXT]\r\n')
  await client.until('* 1 FETCH')
  socket.pause()
  for (let round = 0; round < 10; round++) for (const name of names) await under.deliver(name, message(10))
  expect((await maker.command('n', 'NOOP')).at(-1)).toMatch(/^n OK/)
  socket.resume()
  await client.until(')')
  const heard = (await client.until('f OK')).filter((line) => line.startsWith('* STATUS'))
  expect(heard.map((line) => /"(\w+)" \(MESSAGES 10 /.exec(line)?.[1]).sort()).toEqual([...names].sort())
  socket.destroy()
  maker.end()
})

test('names by the ten thousand are refused before they are decoded', async () => {
  const client = await loggedIn(under)
  const many = (count: number) => `mailboxes (${Array.from({ length: count }, () => 'a').join(' ')})`
  const most = 2 * MAX_MAILBOXES - 1
  for (const [count, answer] of [
    [most, /^n OK/],
    [most + 1, /^n BAD/],
    [30_000, /^n BAD/],
  ] as const) {
    expect((await client.command('n', `NOTIFY SET (${many(count)} (MailboxName))`)).at(-1)).toMatch(answer)
    expect((await client.command('n', `ESEARCH IN (${many(count)}) ALL`)).at(-1)).toMatch(answer)
  }
  const kinds = Array.from({ length: 5_000 }, () => 'subtree a').join(' ')
  expect((await client.command('n', `ESEARCH IN (${kinds}) ALL`)).at(-1)).toMatch(/^n BAD/)
  client.end()
})

test('as many mailboxes as an account may have, and not one more', async () => {
  const { mailboxes } = under.store
  for (const { name } of await mailboxes.list(ACCOUNT))
    if (!STANDARD_MAILBOXES.some((box) => box.name === name))
      await mailboxes.delete((await mailboxes.byName(ACCOUNT, name))?.id ?? '')
  const missing = MAX_MAILBOXES - (await mailboxes.list(ACCOUNT)).length
  await Promise.all(Array.from({ length: missing }, (_, at) => mailboxes.create(ACCOUNT, `k${at}`, {})))
  const client = await loggedIn(under)
  const all = 'NOTIFY SET STATUS (personal (MessageNew MessageExpunge FlagChange MailboxName))'
  expect(await client.command('n', all)).toHaveLength(MAX_MAILBOXES + 1)
  const oneMore = await mailboxes.create(ACCOUNT, 'fazla', {})
  under.parts.accountHints.tell(ACCOUNT)
  expect(await client.line()).toBe('* LIST (\\HasNoChildren) "/" "fazla"')
  expect(await client.line()).toMatch(/^\* OK \[NOTIFICATIONOVERFLOW\]/)
  await under.deliver('k7', message(10))
  await under.deliver('INBOX', message(10))
  expect(await client.command('x', 'NOOP')).toHaveLength(1)
  expect((await client.command('n', all)).at(-1)).toMatch(/^n NO \[NOTIFICATIONOVERFLOW\]/)
  await mailboxes.delete(oneMore.id)
  expect((await client.command('n', all)).at(-1)).toMatch(/^n OK/)
  client.end()
})
