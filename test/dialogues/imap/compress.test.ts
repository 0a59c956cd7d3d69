import { Duplex } from 'node:stream'
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { ACCOUNT, connectTo, type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

let under: ImapUnderTest
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())

async function opened() {
  const socket = connectTo(under)
  return { socket, client: await loggedIn(under, ACCOUNT, socket) }
}

/** The client's side of the same connection, compressed. */
function compressed(socket: Duplex): LineClient {
  const input = createInflateRaw()
  const output = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH })
  socket.pipe(input)
  output.pipe(socket)
  return new LineClient(Duplex.from({ readable: input, writable: output } as never))
}

describe('COMPRESS=DEFLATE [RFC 4978 §3]', () => {
  test('everything after the answer, both ways, a large message and LOGOUT', async () => {
    const { socket, client } = await opened()
    expect((await client.command('c', 'CAPABILITY'))[0]).toContain(' COMPRESS=DEFLATE ')
    expect((await client.command('x', 'COMPRESS LZ4')).at(-1)).toMatch(/^x BAD/)
    expect((await client.command('z', 'COMPRESS DEFLATE')).at(-1)).toMatch(/^z OK/)
    socket.removeAllListeners('data')
    const inside = compressed(socket)
    await runDialogue(
      inside,
      `
      C: a1 COMPRESS DEFLATE
      S: a1 NO [COMPRESSIONACTIVE] *
      C: a2 CREATE sikisik
      S: a2 OK *
      C: a3 SELECT sikisik
      S: ...
      S: a3 OK *
      `,
    )
    expect((await inside.command('c', 'CAPABILITY'))[0]).not.toContain('COMPRESS')
    const line = `${'metin '.repeat(10)}\r\n`
    const octets = `Subject: x\r\n\r\n${line.repeat(50_000)}`
    inside.send(`a4 APPEND sikisik {${octets.length}}\r\n`)
    expect(await inside.line()).toMatch(/^\+/)
    inside.send(`${octets}\r\n`)
    expect((await inside.until('a4')).at(-1)).toMatch(/^a4 OK/)
    const read = socket.bytesRead
    const lines = await inside.command('a5', 'UID FETCH 1 BODY.PEEK[TEXT]')
    expect(lines.filter((one) => `${one}\r\n` === line)).toHaveLength(50_000)
    expect(socket.bytesRead - read).toBeLessThan(octets.length / 20)
    expect((await inside.command('a6', 'LOGOUT')).map((one) => one.slice(0, 5))).toEqual(['* BYE', 'a6 OK'])
  })

  test('octets that are no DEFLATE end this connection and no other', async () => {
    const { socket, client } = await opened()
    await client.command('z', 'COMPRESS DEFLATE')
    socket.removeAllListeners('data')
    const inside = compressed(socket)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write(Buffer.alloc(4_000, 0xff))
    expect(await inside.line()).toMatch(/^\* BYE /)
    await closed
    const other = await opened()
    expect((await other.client.command('n', 'NOOP')).at(-1)).toMatch(/^n OK/)
    other.client.end()
  })

  test('a line that unfolds to a thousand times its size is cut where every line is', async () => {
    const { socket, client } = await opened()
    await client.command('z', 'COMPRESS DEFLATE')
    socket.removeAllListeners('data')
    const inside = compressed(socket)
    inside.send(`a1 NOOP ${'x'.repeat(50_000_000)}`)
    expect((await inside.until('*')).at(-1)).toContain('BYE The line is too long')
    socket.destroy()
  })

  test('what is sent with the command is not taken for what follows it', async () => {
    const { client } = await opened()
    client.send('z COMPRESS DEFLATE\r\na1 NOOP\r\n')
    expect((await client.until('* BYE')).at(-1)).toContain('Nothing may follow COMPRESS')
    client.end()
  })
})
