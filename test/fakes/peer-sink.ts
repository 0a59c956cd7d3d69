/** A small real SMTP server that takes mail as a peer would, or behaves at any step as a test wants. */
import { createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { privateKeyPem } from '../../evidence/keys/generate.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import type { Peer } from '../../server/relay/peer.ts'
import { type Holder, pki } from './pki.ts'

/** A reply (lines end with \r\n, added where missing), or no reply at all. */
export type Answer = string | typeof DROP | typeof SILENT
export const DROP = Symbol('drop')
export const SILENT = Symbol('silent')

export type Step =
  | 'greeting'
  | 'EHLO'
  | 'STARTTLS'
  | 'MAIL'
  | 'RCPT'
  | 'DATA'
  | 'body'
  | 'dot'
  | 'RSET'
  | 'QUIT'
export type Script = Partial<Record<Step, Answer | ((argument: string, time: number) => Answer)>>

export interface TakenMail {
  /** The whole argument of MAIL, with its parameters. */
  readonly mail: string
  readonly to: readonly string[]
  /** Without the stuffed dots, and without the final one. */
  readonly octets: Buffer
}

export interface PeerSink extends AsyncDisposable {
  readonly port: number
  readonly taken: TakenMail[]
  readonly commands: string[]
  /** Connections that were opened; fingerprints of client certificates in order. */
  connections: number
  open: number
  mostOpen: number
  readonly clients: string[]
  script: Script
}

export interface SinkOptions {
  readonly script?: Script
  readonly implicitTls?: boolean
  readonly extensions?: readonly string[]
  readonly server?: Holder
  /** Client certificates are asked for. */
  readonly wantsClient?: boolean
  readonly port?: number
}

export const EXTENSIONS = ['PIPELINING', '8BITMIME', 'SIZE 64000000', 'ENHANCEDSTATUSCODES']

const pemOf = ({ certificate, signer }: Holder): string =>
  [certificate, ...signer.chain].map(({ der }) => toPem('CERTIFICATE', der)).join('')

export const clientOf = (holder: Holder): { key: string; cert: string } => ({
  key: privateKeyPem(holder.key),
  cert: pemOf(holder),
})

export async function startPeerSink(options: SinkOptions = {}): Promise<PeerSink> {
  const { implicitTls = false, extensions = EXTENSIONS, server: holder = pki().tls } = options
  const secureContext = createSecureContext(clientOf(holder))
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (plain) => {
    sockets.add(plain)
    sink.connections++
    sink.open++
    sink.mostOpen = Math.max(sink.mostOpen, sink.open)
    plain.on('close', () => {
      sockets.delete(plain)
      sink.open--
    })
    plain.on('error', () => {})
    if (implicitTls) talk(secured(plain), true)
    else talk(plain, false)
  })
  const sink: PeerSink = {
    port: 0,
    taken: [],
    commands: [],
    connections: 0,
    open: 0,
    mostOpen: 0,
    clients: [],
    script: options.script ?? {},
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return Object.assign(sink, { port: address.port })

  function secured(plain: Socket): TLSSocket {
    const socket = new TLSSocket(plain, {
      isServer: true,
      secureContext,
      requestCert: options.wantsClient ?? false,
      rejectUnauthorized: false,
    })
    socket.on('error', () => {})
    socket.on('secure', () => {
      const shown = socket.getPeerX509Certificate()
      if (shown !== undefined) sink.clients.push(shown.fingerprint256.replaceAll(':', '').toLowerCase())
    })
    return socket
  }

  function talk(socket: Socket, secure: boolean, greeted = false): void {
    const times = new Map<Step, number>()
    let pending: Buffer = Buffer.alloc(0)
    let body: Buffer[] | undefined
    let mail = ''
    let to: string[] = []
    const say = (step: Step, argument: string, usual: string): boolean => {
      const scripted = sink.script[step]
      const time = (times.get(step) ?? 0) + 1
      times.set(step, time)
      const answer = (typeof scripted === 'function' ? scripted(argument, time) : scripted) ?? usual
      if (answer === DROP) socket.destroy()
      if (typeof answer !== 'string') return false
      if (answer !== '') socket.write(answer.endsWith('\n') ? answer : `${answer}\r\n`)
      return true
    }
    const command = (line: string): void => {
      const [, verb = '', argument = ''] = /^(\w+) ?(?:FROM:|TO:)?(.*)$/i.exec(line) ?? []
      sink.commands.push(line)
      switch (verb.toUpperCase()) {
        case 'EHLO': {
          const lines = ['sink', ...(secure ? extensions : ['STARTTLS'])]
          say(
            'EHLO',
            argument,
            lines.map((one, at) => `250${at + 1 < lines.length ? '-' : ' '}${one}\r\n`).join(''),
          )
          return
        }
        case 'STARTTLS':
          if (!say('STARTTLS', '', '220 go ahead') || sink.script.STARTTLS !== undefined) return
          socket.removeAllListeners('data')
          talk(secured(socket), true, true)
          return
        case 'MAIL':
          mail = argument
          to = []
          say('MAIL', argument, '250 2.1.0 ok')
          return
        case 'RCPT': {
          const scripted = sink.script.RCPT
          const reply = typeof scripted === 'function' ? scripted(argument, to.length + 1) : scripted
          if (reply === undefined || (typeof reply === 'string' && reply.startsWith('2')))
            to.push(argument.slice(1, -1))
          say('RCPT', argument, '250 2.1.5 ok')
          return
        }
        case 'DATA':
          if (to.length === 0) socket.write('503 5.5.1 no recipients\r\n')
          else if (say('DATA', '', '354 go ahead') && sink.script.DATA === undefined) body = []
          return
        case 'RSET':
          say('RSET', '', '250 ok')
          return
        case 'QUIT':
          if (say('QUIT', '', '221 bye')) socket.end()
          return
        default:
          socket.write('500 5.5.2 unknown\r\n')
      }
    }
    const read = (chunk: Buffer): void => {
      pending = Buffer.concat([pending, chunk])
      for (;;) {
        if (body === undefined) {
          const end = pending.indexOf('\r\n')
          if (end < 0) return
          const line = pending.subarray(0, end).toString('latin1')
          pending = pending.subarray(end + 2)
          command(line)
          continue
        }
        if (sink.script.body !== undefined) {
          body = undefined
          pending = Buffer.alloc(0)
          say('body', '', '')
          return
        }
        const whole = Buffer.concat([...body, pending])
        const end = whole.subarray(0, 3).equals(Buffer.from('.\r\n')) ? -2 : whole.indexOf('\r\n.\r\n')
        if (end === -1) {
          body = [whole]
          pending = Buffer.alloc(0)
          return
        }
        const octets = unstuffed(whole.subarray(0, Math.max(0, end + 2)))
        pending = whole.subarray(end + 5)
        body = undefined
        sink.taken.push({ mail, to, octets })
        say('dot', String(sink.taken.length), '250 2.0.0 taken')
      }
    }
    socket.on('data', read)
    if (!greeted) say('greeting', '', '220 sink ESMTP')
  }
}

const unstuffed = (octets: Buffer): Buffer =>
  Buffer.from(octets.toString('latin1').replace(/(^|\r\n)\./g, '$1'), 'latin1')

/** A peer whose only place is the sink. */
export const peerAt = (port: number, over: Partial<Peer> = {}): Peer => ({
  provider: 'hs99.kep.tr',
  name: 'Öteki KEPHS',
  serviceAddress: 'kep@hs99.kep.tr',
  route: { kind: 'host', host: '127.0.0.1', port, implicitTls: false },
  tls: { trusted: [toPem('CERTIFICATE', pki().root.certificate.der)], serverName: undefined },
  inbound: { pins: [], anchors: [], addresses: undefined },
  signing: [],
  sizeLimit: 64_000_000,
  connections: 4,
  ratePerMinute: undefined,
  sourceAddress: undefined,
  ehlo: undefined,
  family: undefined,
  source: 'configuration',
  ...over,
})
