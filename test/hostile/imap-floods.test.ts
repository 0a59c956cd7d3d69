/** Too much of everything: what is refused, what is cut off, and what is done in full; others are served beside it. */
import type { TLSSocket } from 'node:tls'
import { constants, createDeflateRaw, createInflateRaw, deflateRawSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ResponseReader } from '../../scripts/fuzz/imap/responses.ts'
import { MAX_PARTS } from '../../server/imap/append/message-data.ts'
import { MAX_DEPTH, MAX_LEVELS, MAX_LINE } from '../../server/imap/limits.ts'
import { COMMAND_NAMES } from '../../server/imap/registry.ts'
import { LineClient } from '../fakes/dialogue.ts'
import { connectTo, type ImapUnderTest, loggedIn, startImap } from '../fakes/imap-server.ts'

let under: ImapUnderTest
let witness: LineClient
const open: LineClient[] = []
beforeAll(async () => {
  under = await startImap()
  for (let at = 1; at <= 3; at++) await under.deliver('INBOX', Buffer.from(`Subject: ${at}\r\n\r\n${at}\r\n`))
  witness = await loggedIn(under)
})
afterAll(() => under[Symbol.asyncDispose]())
afterEach(async () => {
  for (const client of open.splice(0)) client.end()
  expect((await witness.command('w', 'STATUS INBOX (MESSAGES)')).slice(-2)).toEqual([
    '* STATUS "INBOX" (MESSAGES 3)',
    'w OK STATUS done',
  ])
  const errors = under.parts.events.registry.getSingleMetric('openkep_internal_errors_total')
  expect(await errors?.get()).toMatchObject({ values: [] })
})

async function guest(mailbox = 'INBOX'): Promise<LineClient> {
  const client = await loggedIn(under)
  open.push(client)
  await client.command('s', `SELECT ${mailbox}`)
  return client
}
const ask = async (client: LineClient, text: string): Promise<string> =>
  (await client.command('a', text)).at(-1) ?? ''

test('before login every command but those that lead there is refused, and nothing is told', async () => {
  const client = new LineClient(connectTo(under))
  open.push(client)
  await client.line()
  const before = new Set(['AUTHENTICATE', 'CAPABILITY', 'ID', 'LOGIN', 'LOGOUT', 'NOOP', 'STARTTLS'])
  for (const name of COMMAND_NAMES.filter((one) => !before.has(one))) {
    for (const rest of ['', ' INBOX', ' 1 FLAGS', ' INBOX {5+}\r\nabcde'])
      expect(await client.command('b', `${name}${rest}`)).toEqual([
        `b BAD ${name} cannot be given in this state`,
      ])
    // Too many refusals in a row are a reason to let a stranger go.
    await client.command('n', 'NOOP')
  }
})

test('literals by the ten thousand: before login not more than an ID takes', async () => {
  const client = new LineClient(connectTo(under))
  open.push(client)
  await client.line()
  expect(await ask(client, `ID (${'{0+}\r\n '.repeat(14_000)}`)).toBe(
    'a NO [TOOBIG] Deger cok buyuk / The argument is too large',
  )
  expect(await ask(client, `ID (${'{0+}\r\n {0+}\r\n '.repeat(30)})`)).toMatch(/^a (?:OK|BAD) /)
})

test('literals by the ten thousand: of what came before only the beginning is looked at, and others are let in', async () => {
  const client = await guest()
  expect(await ask(client, `LIST "" (${'{0+}\r\n '.repeat(30_000)}x)`)).toMatch(/^a (?:NO|BAD) /)
})

test('a literal of more than 32 bits is refused like any that is too large', async () => {
  const client = await guest()
  expect(await ask(client, 'APPEND Taslaklar {99999999999}')).toMatch(/^a NO \[TOOBIG\]/)
  client.send('b APPEND Taslaklar {99999999999+}\r\n')
  expect(await client.line()).toMatch(/^\* BYE /)
})

describe('COMPRESS', () => {
  async function compressed(): Promise<{ socket: TLSSocket; gone: Promise<void> }> {
    const socket = connectTo(under)
    const client = await loggedIn(under, undefined, socket)
    open.push(client)
    await client.command('c', 'COMPRESS DEFLATE')
    return { socket, gone: new Promise((resolve) => socket.once('close', () => resolve())) }
  }

  test('a bomb of one line ends its session after a line and not after a gigabyte', async () => {
    const { socket, gone } = await compressed()
    const bomb = createDeflateRaw({ level: 9 })
    bomb.on('data', (piece: Buffer) => socket.write(piece))
    socket.on('error', () => {})
    const piece = Buffer.alloc(1 << 20, 'x')
    for (let at = 0; at < 64; at++)
      if (!bomb.write(piece)) await new Promise((resolve) => bomb.once('drain', resolve))
    bomb.end()
    await gone
  })

  test('a bomb of commands is answered command by command, and others are served meanwhile', async () => {
    const { socket } = await compressed()
    const count = 20_000
    const commands = Buffer.from(Array.from({ length: count }, (_, at) => `p${at} NOOP\r\n`).join(''))
    const answers = new LineClient(socket.pipe(createInflateRaw()))
    socket.write(deflateRawSync(commands, { finishFlush: constants.Z_SYNC_FLUSH }))
    expect((await witness.command('v', 'NOOP')).at(-1)).toMatch(/^v OK/)
    for (let at = 0; at < count; at++) expect(await answers.line()).toBe(`p${at} OK NOOP done`)
  })

  test('what is no DEFLATE ends its session', async () => {
    const { socket, gone } = await compressed()
    socket.write(Buffer.alloc(1000, 0xff))
    await gone
  })
})

describe('questions that are too large', () => {
  test('3,000 SELECTs at once are 3,000 mailboxes opened, in order', async () => {
    const client = await guest()
    const count = 3000
    client.send(Array.from({ length: count }, (_, at) => `p${at} SELECT INBOX\r\n`).join(''))
    for (let at = 0; at < count; at++)
      expect((await client.until(`p${at} `)).at(-1)).toBe(`p${at} OK [READ-WRITE] Opened`)
  })

  test.each([
    ['negations', 'NOT '.repeat(MAX_DEPTH + 1)],
    ['branches', 'OR ALL '.repeat(MAX_DEPTH + 1)],
    ['parentheses', '('.repeat(MAX_DEPTH + 1)],
  ])('a tree of %s has a depth', async (_, branches) => {
    expect(await ask(await guest(), `SEARCH ${branches}ALL`)).toBe('a BAD The command is nested too deeply')
  })

  test('a search has a number of keys', async () => {
    const client = await guest()
    expect(await ask(client, `SEARCH ${'ALL '.repeat(999)}ALL`)).toMatch(/^a OK/)
    expect(await ask(client, `SEARCH ${'ALL '.repeat(1000)}ALL`)).toBe('a BAD There are too many search keys')
  })

  test('a set that names messages ten thousand times over names each once', async () => {
    const client = await guest()
    const answers = await client.command('a', `FETCH ${'1:3,*,2,'.repeat(7000)}1 UID`)
    expect(answers).toEqual([
      '* 1 FETCH (UID 1)',
      '* 2 FETCH (UID 2)',
      '* 3 FETCH (UID 3)',
      expect.stringMatching(/^a OK/),
    ])
  })

  test('a set of 100,000 numbers is a line that is too long', async () => {
    const client = await guest()
    const set = Array.from({ length: 100_000 }, (_, at) => at + 1).join(',')
    expect(set.length).toBeGreaterThan(MAX_LINE)
    client.send(`a UID FETCH ${set} FLAGS\r\n`)
    expect(await client.line()).toBe('* BYE The line is too long')
  })
})

describe('messages made of too much', () => {
  test('CATENATE has a number of parts', async () => {
    const client = await guest('Taslaklar')
    const part = 'TEXT {1+}\r\nx'
    const parts = (count: number): string => Array.from({ length: count }, () => part).join(' ')
    expect(await ask(client, `APPEND Taslaklar CATENATE (${parts(MAX_PARTS)})`)).toMatch(/^a OK/)
    expect(await ask(client, `APPEND Taslaklar CATENATE (${parts(MAX_PARTS + 1)})`)).toMatch(
      /^a NO \[LIMIT\]/,
    )
    expect(await ask(client, 'NOOP')).toMatch(/^a OK/)
  })

  test('a message that is made of itself again and again stops at the size of one', async () => {
    const own = await startImap({ limits: { appendMax: 100_000 } })
    const client = await loggedIn(own)
    await client.command('s', 'SELECT Taslaklar')
    expect(await ask(client, `APPEND Taslaklar {20+}\r\na: b\r\n\r\n${'x'.repeat(12)}`)).toMatch(/^a OK/)
    const twice = (uid: number): string => `/Taslaklar/;UID=${uid}`
    let size = 20
    for (let uid = 1; size <= 100_000; uid++, size *= 2)
      expect(await ask(client, `APPEND Taslaklar CATENATE (URL ${twice(uid)} URL ${twice(uid)})`)).toMatch(
        size * 2 > 100_000 ? /^a NO \[(?:TOOBIG|LIMIT)\]/ : /^a OK/,
      )
    client.end()
    await own[Symbol.asyncDispose]()
  })

  test('MULTIAPPEND has a number of messages, and is all or none', async () => {
    const client = await guest('Taslaklar')
    const exists = async (): Promise<string | undefined> =>
      (await client.command('q', 'STATUS Taslaklar (MESSAGES)')).at(-2)
    const before = await exists()
    expect(await ask(client, `APPEND Taslaklar${' {4+}\r\na:b\n'.repeat(101)}`)).toMatch(/^a NO \[LIMIT\]/)
    expect(await exists()).toBe(before)
  })
})

describe('names, and what is shown again', () => {
  test('a hierarchy has a depth', async () => {
    const client = await guest()
    const deep = (levels: number): string => Array<string>(levels).fill('d').join('/')
    expect(await ask(client, `CREATE ${deep(MAX_LEVELS + 1)}`)).toMatch(/^a NO \[CANNOT\]/)
    expect(await ask(client, `CREATE ${deep(MAX_LEVELS)}`)).toMatch(/^a OK/)
    const levels = (await client.command('l', `LIST "" ${'%*'.repeat(200)}d`)).length - 1
    expect(levels).toBe(MAX_LEVELS)
  })

  test.each([
    ['NUL', 'a\0b'],
    ['CR and LF', 'a\r\n* BYE x'],
    ['LF', 'a\n* 99 EXISTS'],
    ['8-bit octets that are no UTF-8', '\u00ff\u00fe'],
    ['a control character in modified UTF-7', '&AAA-'],
    ['line ends in modified UTF-7', '&AA0ACg-* BYE x'],
    ['a surrogate alone', '&2AA-'],
  ])('%s: no mailbox has it in its name', async (_, name) => {
    const client = await guest()
    const octets = Buffer.from(name, 'latin1')
    client.sendOctets(
      Buffer.concat([Buffer.from(`a CREATE {${octets.length}+}\r\n`), octets, Buffer.from('\r\n')]),
    )
    expect((await client.until('a ')).at(-1)).toMatch(/^a (?:NO|BAD) /)
    expect((await client.command('l', 'LIST "" "a*"')).length).toBe(1)
  })

  test('whatever a client stores or asks for, its line ends are never ours', async () => {
    const socket = connectTo(under)
    const injected = 'x\r\n* BYE injected\r\nzz OK injected'
    const literal = `{${injected.length}+}\r\n${injected}`
    const commands = [
      `SETMETADATA INBOX (/shared/comment ${literal})`,
      'GETMETADATA INBOX /shared/comment',
      'LIST "" * RETURN (METADATA (/shared/comment))',
      `GETMETADATA INBOX (${literal})`,
      `STORE 1 +FLAGS (${literal})`,
      'FETCH 1 FLAGS',
      `FETCH 1 BODY.PEEK[HEADER.FIELDS (${literal})]`,
      `SEARCH HEADER ${literal} x`,
      `ID ("name" ${literal})`,
      `SELECT ${literal}`,
      `STATUS ${literal} (MESSAGES)`,
      `APPEND Taslaklar CATENATE (URL ${literal})`,
      `GETQUOTA ${literal}`,
      `LIST ${literal} ${literal}`,
      `ESEARCH IN (MAILBOXES ${literal}) ALL`,
    ]
    const client = await loggedIn(under, undefined, socket)
    open.push(client)
    await client.command('s', 'SELECT INBOX')
    const reader = new ResponseReader()
    const responses: string[] = []
    socket.on('data', (octets: Buffer) => {
      for (const { tag, text } of reader.read(octets.toString('latin1'))) responses.push(`${tag} ${text}`)
    })
    for (const [at, text] of commands.entries()) client.send(`t${at} ${text}\r\n`)
    await client.until(`t${commands.length - 1} `)
    const tagged = responses.filter((text) => /^t\d+ /.test(text))
    expect(tagged.map((text) => text.split(' ')[0])).toEqual(commands.map((_, at) => `t${at}`))
    expect(responses.filter((text) => /^\* BYE|^zz /.test(text))).toEqual([])
    expect(responses.some((text) => text.includes(literal.replace('+', '')))).toBe(true)
  })
})
