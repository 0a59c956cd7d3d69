/**
 * A mail system that stands between two providers: the sender believes it to be the peer, and the peer believes it to be
 * the sender. What it takes it hands on octet for octet, unless its behaviour says otherwise.
 */
import type { AddressInfo, Socket } from 'node:net'
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server'
import { privateKeyPem } from '../../evidence/keys/generate.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import { type Exchange, entryOf } from './exchange.ts'
import { openPeerSession } from './peer-client.ts'
import { type Holder, pki } from './pki.ts'
import type { TestProvider } from './provider.ts'

export interface Passing {
  readonly from: string
  readonly to: readonly string[]
  readonly octets: Buffer
}

/** The connection is cut instead of a reply. */
export const CUT = Symbol('cut')
/** The reply to a message's final dot; `handOn` gives the message to the peer and answers with what that said. */
export type Behaviour = (
  mail: Passing,
  handOn: (mail: Passing) => Promise<string>,
) => Promise<string | typeof CUT>

export const honest: Behaviour = (mail, handOn) => handOn(mail)

export const rewriting =
  (rewrite: (octets: Buffer) => Buffer): Behaviour =>
  (mail, handOn) =>
    handOn({ ...mail, octets: rewrite(mail.octets) })

export const cutting =
  (before: 'handing on' | 'the sender knows'): Behaviour =>
  async (mail, handOn) => {
    if (before === 'the sender knows') await handOn(mail)
    return CUT
  }

export const busy: Behaviour = async () => '451 busy'

/** Takes everything and does nothing with it. */
export const swallowing: Behaviour = async () => '250 taken'

/** What `goesOn` says no to is taken and kept until it is handed on. */
export function keeping(goesOn: (octets: Buffer) => boolean) {
  const kept: (() => Promise<string>)[] = []
  const behaviour: Behaviour = async (mail, handOn) => {
    if (goesOn(mail.octets)) return await handOn(mail)
    kept.push(() => handOn(mail))
    return '250 taken'
  }
  return { behaviour, kept }
}

export interface Transport extends AsyncDisposable {
  readonly port: number
  behaviour: Behaviour
  /** What it says that it takes; where that changes, connections end, so that it is asked anew. */
  offer(what: { readonly eightBit: boolean; readonly tls: boolean }): void
  /** MAIL commands. */
  readonly begun: number
  /** Whole messages, whatever became of them. */
  readonly taken: readonly Passing[]
}

export async function startTransport(to: TestProvider, holder: Holder): Promise<Transport> {
  const sockets = new Map<number, Socket>()
  const taken: Passing[] = []
  let begun = 0
  const server: SMTPServer = new SMTPServer({
    secure: false,
    key: privateKeyPem(holder.key),
    cert: toPem('CERTIFICATE', holder.certificate.der),
    authOptional: true,
    disabledCommands: ['AUTH'],
    disableReverseLookup: true,
    hideSMTPUTF8: true,
    hideDSN: true,
    hide8BITMIME: false,
    hideSTARTTLS: false,
    logger: false,
    onMailFrom: (_address, _session, callback) => {
      begun++
      callback()
    },
    onData: (stream, session, callback) => {
      const { mailFrom, rcptTo } = session.envelope
      const settle = async (): Promise<void> => {
        const octets = await wholeOf(stream)
        const from = mailFrom ? mailFrom.address : ''
        const mail: Passing = { from, to: rcptTo.map(({ address }) => address), octets }
        taken.push(mail)
        const reply = await transport.behaviour(mail, (passed) => handOn(to, holder, passed))
        if (reply === CUT) sockets.get(session.remotePort)?.destroy()
        else if (reply.startsWith('2')) callback(null, reply.slice(4))
        else callback(Object.assign(new Error(reply.slice(4)), { responseCode: Number(reply.slice(0, 3)) }))
      }
      settle().catch(callback)
    },
  })
  server.server.prependListener('connection', (socket: Socket) => {
    const port = socket.remotePort ?? 0
    sockets.set(port, socket)
    socket.once('close', () => sockets.delete(port))
  })
  server.on('error', () => {}) // a connection that is cut is no fault of it
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  const hangUp = (): void => {
    for (const socket of sockets.values()) socket.destroy()
  }
  const transport: Transport = {
    port,
    behaviour: honest,
    get begun() {
      return begun
    },
    taken,
    offer: ({ eightBit, tls }) => {
      const { options } = server
      if (options.hide8BITMIME === !eightBit && options.hideSTARTTLS === !tls) return
      options.hide8BITMIME = !eightBit
      options.hideSTARTTLS = !tls
      options.disabledCommands = tls ? ['AUTH'] : ['AUTH', 'STARTTLS']
      hangUp()
    },
    [Symbol.asyncDispose]: async () => {
      hangUp()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
  return transport
}

export interface Roads extends AsyncDisposable {
  /** From here to there, and back. */
  readonly forth: Transport
  readonly back: Transport
}

/** From now on all mail between the two goes through a mail system of neither. */
export async function layRoads({ here, there }: Exchange): Promise<Roads> {
  await using stack = new AsyncDisposableStack()
  const holder = pki().issue({ kind: 'tls', dns: ['tasiyan.example'], ip: [] })
  const forth = stack.use(await startTransport(there, holder))
  const back = stack.use(await startTransport(here, holder))
  const certificates = [toPem('CERTIFICATE', holder.certificate.der)]
  const through = async (to: TestProvider, peer: TestProvider, road: Transport) =>
    await to.provider.peers.put({
      ...entryOf(peer),
      route: { host: '127.0.0.1', port: road.port, tls: 'starttls' },
      tls: { ca: [], certificates },
      client: { certificates, ca: [], addresses: [] },
    })
  await through(here, there, forth)
  await through(there, here, back)
  const open = stack.move()
  return { forth, back, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

const wholeOf = async (stream: SMTPServerDataStream): Promise<Buffer> =>
  Buffer.concat(await Array.fromAsync(stream))

async function handOn(to: TestProvider, holder: Holder, { from, to: recipients, octets }: Passing) {
  await using session = await openPeerSession({ port: to.provider.ports.peer, ca: to.ca }, holder)
  return await session.send(octets, { from, to: recipients })
}
