import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LineClient } from '../../fakes/dialogue.ts'
import { ACCOUNT, type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

let under: ImapUnderTest
let client: LineClient
beforeAll(async () => {
  under = await startImap()
  client = await loggedIn(under)
  await client.command('c', 'CREATE kutu')
  await client.command('s', 'SELECT kutu')
})
afterAll(async () => {
  client.end()
  await under[Symbol.asyncDispose]()
})

const CONTENT = Buffer.concat([Buffer.alloc(200), Buffer.from([0xff, 0x0d, 0x0a, 0x00])])
const part = (type: string, encoding: string, body: Buffer | string): Buffer =>
  Buffer.concat([
    Buffer.from(`Content-Type: ${type}\r\nContent-Transfer-Encoding:\r\n ${encoding}\r\nX-A: b\r\n\r\n`),
    Buffer.from(body as string),
  ])
const bag = (type: string, ...parts: Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from(`Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: ${type}; boundary=b\r\n\r\n`),
    ...parts.flatMap((each) => [Buffer.from('--b\r\n'), each, Buffer.from('\r\n')]),
    Buffer.from('--b--\r\n'),
  ])

async function append(octets: Buffer): Promise<string> {
  client.send(`a APPEND kutu ~{${octets.length}}\r\n`)
  const first = await client.line()
  if (first?.startsWith('+') !== true) return String(first)
  client.sendOctets(Buffer.concat([octets, Buffer.from('\r\n')]))
  for (;;) {
    const line = String(await client.line())
    if (line.startsWith('a ')) return line
  }
}

/** What the server keeps of the last message. */
async function kept(): Promise<Buffer> {
  const { mailboxes, blobs } = under.store
  const box = await mailboxes.byName(ACCOUNT, 'kutu')
  const row = (await mailboxes.page(box?.id ?? '', 0, 100)).at(-1)
  return Buffer.from(await blobs.read(row!.body))
}

test('binary parts with NUL are kept in base64, and handed out as they came [RFC 9051 §6.3.12]', async () => {
  const text = part('text/plain', 'binary', 'düz\r\n')
  const octets = bag('multipart/mixed', text, part('application/octet-stream', 'BINARY', CONTENT))
  expect(await append(octets)).toMatch(/^a OK \[APPENDUID/)
  const stored = await kept()
  expect(stored.includes(0)).toBe(false)
  const lines = stored.toString('latin1').split('\r\n')
  expect(Math.max(...lines.map(({ length }) => length))).toBe(76)
  const base64 = CONTENT.toString('base64').replace(/.{76}/g, '$&\r\n')
  expect(stored.toString('latin1')).toContain(
    `Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nX-A: b\r\n\r\n${base64}\r\n\r\n--b--\r\n`,
  )
  expect(stored.toString('latin1').startsWith('Subject: x\r\nMIME-Version: 1.0\r\n')).toBe(true)
  const answer = (await client.command('f', 'FETCH * (BINARY.SIZE[2] BINARY.SIZE[1])')).join()
  expect(answer).toContain(`BINARY.SIZE[2] ${CONTENT.length}`)
  expect(answer).toContain('BINARY.SIZE[1] 6')
})

test('a message that is one part', async () => {
  expect(await append(part('application/octet-stream', 'binary', CONTENT))).toMatch(/^a OK/)
  expect((await client.command('f', 'FETCH * BINARY.SIZE[1]')).join()).toContain(` ${CONTENT.length})`)
})

test.each([
  ['signed', bag('multipart/signed', part('application/octet-stream', 'binary', CONTENT))],
  ['encrypted', part('application/pkcs7-mime; smime-type=enveloped-data', 'binary', CONTENT)],
  ['7bit by its own word', part('text/plain', '7bit', CONTENT)],
  ['in the header', Buffer.from('Subject: \0\r\n\r\nx')],
  [
    'between parts',
    Buffer.concat([bag('multipart/mixed', part('text/plain', 'binary', 'x\0')), Buffer.from('\0')]),
  ],
])('what is %s is not written anew', async (_name, octets) => {
  const before = (await client.command('n', 'STATUS kutu (MESSAGES)')).join()
  expect(await append(octets)).toMatch(/^a NO \[UNKNOWN-CTE\]/)
  expect((await client.command('n', 'STATUS kutu (MESSAGES)')).join()).toBe(before)
})
