import { describe, expect, test } from 'vitest'
import { toPem } from '../../../../evidence/x509/certificate.ts'
import { type ConnectParts, connectTo, Unreachable } from '../../../../server/relay/outbound/connect.ts'
import type { OutgoingMail, PeerConnection } from '../../../../server/relay/outbound/peer-connection.ts'
import { nameResolver } from '../../../../server/relay/outbound/resolver.ts'
import type { SmtpTimes } from '../../../../server/relay/outbound/smtp-times.ts'
import type { Peer } from '../../../../server/relay/peer.ts'
import type { SendResult } from '../../../../server/relay/send-result.ts'
import {
  clientOf,
  DROP,
  EXTENSIONS,
  peerAt,
  type Script,
  SILENT,
  startPeerSink,
} from '../../../fakes/peer-sink.ts'
import { daysFromNow, makeRoot, pki } from '../../../fakes/pki.ts'
import { shortTimes } from '../../../fakes/relay-times.ts'

const partsWith = (times: Partial<SmtpTimes> = {}): ConnectParts => ({
  domain: 'hs98.kep.tr',
  client: () => clientOf(pki().provider),
  resolver: () => nameResolver(undefined),
  random: () => 0,
  times: shortTimes(times),
})

const pem = (certificate: { der: Uint8Array }): string => toPem('CERTIFICATE', certificate.der)
const trusting = (...trusted: string[]): Partial<Peer> => ({ tls: { trusted, serverName: undefined } })

const A = 'a@hs99.kep.tr'
const B = 'b@hs99.kep.tr'
const C = 'c@hs99.kep.tr'

const mailWith = (octets: Buffer, over: Partial<OutgoingMail> = {}): OutgoingMail => ({
  from: 'bounce+1-hs99@hs98.kep.tr',
  to: [A],
  size: octets.length,
  eightBit: false,
  content: async function* () {
    for (let at = 0; at < octets.length; at += 50_000) yield octets.subarray(at, at + 50_000)
  },
  beforeLast: async () => {},
  ...over,
})
const MAIL = Buffer.from('Subject: x\r\n\r\nmerhaba\r\n')

const unreachable = async (peer: Peer, parts = partsWith()): Promise<Unreachable> => {
  const outcome = await connectTo(peer, parts).catch((error: unknown) => error)
  expect(outcome).toBeInstanceOf(Unreachable)
  return outcome as Unreachable
}

async function withSink<T>(
  { script = {}, extensions = EXTENSIONS, times = {} as Partial<SmtpTimes>, peer = {} as Partial<Peer> },
  use: (connection: PeerConnection, sink: Awaited<ReturnType<typeof startPeerSink>>) => Promise<T>,
): Promise<T> {
  await using sink = await startPeerSink({ script, extensions })
  const connection = await connectTo(peerAt(sink.port, peer), partsWith(times))
  try {
    return await use(connection, sink)
  } finally {
    connection.abort()
  }
}
const sent = (
  script: Script,
  over: Partial<OutgoingMail> = {},
  times: Partial<SmtpTimes> = {},
): Promise<SendResult> => withSink({ script, times }, (connection) => connection.send(mailWith(MAIL, over)))

describe('who is there', () => {
  test.each([false, true])(
    'TLS from the first octet %s: our certificate is shown, EHLO names us',
    async (implicitTls) => {
      await using sink = await startPeerSink({ implicitTls, wantsClient: true })
      const peer = peerAt(sink.port, {
        route: { kind: 'host', host: '127.0.0.1', port: sink.port, implicitTls },
        ehlo: 'cikis.hs98.kep.tr',
      })
      const connection = await connectTo(peer, partsWith())
      expect(connection.identity).toEqual({ fingerprint: pki().tls.certificate.fingerprint, by: '127.0.0.1' })
      expect(sink.clients).toEqual([pki().provider.certificate.fingerprint])
      expect(sink.commands.filter((line) => line.startsWith('EHLO'))).toEqual(
        Array(implicitTls ? 1 : 2).fill('EHLO cikis.hs98.kep.tr'),
      )
      connection.abort()
    },
  )

  test('a pinned leaf needs no issuer and no name', async () => {
    const server = pki().issue({ kind: 'tls', dns: ['elsewhere.example'], ip: [] })
    await using sink = await startPeerSink({ server })
    const { certificate } = server
    const connection = await connectTo(peerAt(sink.port, trusting(pem(certificate))), partsWith())
    expect(connection.identity).toEqual({ fingerprint: certificate.fingerprint, by: 'pinned' })
    connection.abort()
    // The same certificate by its issuer: its name is not the peer's.
    expect(await unreachable(peerAt(sink.port))).toMatchObject({ reason: 'R_REMMD_NotIdentified', tls: true })
  })

  test('the provider’s domain in the certificate is enough, and a server name asked for is all that counts', async () => {
    const server = pki().issue({ kind: 'tls', dns: ['hs99.kep.tr'], ip: [] })
    await using sink = await startPeerSink({ server })
    const connection = await connectTo(peerAt(sink.port), partsWith())
    expect(connection.identity.by).toBe('hs99.kep.tr')
    connection.abort()
    const strict = { tls: { ...peerAt(0).tls, serverName: 'mx.hs99.kep.tr' } }
    expect(await unreachable(peerAt(sink.port, strict))).toMatchObject({ reason: 'R_REMMD_NotIdentified' })
  })

  test.each([
    ['another CA', trusting(pem(makeRoot('Yabancı').certificate))],
    ['another pin', trusting(pem(pki().provider.certificate))],
  ])('a stranger: %s', async (_, over) => {
    await using sink = await startPeerSink()
    expect(await unreachable(peerAt(sink.port, over))).toMatchObject({
      reason: 'R_REMMD_NotIdentified',
      tls: true,
    })
    expect(sink.commands).not.toContain('MAIL')
  })

  test('a pinned certificate that expired is believed no more', async () => {
    const server = pki().issue({ kind: 'tls', dns: [], ip: ['127.0.0.1'] }, { notAfter: daysFromNow(-1) })
    await using sink = await startPeerSink({ server })
    expect(await unreachable(peerAt(sink.port, trusting(pem(server.certificate))))).toMatchObject({
      reason: 'R_REMMD_NotIdentified',
      tls: true,
    })
  })

  const tlsFailed: [string, Script, boolean][] = [
    ['no greeting', { greeting: DROP }, false],
    ['a greeting that says no', { greeting: '554 not for you' }, false],
    ['a greeting that says later', { greeting: '421 later' }, false],
    ['no EHLO', { EHLO: '500 what' }, false],
    ['no STARTTLS', { STARTTLS: '502 no' }, true],
    ['no TLS after STARTTLS', { STARTTLS: '220 go' }, true],
    ['gone at EHLO', { EHLO: DROP }, false],
  ]
  test.each(tlsFailed)('%s is unreachable', async (_, script, tls) => {
    await using sink = await startPeerSink({ script })
    const parts = partsWith({ connect: 500 })
    expect(await unreachable(peerAt(sink.port), parts)).toMatchObject({ reason: 'R_REMMD_Unreachable', tls })
  })

  test('nobody listens', async () => {
    await using gone = await startPeerSink()
    const { port } = gone
    await gone[Symbol.asyncDispose]()
    expect(await unreachable(peerAt(port))).toMatchObject({ reason: 'R_REMMD_Unreachable', tls: false })
  })
})

describe('what arrives', () => {
  test('octets as they are: 8-bit, dots, a lone dot at a piece’s edge, 300 KB', async () => {
    const lines = ['.', '..', '.x', 'ğüşıöç', '', '\xff\xfe', 'x'.repeat(900), '.']
    const octets = Buffer.from(`Subject: x\r\n\r\n${`${lines.join('\r\n')}\r\n`.repeat(300)}`, 'latin1')
    await withSink({}, async (connection, sink) => {
      const result = await connection.send(mailWith(octets, { eightBit: true }))
      expect(result).toEqual({
        kind: 'answered',
        reply: '250 2.0.0 taken',
        accepted: [A],
        refused: [],
        deferred: [],
      })
      expect(sink.taken).toHaveLength(1)
      expect(sink.taken[0]!.octets.equals(octets)).toBe(true)
      expect(sink.taken[0]!.mail).toBe(`<bounce+1-hs99@hs98.kep.tr> BODY=8BITMIME SIZE=${octets.length}`)
    })
  })

  test('the note comes before the last piece, and what refuses it stops the message', async () => {
    const order: string[] = []
    const octets = Buffer.from(`${'x'.repeat(78)}\r\n`.repeat(3000))
    await withSink({}, async (connection, sink) => {
      const { content } = mailWith(octets)
      const told = mailWith(octets, {
        content: async function* () {
          for await (const piece of content()) {
            order.push('piece')
            yield piece
          }
        },
        beforeLast: async () => {
          order.push('note')
          expect(sink.taken).toHaveLength(0)
        },
      })
      expect(await connection.send(told)).toMatchObject({ kind: 'answered' })
      expect(order).toEqual(['piece', 'piece', 'piece', 'piece', 'piece', 'note'])
      const refusing = mailWith(octets, { beforeLast: () => Promise.reject(new Error('given away')) })
      await expect(connection.send(refusing)).rejects.toThrow('given away')
      expect(sink.taken).toHaveLength(1)
      expect(connection.usable).toBe(false)
    })
  })

  test('one after another over one connection; a null sender; REQUIRETLS where it is offered', async () => {
    const extensions = [...EXTENSIONS, 'REQUIRETLS']
    await withSink({ extensions }, async (connection, sink) => {
      for (let time = 0; time < 3; time++)
        expect(await connection.send(mailWith(MAIL, { from: '' }))).toMatchObject({ kind: 'answered' })
      expect(sink.taken.map(({ mail }) => mail)).toEqual(Array(3).fill(`<> SIZE=${MAIL.length} REQUIRETLS`))
      expect(sink.connections).toBe(1)
      expect(sink.commands).not.toContain('RSET')
    })
  })

  test('a connection is left after a hundred messages', async () => {
    await withSink({}, async (connection, sink) => {
      while (connection.usable) await connection.send(mailWith(MAIL))
      expect(sink.taken).toHaveLength(100)
    })
  })
})

describe('what is never tried', () => {
  test('8-bit towards 7 bits, larger than the peer or its entry takes', async () => {
    const tried = (peer: Partial<Peer>, extensions: string[], mail: Partial<OutgoingMail>) =>
      withSink({ peer, extensions }, async (connection, sink) => {
        const result = await connection.send(mailWith(MAIL, mail))
        expect(sink.commands.filter((line) => line.startsWith('MAIL'))).toEqual([])
        return result
      })
    expect(await tried({}, ['PIPELINING'], { eightBit: true })).toMatchObject({
      kind: 'failed',
      reason: 'TechnicalMalfunction',
    })
    const tooLarge = { kind: 'failed', reason: 'PolicyViolation' }
    expect(await tried({}, ['SIZE 10'], {})).toMatchObject(tooLarge)
    expect(await tried({ sizeLimit: 10 }, ['SIZE'], {})).toMatchObject(tooLarge)
  })
})

describe('what the peer says', () => {
  const mixed: Script = {
    RCPT: (argument) =>
      argument.includes('b@')
        ? '550 5.1.1 <b@hs99.kep.tr> unknown'
        : argument.includes('c@')
          ? '450 4.2.1 later'
          : '250 ok',
  }
  test.each([EXTENSIONS, ['8BITMIME']])('recipients have their own answers, %j', async (...extensions) => {
    await withSink({ script: mixed, extensions }, async (connection, sink) => {
      expect(await connection.send(mailWith(MAIL, { to: [A, B, C] }))).toEqual({
        kind: 'answered',
        reply: '250 2.0.0 taken',
        accepted: [A],
        refused: [{ address: B, reply: '550 5.1.1 <...> unknown' }],
        deferred: [{ address: C, reply: '450 4.2.1 later' }],
      })
      expect(await connection.send(mailWith(MAIL, { to: [B, C] }))).toMatchObject({
        kind: 'answered',
        accepted: [],
        refused: [{ address: B }],
        deferred: [{ address: C }],
      })
      // The connection goes on.
      expect(await connection.send(mailWith(MAIL))).toMatchObject({ kind: 'answered', accepted: [A] })
      expect(sink.connections).toBe(1)
      expect(sink.taken).toHaveLength(2)
    })
  })

  const failed = { kind: 'failed', reason: 'R_REMMD_Malfunction' }
  const deferred = { kind: 'deferred' }
  const answers: [string, Script, object][] = [
    ['5xx to MAIL', { MAIL: '550 5.7.1 no' }, failed],
    ['4xx to MAIL', { MAIL: '451 4.3.0 later' }, deferred],
    ['421 to MAIL', { MAIL: '421 4.3.2 closing' }, deferred],
    ['421 to RCPT', { RCPT: '421 4.3.2 closing' }, deferred],
    ['5xx to DATA', { DATA: '554 5.6.0 no' }, failed],
    ['4xx to DATA', { DATA: '451 4.3.0 later' }, deferred],
    ['5xx to the message', { dot: '554 5.6.0 no' }, failed],
    ['4xx to the message', { dot: '451 4.3.0 later' }, deferred],
    ['421 to the message', { dot: '421 4.3.2 closing' }, deferred],
    ['gone at MAIL', { MAIL: DROP }, deferred],
    ['gone at RCPT', { RCPT: DROP }, deferred],
    ['gone at DATA', { DATA: DROP }, deferred],
    ['gone after the dot', { dot: DROP }, { kind: 'uncertain' }],
    ['no reply in the reply to the message', { dot: 'well, perhaps' }, { kind: 'uncertain' }],
    ['a 2 that is no reply', { dot: '2' }, { kind: 'uncertain' }],
  ]
  test.each(answers)('%s', async (_, script, result) => {
    expect(await sent(script)).toMatchObject(result)
  })

  test.each([
    ['MAIL', 'deferred', { envelope: 200 }],
    ['DATA', 'deferred', { envelope: 200 }],
    ['dot', 'uncertain', { ending: 200 }],
  ] as const)('silence at %s is %s', async (step, kind, times) => {
    expect(await sent({ [step]: SILENT }, {}, times)).toMatchObject({ kind })
  })

  test('in the midst of a large message: gone, or an answer before its end', async () => {
    const octets = Buffer.from(`${'x'.repeat(78)}\r\n`.repeat(200_000))
    let noted = 0
    const large = mailWith(octets, {
      beforeLast: async () => {
        noted++
      },
    })
    for (const [body, result] of [
      [DROP, deferred],
      ['552 5.3.4 enough', failed],
      ['250 2.0.0 what I have is enough', deferred],
    ] as const)
      await withSink({ script: { body } }, async (connection) => {
        expect(await connection.send(large)).toMatchObject(result)
        expect(connection.usable).toBe(false)
      })
    expect(noted).toBe(0)
  })

  test('a connection that the peer closed while it waited is told from one that failed', async () => {
    await withSink(
      { script: { MAIL: (_: string, time: number) => (time > 1 ? DROP : '250 ok') } },
      async (connection) => {
        expect(await connection.send(mailWith(MAIL))).toMatchObject({ kind: 'answered' })
        expect(connection.stale).toBe(false)
        expect(await connection.send(mailWith(MAIL))).toMatchObject(deferred)
        expect(connection.stale).toBe(true)
      },
    )
  })
})
