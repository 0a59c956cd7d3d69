import { constants, createHash } from 'node:crypto'
import { TLSSocket } from 'node:tls'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'
import { MailError } from '../../../mail/errors.ts'
import { readHeader } from '../../../mail/header-read.ts'
import { randomHex } from '../../../mail/ids.ts'
import { StoreError } from '../../../storage/port.ts'
import { plainIp } from '../../connection-census.ts'
import { receiveMessage } from '../../received-message.ts'
import { type Answered, answer, wireError } from '../../smtp/answer.ts'
import { chunksOf, readAway } from '../../smtp/data-stream.ts'
import { ENGINE } from '../../smtp/engine.ts'
import { checkParameters } from '../../smtp/envelope-parameters.ts'
import { keepOwnStatus } from '../../smtp/own-status.ts'
import { Places } from '../../smtp/places.ts'
import type { RateGuard } from '../../smtp/rate-guard.ts'
import { decide } from './decide.ts'
import { type Identified, identify } from './identity.ts'
import type { PeerServerParts } from './parts.ts'
import { type InboundRecipient, readRecipient } from './recipients.ts'
import { type Arrived, traceFields } from './trace-fields.ts'

/** In one transaction; the rest comes in another, which joins the first. [RFC 5321 §4.5.3.1.10] */
const MAX_RECIPIENTS = 1000
/** Enough of the outermost header to see what rules ask of it; dispatches repeat a thousand addresses there. */
const MAX_HEADER = 2 * 1_048_576
/** A client sends its own certificate and a few above it. */
const MAX_SHOWN = 8

/** What we keep of a session beside what smtp-server keeps. */
interface Client extends Answered {
  readonly guard: RateGuard
  readonly ip: string
  /** DER of the certificates that it showed, its own first. */
  shown: readonly Uint8Array[]
  tls: string
  known: Identified | undefined
  mailFrom: string
  recipients: Map<string, InboundRecipient>
}

/**
 * Where peers hand in their mail, on 25 with STARTTLS. [RFC 3207 §4] Nobody logs in: who is no known peer is refused
 * at MAIL, whatever certificate it shows.
 */
export function makePeerServer(parts: PeerServerParts): { server: SMTPServer; receiving: () => number } {
  let receiving = 0
  const clients = new Map<string, Client>()
  const places = new Places(parts.census, parts, () => server.connections)
  const answering = { ...parts, listener: 'peer' } as const

  const server: SMTPServer = new SMTPServer({
    ...ENGINE,
    name: parts.domain,
    secure: false,
    key: parts.tls.key,
    cert: parts.tls.cert,
    // Every certificate is let in as far as MAIL: whom it makes of a client is judged there, against the peers of then.
    requestCert: true,
    rejectUnauthorized: false,
    // A resumed session shows the client's own certificate alone, and a chain that was believed breaks off.
    secureOptions: constants.SSL_OP_NO_TICKET,
    size: parts.maxBytes,
    authOptional: true,
    disabledCommands: ['AUTH'],
    hideREQUIRETLS: false,
    onConnect: (session, callback) => {
      keepOwnStatus(server, session.id)
      const place = places.of(session)
      if (place?.admission === undefined) return callback(wireError('TOO_MANY_CONNECTIONS'))
      clients.set(session.id, {
        guard: place.guard,
        ip: plainIp(session.remoteAddress),
        shown: [],
        tls: '',
        known: undefined,
        mailFrom: '',
        recipients: new Map(),
        errors: 0,
      })
      parts.events.connection('peer')
      callback()
    },
    onSecure: (socket, session, callback) => {
      const client = clients.get(session.id)
      if (client !== undefined && socket instanceof TLSSocket) {
        client.shown = certificatesOf(socket)
        client.tls = `${socket.getProtocol() ?? ''} ${socket.getCipher()?.name ?? ''}`.trim()
      }
      callback()
    },
    onMailFrom: (address, session, callback) => {
      hear(session, callback, async (client) => {
        if (!session.secure) throw new MailError('TLS_REQUIRED')
        identifyAgain(client)
        const closed = parts.closedBecause()
        if (closed !== undefined) throw new MailError(closed)
        checkParameters(address, MAIL_PARAMETERS)
        client.mailFrom = address.address
        client.recipients = new Map()
        client.guard.progress()
      })
    },
    onRcptTo: (address, session, callback) => {
      hear(session, callback, async (client) => {
        checkParameters(address, [])
        const recipient = readRecipient(address.address, parts)
        if (!client.recipients.has(recipient.address) && client.recipients.size >= MAX_RECIPIENTS)
          throw new MailError('RECIPIENTS_AT_ONCE')
        client.recipients.set(recipient.address, recipient)
        client.guard.progress()
      })
    },
    onData: (stream, session, callback) => {
      hear(session, callback, async (client) => {
        client.guard.receiving(stream)
        receiving++
        try {
          return await takeData(client, session, stream)
        } finally {
          receiving--
          client.guard.receiving(undefined)
          stream.resume() // what was not read is read and dropped, or the session would hang
        }
      })
    },
    onClose: (session, callback) => {
      clients.delete(session.id)
      places.forget(session)
      callback()
    },
  })
  server.server.prependListener('connection', (socket) => places.take(socket))
  server.on('error', (error: Error) => parts.events.socketError('peer', error))
  return { server, receiving: () => receiving }

  /** At each MAIL: peers may have been changed since the last. */
  function identifyAgain(client: Client): void {
    const before = client.known
    client.known = identify(client, parts.peers, parts.clock.now())
    if (client.known === undefined) {
      parts.events.peerUnknown(client.ip)
      throw new MailError('NOT_A_PEER')
    }
    if (before === undefined) {
      client.guard.loggedIn()
      parts.events.peerKnown(client.known.peer.provider, client.known.by)
    }
  }

  async function takeData(
    client: Client,
    session: SMTPServerSession,
    stream: SMTPServerDataStream,
  ): Promise<string> {
    const { known, ip, tls, mailFrom } = client
    if (known === undefined) throw new MailError('NOT_A_PEER')
    const recipients = [...client.recipients.values()]
    client.recipients = new Map()
    const clientName = session.hostNameAppearsAs || ''
    const arrived: Arrived = { id: randomHex(), at: parts.clock.now(), ip, clientName, mailFrom, tls }
    const trace = traceFields(arrived, parts.domain)
    const hash = createHash('sha256')
    const received = await receiveMessage(behind(trace, stream, hash), {
      blobs: parts.store.blobs,
      maxBytes: parts.maxBytes + trace.length,
      limits: parts.mimeLimits,
      taps: [],
    }).catch(async (error: unknown) => {
      if (!(error instanceof StoreError && error.code === 'BLOB_TOO_LARGE')) throw error
      if (!(await readAway(stream))) client.guard.end()
      throw new MailError('MESSAGE_TOO_BIG', `${parts.maxBytes}`)
    })
    const { staged, index } = received
    try {
      const range = { start: 0, end: Math.min(index.root.bodyStart, MAX_HEADER) }
      return await decide(parts, {
        ...arrived,
        peer: known.peer,
        identity: known.by,
        recipients,
        received,
        traceOctets: trace.length,
        sha256: hash.digest('hex'),
        header: readHeader(Buffer.concat(await Array.fromAsync(staged.open(range)))),
      })
    } catch (error) {
      if (error instanceof MailError) parts.events.peerRefused(known.peer.provider, error.code)
      throw error
    } finally {
      await staged.discard() // what something durable names by then stays
    }
  }

  function hear<T>(
    session: SMTPServerSession,
    callback: (error: Error | null, value?: T) => void,
    handler: (client: Client) => Promise<T>,
  ): void {
    answer(clients.get(session.id), callback, handler, answering)
  }
}

const MAIL_PARAMETERS = ['SIZE', 'BODY', 'REQUIRETLS']

/** The message as it is stored: our trace fields, then the octets as they come, hashed on the way. */
async function* behind(
  trace: Buffer,
  stream: SMTPServerDataStream,
  hash: { update(octets: Uint8Array): unknown },
): AsyncGenerator<Uint8Array> {
  yield trace
  for await (const chunk of chunksOf(stream)) {
    hash.update(chunk)
    yield chunk
  }
}

/** The client's chain as TLS brought it; a self-signed certificate is its own issuer. */
function certificatesOf(socket: TLSSocket): Uint8Array[] {
  const shown: Uint8Array[] = []
  const seen = new Set<string>()
  let next: ReturnType<typeof socket.getPeerCertificate> | undefined = socket.getPeerCertificate(true)
  while (next?.raw !== undefined && shown.length < MAX_SHOWN) {
    if (seen.has(next.fingerprint256)) break
    seen.add(next.fingerprint256)
    shown.push(next.raw)
    next = 'issuerCertificate' in next ? (next.issuerCertificate as typeof next) : undefined
  }
  return shown
}
