/** \Recent, which IMAP4rev1 has and IMAP4rev2 has not. [RFC 3501 §2.3.2] */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

let under: ImapUnderTest
let box: string
let count = 0
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())
beforeEach(async () => {
  box = `kutu${count++}`
  await using clients = connections()
  await (await clients.open()).command('c', `CREATE ${box}`)
  for (const subject of ['1', '2']) await deliver(subject)
})

const deliver = (subject: string) => under.deliver(box, Buffer.from(`Subject: ${subject}\r\n\r\nx\r\n`))
function connections() {
  const open: LineClient[] = []
  return {
    open: async () => {
      const client = await loggedIn(under)
      open.push(client)
      return client
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of open) client.end()
    },
  }
}
const dialogue = (client: LineClient, text: string) => runDialogue(client, text, { box })

test('who looks only leaves them for who comes; the first who opens is the last to be told', async () => {
  await using clients = connections()
  const [first, second] = [await clients.open(), await clients.open()]
  await dialogue(
    first,
    `
    C: a1 STATUS {{box}} (RECENT)
    S: * STATUS "{{box}}" (RECENT 2)
    S: a1 OK *
    C: a2 EXAMINE {{box}}
    S: ...
    S: * 2 EXISTS
    S: * 2 RECENT
    S: * OK [UNSEEN 1] *
    S: ...
    S: a2 OK *
    C: a3 SELECT {{box}}
    S: ...
    S: * 2 RECENT
    S: ...
    S: a3 OK *
    C: a4 FETCH 1:2 FLAGS
    S: * 1 FETCH (FLAGS (\\Recent))
    S: * 2 FETCH (FLAGS (\\Recent))
    S: a4 OK *
    C: a5 STORE 1 FLAGS (\\Seen)
    S: * 1 FETCH (FLAGS (\\Recent \\Seen))
    S: a5 OK *
    C: a6 SEARCH RECENT
    S: * SEARCH 1 2
    S: a6 OK *
    C: a7 SEARCH NEW
    S: * SEARCH 2
    S: a7 OK *
    C: a8 SEARCH OLD
    S: * SEARCH
    S: a8 OK *
    `,
  )
  await dialogue(
    second,
    `
    C: a1 SELECT {{box}}
    S: ...
    S: * 0 RECENT
    S: * OK [UNSEEN 2] *
    S: ...
    S: a1 OK *
    C: a2 FETCH 1:2 FLAGS
    S: * 1 FETCH (FLAGS (\\Seen))
    S: * 2 FETCH (FLAGS ())
    S: a2 OK *
    C: a3 SEARCH OLD
    S: * SEARCH 1 2
    S: a3 OK *
    C: a4 STATUS {{box}} (RECENT)
    S: * STATUS "{{box}}" (RECENT 0)
    S: a4 OK *
    `,
  )
})

test('of what comes while several have it open one is told', async () => {
  await using clients = connections()
  const open = [await clients.open(), await clients.open(), await clients.open()]
  for (const each of open) await each.command('s', `SELECT ${box}`)
  await deliver('3')
  const told = await Promise.all(open.map(async (each) => (await each.command('n', 'NOOP')).join('\n')))
  expect(told.every((lines) => lines.startsWith('* 3 EXISTS'))).toBe(true)
  expect(told.filter((lines) => / RECENT$/m.test(lines))).toHaveLength(1)
  const shown = await Promise.all(open.map(async (each) => (await each.command('f', 'FETCH 3 FLAGS')).join()))
  expect(shown.filter((lines) => lines.includes('\\Recent'))).toHaveLength(1)
})

test('IMAP4rev2 hears of none, and takes none away [RFC 9051 §E]', async () => {
  await using clients = connections()
  const [later, earlier] = [await clients.open(), await clients.open()]
  await later.command('e', 'ENABLE IMAP4rev2')
  const selected = (await later.command('s', `SELECT ${box}`)).join('\n')
  expect(selected).not.toMatch(/RECENT|UNSEEN/)
  expect((await later.command('f', 'FETCH 1 FLAGS')).join()).not.toContain('Recent')
  expect((await earlier.command('s', `SELECT ${box}`)).join('\n')).toContain('* 2 RECENT')
})

test('with a mailbox goes what was told of it', async () => {
  await using clients = connections()
  const client = await clients.open()
  await client.command('s', `SELECT ${box}`)
  await client.command('d', `DELETE ${box}`)
  await client.command('c', `CREATE ${box}`)
  await deliver('1')
  expect((await client.command('s', `SELECT ${box}`)).join('\n')).toContain('* 1 RECENT')
})

test('of a mailbox that is read for long the first unseen is not looked for at its end', async () => {
  await using clients = connections()
  const client = await clients.open()
  for (let n = 0; n < 1_000; n++)
    await under.deliver(box, Buffer.from('Subject: x\r\n\r\n'), { flags: ['\\Seen'] })
  await client.command('s', `SELECT ${box}`)
  await client.command('t', 'STORE 1:2 +FLAGS.SILENT (\\Seen)')
  await deliver('last')
  expect((await client.command('s', `SELECT ${box}`)).join('\n')).not.toContain('[UNSEEN')
  await client.command('t', 'STORE 1000 -FLAGS.SILENT (\\Seen)')
  expect((await client.command('s', `SELECT ${box}`)).join('\n')).toContain('[UNSEEN 1000]')
})
