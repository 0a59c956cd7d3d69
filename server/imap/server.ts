import { createServer, type Server, type Socket } from 'node:net'
import {
  createSecureContext,
  createServer as createTlsServer,
  TLSSocket,
  type Server as TlsServer,
} from 'node:tls'
import { ASKING, shownCertificate } from '../accounts/shown-certificate.ts'
import type { Admission } from '../connection-census.ts'
import { connectionKey } from '../connection-key.ts'
import { channelOf } from '../sasl/channel.ts'
import { Connection } from './connection.ts'
import type { ImapParts } from './parts.ts'

export type { ImapParts } from './parts.ts'

/** [RFC 8314 §4.1] */
const MIN_VERSION = 'TLSv1.2'
/** A TLS handshake takes a second at worst; login has its own time. */
const HANDSHAKE_MS = 20_000

/** A client that has said all it has to say still hears every answer. */
const SOCKETS = { allowHalfOpen: true } as const

export interface ImapServer {
  /** Port 0 takes a free one. Rejects where the port is taken. */
  listen(port: number, host: string): Promise<void>
  /** The bound port. */
  readonly address: number
  /** For new connections; those that are open keep what they have. */
  setTls(tls: { key: string; cert: string }): void
  /** No new clients; every session hears BYE and is gone after `graceMs` at the latest. */
  close(graceMs: number): Promise<void>
}

/** 993, 143 (STARTTLS, and no login before it), or a listener where clients log in by certificate. */
export type ImapKind = 'tls' | 'starttls' | 'certificate'

/** IMAP, with TLS at once or later. [RFC 8314 §3.2] [RFC 9051 §2.1] */
export function makeImapServer(parts: ImapParts, kind: ImapKind): ImapServer {
  const secure = kind !== 'starttls'
  const connections = new Set<Connection>()
  /** Every accepted socket, also while TLS is being set up. */
  const sockets = new Set<Socket>()
  const admissions = new Map<string, Admission>()
  const settings = (tls: { key: string; cert: string }) =>
    ({ ...tls, minVersion: MIN_VERSION, ...(kind === 'certificate' ? ASKING : {}) }) as const
  let context = createSecureContext(settings(parts.tls))
  let tlsServer: TlsServer | undefined
  let server: Server
  if (secure) {
    tlsServer = createTlsServer({ ...settings(parts.tls), handshakeTimeout: HANDSHAKE_MS, ...SOCKETS }, serve)
    // Node tells of a handshake that failed or took too long, and leaves the socket open.
    tlsServer.on('tlsClientError', (error, socket) => {
      parts.events.socketError('imap', error)
      socket.destroy()
    })
    server = tlsServer
  } else server = createServer(SOCKETS)
  // Who says nothing holds a place from the first octet on, not only after the handshake.
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    const key = connectionKey(socket)
    const admission = parts.census.admit(parts.clients.ipOf(socket))
    if (admission !== undefined) admissions.set(key, admission)
    socket.once('close', () => {
      sockets.delete(socket)
      admission?.leave()
      admissions.delete(key)
    })
    if (admission === undefined && secure) socket.destroy()
  })
  if (!secure) server.on('connection', serve)
  server.on('error', (error) => parts.events.socketError('imap', error))
  const front = parts.clients.front(server, SOCKETS)

  function serve(socket: Socket): void {
    // A peer that left between accept and here has no address any more.
    const ip = parts.clients.ipOf(socket)
    const admission = admissions.get(connectionKey(socket))
    if (admission === undefined) {
      socket.on('error', (error) => parts.events.socketError('imap', error))
      socket.end('* BYE [UNAVAILABLE] Cok sayida baglanti / Too many connections\r\n')
      socket.destroySoon()
      return
    }
    parts.events.connection('imap')
    socket.setNoDelay(true)
    const connection = new Connection({
      parts,
      socket,
      ip,
      admission,
      channel: socket instanceof TLSSocket ? channelOf(socket) : undefined,
      byCertificate: kind === 'certificate' ? { shown: shownCertificate(socket) } : undefined,
      context: () => context,
    })
    connections.add(connection)
    socket.once('close', () => {
      connections.delete(connection)
      admission.leave() // after STARTTLS the raw socket may not tell of its end
    })
    void connection.serve()
  }

  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        front.once('error', reject)
        front.listen(port, host, () => {
          front.off('error', reject)
          resolve()
        })
      }),
    get address() {
      const bound = front.address()
      return typeof bound === 'object' && bound !== null ? bound.port : 0
    },
    setTls: (tls) => {
      context = createSecureContext(settings(tls))
      tlsServer?.setSecureContext(settings(tls))
    },
    close: async (graceMs) => {
      const closed = new Promise<void>((resolve) => front.close(() => resolve()))
      for (const connection of connections) connection.end('Sunucu duruyor / The server is stopping')
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, graceMs)
      await closed
      clearTimeout(cut)
    },
  }
}
