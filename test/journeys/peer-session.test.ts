import { connect as connectPlain } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { speakOn } from '../../scripts/client/smtp-session.ts'
import { LineClient } from '../fakes/dialogue.ts'
import { openPeerSession, tlsOf } from '../fakes/peer-client.ts'
import {
  addresses,
  OPERATOR,
  peerOf,
  pinned,
  sentMessage,
  signedBy,
  startPeerListener,
  type TestPeerListener,
} from '../fakes/peer-listener.ts'
import { OURS, PEER, peerDispatch, peerKeys } from '../fakes/peer-mail.ts'
import { daysFromNow, type Holder, makeRoot, pki } from '../fakes/pki.ts'

let kep: TestPeerListener
beforeAll(async () => {
  kep = await startPeerListener()
})
afterAll(() => kep[Symbol.asyncDispose]())
const known = () =>
  peerOf(PEER, { inbound: pinned(peerKeys().client), signing: signedBy(peerKeys().signing) })
beforeEach(() => {
  kep.peers.splice(0, kep.peers.length, known())
})
afterEach(async () => expect(await kep.metric('internal_errors_total')).toBe(0))

const mail = async (client?: Holder): Promise<string> => {
  await using session = await openPeerSession(kep, client)
  return await session.command(`MAIL FROM:<x@${PEER}>`)
}

describe('who is believed to be a peer', () => {
  const none = { pins: [], anchors: [], addresses: undefined }
  const anchored = { ...none, anchors: [pki().root.certificate] }
  const client = (dns: string, options = {}) => pki().issue({ kind: 'tls', dns: [dns], ip: [] }, options)
  test.each<[what: string, inbound: object, client: () => Holder | undefined, answer: RegExp]>([
    ['its pinned certificate', {}, () => peerKeys().client, /^250 /],
    ['another certificate', {}, () => client(PEER), /^550 5\.7\.1 NOT_A_PEER /],
    ['no certificate', {}, () => undefined, /^550 5\.7\.1 NOT_A_PEER /],
    ['a pin that ran out', pinned(expired), () => expired, /^550 5\.7\.1 NOT_A_PEER /],
    ['its CA and its domain', anchored, () => client(PEER), /^250 /],
    [
      'its CA and a customer below its domain',
      anchored,
      () => client(`kurum.${PEER}`),
      /^550 5\.7\.1 NOT_A_PEER /,
    ],
    ['its CA and another domain', anchored, () => client('hs97.kep.tr'), /^550 /],
    ['its CA and a domain that ends alike', anchored, () => client(`x${PEER}`), /^550 /],
    ['another CA and its domain', anchored, () => client(PEER, { issuer: makeRoot('Yabancı') }), /^550 /],
    ['its CA, expired', anchored, () => client(PEER, { notAfter: daysFromNow(-1) }), /^550 /],
    [
      'its CA, for signing mail',
      anchored,
      () => pki().issue({ kind: 'provider', email: `kep@${PEER}` }),
      /^550 /,
    ],
    ['its address', { ...none, addresses: addresses('127.0.0.1') }, () => undefined, /^250 /],
    [
      'its address beside a strange certificate',
      { ...none, addresses: addresses('127.0.0.1') },
      () => client('x.example'),
      /^250 /,
    ],
    ['another address', { ...none, addresses: addresses('127.0.0.2', '::1') }, () => undefined, /^550 /],
  ])('%s', async (_, inbound, holder, answer) => {
    kep.peers[0] = { ...known(), inbound: { ...known().inbound, ...inbound } }
    expect(await mail(holder())).toMatch(answer)
  })

  test('a peer that was removed is a stranger at its next MAIL', async () => {
    await using session = await openPeerSession(kep, peerKeys().client)
    expect(await session.command('MAIL FROM:<>')).toMatch(/^250 /)
    await session.command('RSET')
    kep.peers.splice(0)
    expect(await session.command('MAIL FROM:<>')).toMatch(/^550 5\.7\.1 NOT_A_PEER /)
    expect(await session.command(`RCPT TO:<bir@${OURS}>`)).toMatch(/^503 /)
  })

  // A resumed session shows the client's own certificate alone: whoever is known by a CA above its issuer would be a stranger.
  test('no TLS session is resumed, so that the whole chain is seen each time', async () => {
    let ticket: Buffer | undefined
    const once = async (): Promise<[string, boolean]> => {
      const plain = connectPlain(kep.port, '127.0.0.1')
      const lines = new LineClient(plain)
      await lines.until('220 ')
      lines.send('EHLO a\r\nSTARTTLS\r\n')
      await lines.until('220 ')
      plain.removeAllListeners('data')
      const more = ticket === undefined ? {} : { session: ticket }
      const own = { servername: 'localhost', ca: kep.ca, ...tlsOf(peerKeys().client) }
      const socket = connectTls({ socket: plain, ...own, ...more })
      socket.on('session', (session) => (ticket = session))
      await using session = speakOn(socket)
      await session.command('EHLO a')
      return [await session.command(`MAIL FROM:<x@${PEER}>`), socket.isSessionReused()]
    }
    expect(await once()).toEqual([expect.stringMatching(/^250 /), false])
    expect(await once()).toEqual([expect.stringMatching(/^250 /), false])
  })
})
const expired = pki().issue({ kind: 'tls', dns: [PEER], ip: [] }, { notAfter: daysFromNow(-1) })

describe('the session', () => {
  test('offers what peers need, and neither login nor what cannot be kept', async () => {
    await using session = await openPeerSession(kep)
    const lines = session.offered.split('\n').map((line) => line.slice(4))
    expect(lines.slice(1).sort()).toEqual([
      '8BITMIME',
      'ENHANCEDSTATUSCODES',
      'PIPELINING',
      'REQUIRETLS',
      'SIZE 1000000',
    ])
    expect(await session.command('AUTH PLAIN AAAA')).toMatch(/^5/)
    expect(await session.command('MAIL FROM:<x@y> SMTPUTF8')).toMatch(/^5/)
  })

  test('STARTTLS comes before MAIL', async () => {
    const lines = new LineClient(connectPlain(kep.port, '127.0.0.1'))
    await lines.until('220 ')
    lines.send('EHLO a\r\n')
    expect((await lines.until('250 ')).join()).toMatch(/STARTTLS/)
    lines.send('MAIL FROM:<>\r\nQUIT\r\n')
    expect((await lines.until('221 '))[0]).toMatch(/^530 5\.7\.0 TLS_REQUIRED /)
  })

  test.each([
    [`bir@${OURS}`, /^250 /],
    [`BIR@Kurum.${OURS}`, /^250 /],
    [`yok@${OURS}`, /^250 /],
    [`postmaster@${OURS}`, /^250 /],
    ['Postmaster', /^250 /],
    [`abuse@${OURS}`, /^250 /],
    [`bounce+x@${OURS}`, /^250 /],
    [`"a"@${OURS}`, /^550 5\.1\.3 NOT_A_KEP_ADDRESS /],
    ['bir@hs97.kep.tr', /^550 5\.7\.1 NO_RELAYING /],
    [`bir@${PEER}`, /^550 5\.7\.1 NO_RELAYING /],
    [`bir@${OURS}.example.com`, /^550 5\.7\.1 NO_RELAYING /],
    [`bir%${PEER}@example.com`, /^550 5\.7\.1 NO_RELAYING /],
    [`bir@x${OURS}`, /^550 5\.7\.1 NO_RELAYING /],
  ])('RCPT TO:<%s>', async (to, answer) => {
    await using session = await openPeerSession(kep, peerKeys().client)
    await session.command(`MAIL FROM:<x@${PEER}> BODY=8BITMIME REQUIRETLS`)
    expect(await session.command(`RCPT TO:<${to}>`)).toMatch(answer)
  })

  test('more recipients than one transaction has go into another', async () => {
    await using session = await openPeerSession(kep, peerKeys().client)
    await session.command('MAIL FROM:<>')
    await session.write(Array.from({ length: 1000 }, (_, n) => `RCPT TO:<a${n}@${OURS}>\r\n`).join(''))
    for (let n = 0; n < 1000; n++) expect(await session.reply()).toMatch(/^250 /)
    expect(await session.command(`RCPT TO:<a1000@${OURS}>`)).toMatch(/^452 4\.5\.3 RECIPIENTS_AT_ONCE /)
    expect(await session.command(`RCPT TO:<a7@${OURS}>`)).toMatch(/^250 /)
  })

  test.each([
    [30, /^250 /],
    [31, /^554 5\.4\.6 TOO_MANY_HOPS /],
  ])('%i Received fields', async (hops, answer) => {
    const octets = await peerDispatch(Buffer.from('x'), { remmdId: `<hops.${hops}@${PEER}>` })
    await using session = await openPeerSession(kep, peerKeys().client)
    const trace = Buffer.from('Received: by a; Sat, 21 Nov 2026 10:00:00 +0000\r\n'.repeat(hops))
    expect(await session.send(Buffer.concat([trace, octets]), { from: '', to: [`bir@${OURS}`] })).toMatch(
      answer,
    )
  })

  test('several messages over one connection', async () => {
    await using session = await openPeerSession(kep, peerKeys().client)
    const answers: string[] = []
    for (const n of [1, 2, 3]) {
      const octets = await peerDispatch(Buffer.from('x'), { remmdId: `<many.${n}@${PEER}>` })
      answers.push((await session.send(octets, { from: '', to: [`bir@${OURS}`] })).slice(0, 3))
    }
    expect(answers).toEqual(['250', '250', '250'])
  })
})

const send = async (text: string, to: readonly string[], from = `x@${PEER}`): Promise<string> => {
  await using session = await openPeerSession(kep, peerKeys().client)
  return await session.send(Buffer.from(text), { from, to })
}
const note = `From: Biri <x@${PEER}>\r\nSubject: soru\r\n\r\nMerhaba\r\n`

describe('anything else', () => {
  test('for postmaster, abuse and the service address: into the operator’s box, once however often it comes', async () => {
    const box = (await kep.store.mailboxes.byName(OPERATOR, 'INBOX'))!
    expect(await send(note, [`kep@${OURS}`, 'postmaster'])).toMatch(/^250 /)
    expect(await send(note, [`abuse@${OURS}`, `kep@${OURS}`])).toMatch(/^250 /)
    const rows = await kep.store.mailboxes.page(box.id, 0, 10)
    expect(rows).toHaveLength(3)
    const body = Buffer.from(await kep.store.blobs.read(rows[0]!.body)).toString()
    expect(body).toMatch(/^Return-Path: /)
    expect(body.endsWith(note)).toBe(true)
    expect(rows.every(({ origin, delivery }) => origin === 'pipeline' && delivery === undefined)).toBe(true)
  })

  test('for an account: refused', async () => {
    expect(await send(note, [`bir@${OURS}`])).toMatch(/^550 5\.7\.1 NOT_A_KEP_MESSAGE /)
    expect(await send(note, [`kep@${OURS}`, `bir@${OURS}`])).toMatch(/^550 5\.7\.1 NOT_A_KEP_MESSAGE /)
  })
})

describe('delivery status reports', () => {
  const report = (diagnostic: string) =>
    `From: MAILER-DAEMON@${PEER}\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=r\r\n\r\n` +
    '--r\r\n\r\nNot delivered.\r\n--r\r\nContent-Type: message/delivery-status\r\n\r\n' +
    `Reporting-MTA: dns; posta.${PEER}\r\n\r\nFinal-Recipient: rfc822; gizli@${PEER}\r\nAction: failed\r\nStatus: 5.1.1\r\n` +
    `Diagnostic-Code: smtp; ${diagnostic}\r\n\r\n--r--\r\n`
  const hints = async (id: string) => (await kep.rows(id)).filter(({ slot }) => slot.startsWith('hint/'))

  test('are hints beside the message, cut and printable, at most ten, and answered with 250 whatever they say', async () => {
    const { id } = await sentMessage(kep.store, Buffer.from('x'), { id: 'b'.repeat(32) })
    const to = [`bounce+${id}-hs99@${OURS}`]
    expect(await send(report('550 yok\x07'), to, '')).toMatch(/^250 /)
    expect(await send(report('550 yok\x07'), to, '')).toMatch(/^250 /)
    const [row, ...others] = await hints(id)
    expect(others).toEqual([])
    expect(row).toMatchObject({
      recipient: 0,
      kind: 'timer',
      slot: expect.stringMatching(/^hint\/[0-9a-f]{16}$/),
    })
    expect(JSON.parse(row!.payload)).toEqual({ hint: 'failed 5.1.1 smtp; 550 yok?' })
    for (let n = 0; n < 12; n++)
      expect(await send(report(`${n} ${'x'.repeat(300)}`), to, '')).toMatch(/^250 /)
    const kept = await hints(id)
    expect(kept).toHaveLength(10)
    expect(kept.every(({ payload }) => payload.length < 300)).toBe(true)
  })

  test.each([
    ['of no message', `bounce+${'c'.repeat(32)}-hs99@${OURS}`],
    ['about another peer', `bounce+${'d'.repeat(32)}-hs97@${OURS}`],
    ['of no queue id', `bounce+x@${OURS}`],
  ])('%s: 250 and nothing kept', async (_, to) => {
    await sentMessage(kep.store, Buffer.from('x'), { id: 'd'.repeat(32) })
    expect(await send(report('x'), [to], '')).toMatch(/^250 /)
    expect(await send(note, [to], '')).toMatch(/^250 /)
    expect(await hints('d'.repeat(32))).toEqual([])
    expect(await hints('c'.repeat(32))).toEqual([])
  })
})
