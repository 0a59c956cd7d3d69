import { connect, createServer, type Socket } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { connectTo, Unreachable } from '../../server/relay/outbound/connect.ts'
import { nameResolver } from '../../server/relay/outbound/resolver.ts'
import type { SmtpTimes } from '../../server/relay/outbound/smtp-times.ts'
import type { SendResult } from '../../server/relay/send-result.ts'
import { clientOf, DROP, peerAt, type Script, SILENT, startPeerSink } from '../fakes/peer-sink.ts'
import { pki } from '../fakes/pki.ts'
import { shortTimes } from '../fakes/relay-times.ts'

const TO = 'a@hs99.kep.tr'
const MAIL = Buffer.from(`Subject: x\r\n\r\n${'merhaba\r\n'.repeat(20_000)}`)

const partsWith = (times: Partial<SmtpTimes>) => ({
  domain: 'hs98.kep.tr',
  client: () => clientOf(pki().provider),
  resolver: () => nameResolver(undefined),
  random: () => 0,
  times: shortTimes({
    connect: 1000,
    setup: 1000,
    envelope: 500,
    block: 500,
    ending: 500,
    leaving: 200,
    ...times,
  }),
})

interface Outcome {
  readonly result: SendResult['kind']
  /** The note before the last octets was made. */
  readonly noted: boolean
}

/** One message to whoever listens there. */
async function handOver(port: number, times: Partial<SmtpTimes> = {}): Promise<Outcome> {
  let noted = false
  try {
    const connection = await connectTo(peerAt(port), partsWith(times))
    const result = await connection.send({
      from: '',
      to: [TO],
      size: MAIL.length,
      eightBit: false,
      content: async function* () {
        for (let at = 0; at < MAIL.length; at += 10_000) yield MAIL.subarray(at, at + 10_000)
      },
      beforeLast: async () => {
        noted = true
      },
    })
    connection.abort()
    return { result: result.kind, noted }
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    return { result: 'unreachable', noted }
  }
}

/** Says these octets to everyone, again and again where `every` ms are given. */
async function babbler(octets: Buffer, every?: number) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    if (every === undefined) socket.write(octets)
    else {
      let at = 0
      const timer = setInterval(
        () => socket.write(octets.subarray(at++ % octets.length, ((at - 1) % octets.length) + 1)),
        every,
      )
      socket.on('close', () => clearInterval(timer))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return {
    port: address.port,
    open: () => [...sockets].filter((socket) => !socket.destroyed).length,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

describe('before TLS', () => {
  test.each([
    ['octets of chance', Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 256))],
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a greeting without an end', Buffer.alloc(2_000_000, 'x')],
    ['a greeting of endless lines', Buffer.from('220-more\r\n'.repeat(100_000))],
    [
      'all answers at once',
      Buffer.from('220 a\r\n250-b\r\n250 STARTTLS\r\n220 go\r\n250 fine\r\n250 fine\r\n354 go\r\n250 ok\r\n'),
    ],
    ['an endless EHLO', Buffer.from(`220 a\r\n250-${'x'.repeat(200_000)}`)],
    ['nothing but empty lines', Buffer.from('\r\n'.repeat(1000))],
  ])('%s', async (_, octets) => {
    await using server = await babbler(octets)
    expect(await handOver(server.port)).toEqual({ result: 'unreachable', noted: false })
  })

  test('an octet at a time holds nobody up for longer than setting up may take', async () => {
    await using server = await babbler(Buffer.from(`220-${'x'.repeat(500)}`), 20)
    expect(await handOver(server.port)).toEqual({ result: 'unreachable', noted: false })
  })
})

/** Over TLS, where the peer is who it says, and means no good. */
describe.each(['MAIL', 'RCPT', 'DATA', 'dot'] as const)('garbage at %s', (step) => {
  const garbage: [string, string | typeof DROP | typeof SILENT][] = [
    ['no code', 'hello'],
    ['endless', `250-${'x'.repeat(200_000)}`],
    ['a code of another world', '999 what'],
    ['a code that fits nowhere', '220 again'],
    ['NUL', '25\0 ok'],
    ['8-bit', '250 \xff\xfe'],
    ['many answers', '250 a\r\n250 b\r\n250 c\r\n354 d\r\n250 e\r\n'],
    ['a refusal of many lines', `${'550-no\r\n'.repeat(2000)}550 no`],
    ['dropped', DROP],
    ['silent', SILENT],
  ]
  test.each(garbage)('%s', async (_, answer) => {
    const script: Script = { [step]: answer }
    await using sink = await startPeerSink({ script })
    const { result, noted } = await handOver(sink.port)
    // Where the whole message left, nothing short of a clear word is an end; where it did not, nothing is in doubt.
    if (!noted) expect(['deferred', 'failed', 'unreachable', 'answered']).toContain(result)
    if (result === 'uncertain') expect(noted).toBe(true)
    if (sink.taken.length > 0) expect(noted).toBe(true)
    if (noted && sink.taken.length > 0 && step === 'dot')
      expect(result).toBe(clearWords(answer) ?? 'uncertain')
  })
})

function clearWords(answer: unknown): SendResult['kind'] | undefined {
  if (typeof answer !== 'string') return undefined
  if (/^2[0-9]{2}[ -]/.test(answer)) return answer.length > 100_000 ? undefined : 'answered'
  return answer.startsWith('550') ? 'failed' : undefined
}

test('closing anywhere, after any number of octets of ours: never silence, never doubt without the note', async () => {
  await using sink = await startPeerSink()
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: MAIL.length + 4000 }), fc.boolean(), async (octets, rough) => {
      await using between = await cutting(sink.port, octets, rough)
      const taken = sink.taken.length
      const { result, noted } = await handOver(between.port)
      if (sink.taken.length > taken) expect(noted).toBe(true)
      if (result === 'answered') expect(sink.taken.length).toBe(taken + 1)
      else expect(result).toBe(noted ? 'uncertain' : result === 'unreachable' ? 'unreachable' : 'deferred')
    }),
    { numRuns: 60 },
  )
})

/** Lets so many octets of ours through, and ends the connection on both sides. */
async function cutting(to: number, octets: number, rough: boolean) {
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1')
    let left = octets
    const end = (): void => {
      if (rough) near.resetAndDestroy()
      else near.destroy()
      far.destroy()
    }
    for (const socket of [near, far]) socket.on('error', end).on('close', end)
    far.pipe(near)
    near.on('data', (chunk: Buffer) => {
      far.write(chunk.subarray(0, left))
      left -= chunk.length
      if (left <= 0) end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => void server.close(),
  }
}

test('one that reads nothing more is given up', async () => {
  await using sink = await startPeerSink()
  await using slow = await choking(sink.port)
  expect(await handOver(slow.port, { block: 300, transfer: 1000, ending: 300 })).toMatchObject({
    result: expect.stringMatching(/deferred|uncertain/),
  })
})

/** Passes the dialogue on and stops reading with the message. */
async function choking(to: number) {
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1')
    let passed = 0
    for (const socket of [near, far]) {
      socket.on('error', () => {})
      socket.on('close', () => {
        near.destroy()
        far.destroy()
      })
    }
    far.pipe(near)
    near.on('data', (chunk: Buffer) => {
      passed += chunk.length
      far.write(chunk)
      if (passed > 20_000) near.pause()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return { port: address.port, [Symbol.asyncDispose]: async () => void server.close() }
}
