import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { LineClient } from '../fakes/dialogue.ts'
import { eventually } from '../fakes/eventually.ts'
import { openPeerSession } from '../fakes/peer-client.ts'
import { OPERATOR, startPeerListener, type TestPeerListener } from '../fakes/peer-listener.ts'
import { foreignEnvelope, OURS, PEER, peerDispatch, peerKeys } from '../fakes/peer-mail.ts'
import { FALSE_ENDS } from '../fakes/smtp-socket.ts'

let kep: TestPeerListener
beforeAll(async () => {
  kep = await startPeerListener({ loginTimeMs: 3000, windowMs: 500, minimumRate: 4096, maxErrors: 20 })
})
afterAll(() => kep[Symbol.asyncDispose]())

/** Another message of the peer is taken, nothing was an error of ours, and nothing half-received is left. */
afterEach(async () => {
  await using session = await openPeerSession(kep, peerKeys().client)
  const note = Buffer.from(`Subject: ${randomBytes(4).toString('hex')}\r\n\r\nx\r\n`)
  expect(await session.send(note, { from: '', to: [`kep@${OURS}`] })).toMatch(/^250 /)
  expect(await kep.metric('internal_errors_total')).toBe(0)
  await eventually(async () => ((await halfReceived()).length === 0 ? true : undefined), 'an empty folder')
})

const halfReceived = (): Promise<string[]> => readdir(join(kep.folder, 'blobs/incoming'))

/** As far as the 354 of one message for the operator. */
async function openData() {
  const session = await openPeerSession(kep, peerKeys().client)
  await session.command('MAIL FROM:<>')
  await session.command(`RCPT TO:<kep@${OURS}>`)
  expect(await session.command('DATA')).toMatch(/^354 /)
  return session
}

describe.each(FALSE_ENDS)('%j is no end of DATA and is refused', (end) => {
  test.each([1, 3, 10_000])('in pieces of %i', async (size) => {
    await using session = await openData()
    const octets = Buffer.from(
      `Subject: x\r\n\r\nx${end}MAIL FROM:<eve@${PEER}>\r\nRCPT TO:<postmaster@${OURS}>\r\nDATA\r\nhehe\r\n.\r\nQUIT\r\n`,
    )
    for (let at = 0; at < octets.length; at += size) await session.write(octets.subarray(at, at + size))
    expect(await session.reply()).toMatch(/^550 5\.6\.11 (BARE_LINE_END|NUL_OCTET) /)
    expect(await session.reply()).toMatch(/^221 /)
  })
})

test('what was pipelined behind STARTTLS in the clear is never obeyed', async () => {
  const socket = connect(kep.port, '127.0.0.1')
  const lines = new LineClient(socket)
  await lines.until('220 ')
  lines.send('EHLO a\r\n')
  await lines.until('250 ')
  lines.send('STARTTLS\r\nEHLO eve\r\nMAIL FROM:<>\r\nQUIT\r\n')
  await lines.until('220 ')
  expect(await lines.line()).toBeUndefined()
  socket.destroy()
})

test.each([
  ['random octets', randomBytes(200_000)],
  ['NULs', Buffer.alloc(100_000)],
  ['a line without end', Buffer.alloc(2_000_000, 'A')],
  ['half a TLS hello', Buffer.from('EHLO a\r\nSTARTTLS\r\n\x16\x03\x01', 'latin1')],
])('junk: %s', async (_, octets) => {
  const socket = connect(kep.port, '127.0.0.1')
  const gone = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  socket.resume()
  socket.write(octets)
  await gone
})

test('a stranger who only tries is let go', async () => {
  await using session = await openPeerSession(kep)
  const answers: string[] = []
  for (let n = 0; n < 21; n++) answers.push((await session.command('MAIL FROM:<>')).slice(0, 3))
  expect(answers).toEqual([...Array(20).fill('550'), '421'])
})

test('a message that trickles ends the connection, and nothing of it is left', async () => {
  await using session = await openData()
  await session.write('Subject: x\r\n\r\nx')
  await expect(session.reply()).rejects.toThrow('closed')
})

test.each([0.3, 1])('DATA that breaks off after %d of it: nothing is stored', async (share) => {
  const box = (await kep.store.mailboxes.byName(OPERATOR, 'INBOX'))!
  const before = await kep.store.mailboxes.head(box.id)
  {
    await using session = await openData()
    const octets = Buffer.from(`Subject: x\r\n\r\n${'y'.repeat(98)}\r\n`.repeat(2000))
    await session.write(octets.subarray(0, octets.length * share))
  }
  await eventually(async () => ((await halfReceived()).length === 0 ? true : undefined), 'the clearing')
  expect(await kep.store.mailboxes.head(box.id)).toEqual(before)
})

describe('envelopes that cost much', () => {
  const rem = 'Content-Type: application/xml\r\nX-REM-Section-Type: rem_message/xml_evidence\r\n\r\n'
  test.each<[what: string, octets: () => Promise<Buffer>]>([
    ['thousands of evidence parts', () => foreignEnvelope(Array(5000).fill(`${rem}<a/>`))],
    ['evidence of nothing but open tags', () => foreignEnvelope([rem + '<a>'.repeat(200_000)])],
    [
      'evidence of white space',
      () => foreignEnvelope([`Content-Type: text/xml\r\n\r\n${' '.repeat(800_000)}<a`]),
    ],
    ['evidence with a thousand attributes', () => foreignEnvelope([`${rem}<a ${'b="" '.repeat(100_000)}/>`])],
    [
      'an entity bomb',
      () => foreignEnvelope([`${rem}<!DOCTYPE a [<!ENTITY b "${'c'.repeat(1000)}">]><a>&b;</a>`]),
    ],
  ])('%s', async (_, octets) => {
    const envelope = await octets() // before there is a session, which may not be silent
    await using session = await openPeerSession(kep, peerKeys().client)
    const answer = await session.send(envelope, { from: '', to: [`bir@${OURS}`] })
    expect(answer).toMatch(/^550 5\.7\.[17] (EVIDENCE_NOT_TRUSTED|NOT_A_KEP_MESSAGE) /)
  })
})

test('names that are keys of objects, in ids and addresses', async () => {
  for (const remmdId of ['<__proto__>', '<constructor@x>', '<toString>']) {
    const octets = await peerDispatch(Buffer.from('x'), { remmdId, recipients: [`__proto__@${OURS}`] })
    await using session = await openPeerSession(kep, peerKeys().client)
    expect(await session.send(octets, { from: '', to: [`__proto__@${OURS}`] })).toMatch(/^250 /)
    expect(await kep.store.intakesNamed(remmdId)).toHaveLength(1)
  }
})
