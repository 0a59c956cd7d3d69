import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { LineClient } from '../fakes/dialogue.ts'
import {
  ACCOUNT,
  connectTo,
  type ImapUnderTest,
  loggedIn,
  PASSWORD,
  startImap,
} from '../fakes/imap-server.ts'

let under: ImapUnderTest
/** For those who never log in: their wrong passwords would delay everybody from this address. */
let foreign: ImapUnderTest
/** A client that came before the attack and must be served after it. */
let witness: LineClient
const open: LineClient[] = []
beforeAll(async () => {
  under = await startImap()
  foreign = await startImap({ limits: { loginTimeMs: 5_000 } })
  await under.deliver('INBOX', Buffer.from('Subject: x\r\n\r\nbir\r\n'))
  witness = await loggedIn(under)
})
afterAll(() => Promise.all([under[Symbol.asyncDispose](), foreign[Symbol.asyncDispose]()]))
afterEach(async () => {
  for (const client of open.splice(0)) client.end()
  expect((await witness.command('w', 'STATUS INBOX (MESSAGES)')).at(-1)).toBe('w OK STATUS done')
  // Whatever came, it was refused as what it is; nothing of ours broke.
  for (const { parts } of [under, foreign])
    expect(await parts.events.registry.getSingleMetric('openkep_internal_errors_total')?.get()).toMatchObject(
      { values: [] },
    )
})

function stranger(): LineClient {
  const client = new LineClient(connectTo(foreign))
  open.push(client)
  return client
}

async function guest(): Promise<LineClient> {
  const client = await loggedIn(under)
  open.push(client)
  return client
}

/** Every command with its arguments; each argument position is attacked in turn. */
const commands: readonly (readonly string[])[] = [
  ['LOGIN', 'a', 'b'],
  ['AUTHENTICATE', 'PLAIN', 'AGEAYg=='],
  ['ID', '("name" "x")'],
  ['ENABLE', 'X'],
  ['SELECT', 'INBOX'],
  ['EXAMINE', 'INBOX'],
  ['LIST', '""', '*'],
  ['LIST', '(SUBSCRIBED)', '""', '*', 'RETURN', '(STATUS (MESSAGES))'],
  ['LIST', '""', '*', 'RETURN', '(METADATA (/shared/comment /private/specialuse))'],
  ['LSUB', '""', '*'],
  ['GETMETADATA', '(DEPTH 1 MAXSIZE 9)', 'INBOX', '(/shared/comment', '/private/comment)'],
  ['GETMETADATA', '"Giden Kutusu"', `/shared/vendor/openkep/evidence/M${'0'.repeat(64)}`],
  ['SETMETADATA', 'INBOX', '(/shared/comment', '"x"', '/private/comment', '~{3+}\r\nabc)'],
  ['STATUS', 'INBOX', '(MESSAGES)'],
  ['CREATE', 'x'],
  ['DELETE', 'x'],
  ['RENAME', 'x', 'y'],
  ['SUBSCRIBE', 'x'],
  ['UNSUBSCRIBE', 'x'],
  ['APPEND', 'x', '(\\Seen)', '" 2-Jan-2026 00:00:00 +0000"', '{3+}\r\nabc'],
  ['APPEND', 'x', '(\\Seen)', '{3+}\r\nabc', '()', '{3+}\r\nabc'],
  ['APPEND', 'x', 'CATENATE', '(TEXT', '{3+}\r\nabc', 'URL', '/INBOX/;UID=1', 'UTF8', '(~{3+}\r\nabc))'],
  ['REPLACE', '1', 'x', '(\\Seen)', '{3+}\r\nabc'],
  ['FETCH', '1', '(FLAGS)'],
  ['FETCH', '1', 'BODY[1.HEADER.FIELDS (X)]<1.2>'],
  ['UID', 'FETCH', '1', 'FLAGS'],
  ['STORE', '1', '+FLAGS', '(\\Flagged)'],
  ['SEARCH', 'RETURN', '(ALL)', 'OR', 'SUBJECT', 'x', 'NOT', 'UID', '1'],
  ['SEARCH', 'CHARSET', 'UTF-8', 'SINCE', '1-Jan-2026', 'LARGER', '1', 'KEYWORD', 'x', 'HEADER', 'a', 'b'],
  ['COPY', '1', 'x'],
  ['MOVE', '1', 'x'],
  ['UID', 'EXPUNGE', '1'],
  ['IDLE', 'x'],
  ['STARTTLS', 'x'],
]
const poisons = [
  'NIL',
  '(NIL NIL)',
  '()',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '""',
  '"',
  '\\',
  '(',
  ')',
  ']',
  '{',
  '{}',
  '{-1}',
  '{99999999999}',
  '{0+}\r\n',
  '~{0+}\r\n',
  '*',
  '0',
  '4294967296',
  '99999999999999999999',
  '1:4294967295,'.repeat(50) + '1',
  '$',
  '&AAAA-',
  '&&&',
  '\u0000',
  '\r',
  'ışık',
  '%'.repeat(400),
  '('.repeat(3000),
]

describe('arguments that are not what they should be', () => {
  test.each(poisons.map((poison) => [JSON.stringify(poison).slice(0, 40), poison]))(
    '%s',
    async (_, poison) => {
      for (const state of ['before login', 'selected']) {
        let client = await guestOf(state)
        let tag = 0
        for (const words of commands)
          for (let at = 1; at <= words.length; at++) {
            if (state === 'selected' && poison === '*' && words[0] === 'IDLE') continue
            const attacked = [...words.slice(0, at), poison, ...words.slice(at + 1)].join(' ')
            tag++
            client.send(`t${tag} ${attacked}\r\nn${tag} NOOP\r\n`)
            if (!(await answered(client, `n${tag} `))) client = await guestOf(state)
          }
      }
    },
  )

  async function guestOf(state: string): Promise<LineClient> {
    const client = state === 'selected' ? await guest() : stranger()
    if (state === 'selected') await client.command('s', 'SELECT INBOX')
    else await client.line()
    return client
  }

  /** False where the server let the client go. A question for more is answered with nothing. */
  async function answered(client: LineClient, tag: string): Promise<boolean> {
    for (;;) {
      const line = await client.line()
      if (line === undefined) return false
      if (line.startsWith(tag)) return true
      if (line.startsWith('+ ')) client.send('*\r\n')
    }
  }
})

describe('floods', () => {
  test('40,000 pipelined NOOPs are answered, each once and in order', async () => {
    const client = await guest()
    const count = 40_000
    client.send(Array.from({ length: count }, (_, at) => `p${at} NOOP\r\n`).join(''))
    let answered = 0
    while (answered < count) expect(await client.line()).toBe(`p${answered++} OK NOOP done`)
  })

  test('a line of 64 MB ends its session and costs nothing', async () => {
    const client = await guest()
    const piece = 'x'.repeat(1 << 20)
    for (let at = 0; at < 64; at++) client.send(piece)
    const last = await client.until('* BYE').catch(() => [])
    expect(last.length).toBeLessThanOrEqual(1)
  })

  test('literals before login are small, and there is an end to them', async () => {
    const client = stranger()
    await client.line()
    expect((await client.command('a', 'LOGIN {100000000}')).at(-1)).toMatch(/^a NO \[TOOBIG\]/)
    expect((await client.command('b', 'FETCH {5}')).at(-1)).toMatch(/^b BAD/)
    expect((await client.command('c', 'APPEND INBOX {5}')).at(-1)).toMatch(/^c BAD/)
    client.send('d LOGIN {1000+}\r\n')
    for (let at = 0; at < 400; at++) client.send(`${'x'.repeat(1000)} {1000+}\r\n`)
    expect((await client.until('d ')).at(-1)).toMatch(/^d (NO|BAD)/)
  })

  test('a literal of 100 MB that nobody agreed to ends the session', async () => {
    const client = await guest()
    client.send('a SUBSCRIBE {100000000+}\r\n')
    expect(await client.line()).toMatch(/^\* BYE/)
  })

  test('who only talks nonsense is let go', async () => {
    const client = stranger()
    await client.line()
    for (let at = 0; at < 200; at++) client.send('GET / HTTP/1.1\r\n')
    expect((await client.until('* BYE')).length).toBeLessThan(60)
  })

  test('passwords cannot be tried without end', async () => {
    const client = stranger()
    await client.line()
    client.send(Array.from({ length: 20 }, (_, at) => `p${at} LOGIN nobody@hs98.kep.tr x\r\n`).join(''))
    expect((await client.until('* BYE')).length).toBeLessThan(10)
  })
})

describe('clients that are slow, silent or half gone', () => {
  test('a client that never reads stops only itself', async () => {
    await under.deliver('Taslaklar', Buffer.alloc(3_000_000, 'Subject: x\r\n'))
    const client = await guest()
    await client.command('s', 'SELECT Taslaklar')
    const raw = connectTls({ host: '127.0.0.1', port: under.port, ca: under.ca, servername: 'localhost' })
    raw.on('error', () => {})
    raw.write(`l LOGIN ${ACCOUNT} ${PASSWORD}\r\ns SELECT Taslaklar\r\n`)
    for (let at = 0; at < 200; at++) raw.write(`f${at} FETCH 1 BODY.PEEK[]\r\n`)
    const opened = vi.spyOn(under.store.blobs, 'open')
    // It takes the first octets of the first message and then no more; 600 MB wait for it.
    await new Promise<void>((resolve) => {
      let taken = 0
      raw.on('data', (octets: Buffer) => {
        taken += octets.length
        if (taken < 100_000) return
        raw.pause()
        resolve()
      })
    })
    for (let at = 0; at < 5_000; at++) await client.command(`n${at}`, 'NOOP')
    // Pieces of 64 KiB: what the kernel holds for both sides, and not the 9,000 that were asked for.
    expect(opened.mock.calls.length).toBeLessThan(300)
    opened.mockRestore()
    raw.destroy()
  })

  test('who asks for two hundred pieces of a message is sent the first before the last is read', async () => {
    const { uid } = await under.deliver('Arşiv', Buffer.alloc(1_000_000, `${'x'.repeat(998)}\r\n`))
    const client = await guest()
    await client.command('s', 'SELECT Ar&AV8-iv')
    const { blobs } = under.store
    const { open: openBlob } = blobs
    let asked = 0
    const heard = Promise.withResolvers<void>()
    blobs.open = async function* (...args) {
      if (++asked === 20) await heard.promise
      yield* openBlob.apply(blobs, args)
    }
    try {
      const pieces = Array.from({ length: 200 }, (_, at) => `BODY.PEEK[]<${at}.65536>`)
      client.send(`f UID FETCH ${uid} (${pieces.join(' ')})\r\n`)
      expect(await client.line()).toMatch(/^\* 1 FETCH \(/)
      heard.resolve()
      for (let line = await client.line(); !line?.startsWith('f '); line = await client.line())
        expect(line).toBeDefined()
      expect(asked).toBe(200)
    } finally {
      heard.resolve()
      blobs.open = openBlob
    }
  })
  test('a connection that says nothing is ended before login', async () => {
    const client = stranger()
    await client.line()
    expect((await client.until('* BYE')).at(-1)).toMatch(/Too slow/)
  })

  test('a client that goes away in the middle of a literal leaves nothing behind', async () => {
    const client = await guest()
    client.send('a APPEND Taslaklar {1000000}\r\n')
    await client.until('+ ')
    client.send('x'.repeat(5000))
    client.end()
    const { mailboxes } = under.store
    const row = await mailboxes.byName(ACCOUNT, 'Taslaklar')
    expect((await mailboxes.head(row?.id ?? ''))?.exists).toBe(1)
  })

  test('a client that closes its side after its last command hears every answer', async () => {
    const socket = connectTo(under)
    const client = new LineClient(socket)
    open.push(client)
    await client.line()
    socket.end(`a LOGIN ${ACCOUNT} ${PASSWORD}\r\nb SELECT INBOX\r\nc FETCH 1 BODY.PEEK[]\r\n`)
    expect((await client.until('c ')).at(-1)).toMatch(/^c OK/)
    expect(await client.line()).toBeUndefined()
  })

  test('a TLS handshake that never comes after STARTTLS gives its place back', async () => {
    const slow = await startImap({ limits: { loginTimeMs: 300 } })
    const client = new LineClient(connect(slow.plainPort, '127.0.0.1'))
    await client.line()
    await client.command('a', 'STARTTLS')
    expect(slow.parts.census.size).toBe(1)
    await vi.waitFor(() => expect(slow.parts.census.size).toBe(0), 10_000)
    client.end()
    await slow[Symbol.asyncDispose]()
  })

  test('too many connections are told so', async () => {
    const full = await startImap({ connectionsPerIp: 1 })
    const first = new LineClient(connect(full.plainPort, '127.0.0.1'))
    await first.line()
    const second = new LineClient(connect(full.plainPort, '127.0.0.1'))
    expect(await second.line()).toMatch(/^\* BYE \[UNAVAILABLE\]/)
    expect(await second.line()).toBeUndefined()
    first.end()
    await full[Symbol.asyncDispose]()
  })

  test('who opens many connections and never begins TLS holds no more places than others', async () => {
    const full = await startImap({ connectionsPerIp: 3 })
    const silent = Array.from({ length: 20 }, () => connect(full.port, '127.0.0.1'))
    let closed = 0
    for (const socket of silent) {
      socket.on('error', () => {})
      socket.once('close', () => closed++)
    }
    await vi.waitFor(() => expect(closed).toBe(17), 10_000)
    expect(full.parts.census.size).toBe(3) // until the handshake's time is over
    for (const socket of silent) socket.destroy()
    await full[Symbol.asyncDispose]()
  })
})

describe('STARTTLS', () => {
  test('no login before TLS', async () => {
    const client = new LineClient(connect(under.plainPort, '127.0.0.1'))
    open.push(client)
    expect(await client.line()).toContain('STARTTLS LOGINDISABLED')
    expect((await client.command('a', `LOGIN ${ACCOUNT} ${PASSWORD}`)).at(-1)).toMatch(
      /^a NO \[PRIVACYREQUIRED\]/,
    )
    expect((await client.command('b', 'AUTHENTICATE PLAIN AGEAYg==')).at(-1)).toMatch(
      /^b NO \[PRIVACYREQUIRED\]/,
    )
  })

  test('commands injected behind STARTTLS are never obeyed', async () => {
    const socket = connect(under.plainPort, '127.0.0.1')
    const client = new LineClient(socket)
    open.push(client)
    await client.line()
    client.send('a STARTTLS\r\nb NOOP\r\n')
    expect(await client.line()).toMatch(/^a OK/)
    expect(await client.line()).toMatch(/^\* BYE/)
    expect(await client.line()).toBeUndefined()
  })

  test('after TLS the session begins anew', async () => {
    const socket = connect(under.plainPort, '127.0.0.1')
    const plain = new LineClient(socket)
    await plain.line()
    await plain.command('a', 'STARTTLS')
    socket.removeAllListeners('data')
    const tls = connectTls({ socket, ca: under.ca, servername: 'localhost' })
    const client = new LineClient(tls)
    open.push(client)
    expect((await client.command('b', 'CAPABILITY'))[0]).not.toContain('STARTTLS')
    expect((await client.command('c', 'STARTTLS')).at(-1)).toMatch(/^c BAD/)
    expect((await client.command('d', `LOGIN ${ACCOUNT} ${PASSWORD}`)).at(-1)).toMatch(/^d OK/)
  })
})

test('whole sessions of random words [property]', async () => {
  const words = fc.constantFrom(
    ...commands.flat(),
    ...poisons.filter((poison) => poison.length < 100),
    'UID',
    'DONE',
  )
  const line = fc.array(words, { maxLength: 8 }).map((picked) => picked.join(' '))
  let client = await guest()
  let count = 0
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 10 }), async (lines) => {
      const end = `end${++count}`
      client.send(`${lines.map((text, at) => `r${at} ${text}`).join('\r\n')}\r\nDONE\r\n${end} NOOP\r\n`)
      for (;;) {
        const answer = await client.line()
        if (answer === undefined) {
          client = await guest()
          break
        }
        if (answer.startsWith('+ ')) client.send(`*\r\n${end} NOOP\r\n`)
        if (answer.startsWith(`${end} `)) break
      }
    }),
    { numRuns: 150 },
  )
})
