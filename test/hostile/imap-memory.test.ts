import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { connect } from 'node:tls'
import { expect, test } from 'vitest'
import { LineClient } from '../fakes/dialogue.ts'
import { ACCOUNT, PASSWORD } from '../fakes/imap-server.ts'

const MIB = 1_048_576
/** What the garbage of a busy loop may add; ten times the size must not show. */
const ALLOWED = 16 * MIB

test('large messages in and out need no more memory than small ones (I8)', async () => {
  const script = new URL('../fakes/imap-server-process.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--max-semi-space-size=2', '--max-old-space-size=96', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => JSON.parse(String((await lines.next()).value))
  const peak = async (): Promise<number> => {
    child.stdin.write('\n')
    return (await next()).peak
  }
  try {
    const { port, ca } = await next()
    const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' })
    const client = new LineClient(socket)
    await client.line()
    await client.command('l', `LOGIN ${ACCOUNT} ${PASSWORD}`)
    const through = async (octets: number) => {
      const line = Buffer.from(`${'x'.repeat(74)}\r\n`)
      const count = Math.ceil(octets / line.length)
      const head = Buffer.from('Subject: x\r\nContent-Type: application/octet-stream\r\n\r\n')
      client.send(`a APPEND Taslaklar {${head.length + count * line.length}}\r\n`)
      await client.until('+ ')
      client.sendOctets(head)
      const block = Buffer.concat(Array.from({ length: 800 }, () => line))
      for (let left = count; left > 0; left -= 800) {
        const more = socket.write(block.subarray(0, Math.min(left, 800) * line.length))
        if (!more) await new Promise((resolve) => socket.once('drain', resolve))
      }
      client.send('\r\n')
      const uid = /APPENDUID \d+ (\d+)/.exec((await client.until('a ')).at(-1) ?? '')?.[1]
      expect(uid).toBeDefined()
      // Once more, as parts of a second message.
      client.send(`k APPEND Taslaklar CATENATE (TEXT {3+}\r\na:b URL "/Taslaklar/;UID=${uid}")\r\n`)
      expect((await client.until('k ')).at(-1)).toMatch(/^k OK/)
      await client.command('s', 'SELECT Taslaklar')
      expect((await client.command('f', 'FETCH * BODY.PEEK[]')).at(-1)).toMatch(/^f OK/)
    }
    // The collector lets buffers of some tens of MiB lie before it looks, whoever they belonged to: first it gets those.
    for (let warm = 0; warm < 10; warm++) await through(10 * MIB)
    const small = await peak()
    await through(100 * MIB)
    const large = await peak()
    expect(large - small).toBeLessThan(ALLOWED)
    // The longest header that is let in, its fields asked for fifty times over.
    const header = Buffer.from(`${'a: b\r\n'.repeat(MIB / 6)}\r\n`)
    client.send(`h APPEND Taslaklar {${header.length}}\r\n`)
    await client.until('+ ')
    client.sendOctets(header)
    client.send('\r\n')
    expect((await client.until('h ')).at(-1)).toMatch(/^h OK/)
    const items = Array.from({ length: 50 }, (_, at) => `BODY.PEEK[HEADER.FIELDS.NOT (x${at})]`)
    expect((await client.command('i', `FETCH * (${items.join(' ')})`)).at(-1)).toMatch(/^i OK/)
    expect((await peak()) - large).toBeLessThan(ALLOWED)
    socket.destroy()
  } finally {
    child.stdin.end()
    child.kill()
  }
})
