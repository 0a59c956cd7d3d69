import type { Socket } from 'node:net'
import {
  createServer as createTlsServer,
  TLSSocket,
  type TlsOptions,
  type Server as TlsServer,
} from 'node:tls'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'
import { type FailureCode, MailError } from '../../mail/errors.ts'
import { parseKepAddress } from '../../mail/kep-address.ts'
import type { MimeLimits } from '../../mail/mime-part.ts'
import type { Recipient, SessionFacts, Transaction } from '../../plugins/api.ts'
import { StoreError } from '../../storage/port.ts'
import type { LoginDesk, LoginResult } from '../accounts/login.ts'
import { ASKING, type ShownCertificate, shownCertificate } from '../accounts/shown-certificate.ts'
import type { Admission, ConnectionCensus } from '../connection-census.ts'
import { connectionKey } from '../connection-key.ts'
import type { Events } from '../ops/events.ts'
import type { Clients } from '../proxied/front.ts'
import { receiveMessage } from '../received-message.ts'
import { channelOf } from '../sasl/channel.ts'
import type { SaslOffer } from '../sasl/context.ts'
import { beginExchange, mechanismsOf } from '../sasl/mechanisms.ts'
import { type Answered, answer, obey, wireError } from './answer.ts'
import { chunksOf, readAway } from './data-stream.ts'
import { ENGINE, MIN_TLS } from './engine.ts'
import { checkParameters, parameter, printable } from './envelope-parameters.ts'
import type { MessageRate } from './message-rate.ts'
import { keepOwnStatus } from './own-status.ts'
import { Places } from './places.ts'
import type { RateGuard } from './rate-guard.ts'
import type { RefusalRecord } from './refusal-record.ts'
import { type Heard, serveSasl } from './sasl-engine.ts'
import { decide, type SubmissionParts } from './submission.ts'

export interface SubmissionServerParts extends SubmissionParts {
  readonly desk: LoginDesk
  readonly sasl: SaslOffer
  readonly census: ConnectionCensus
  /** Who connects, behind balancers too. */
  readonly clients: Clients
  readonly messageRate: MessageRate
  readonly refusals: RefusalRecord
  readonly events: Events
  /** undefined: mail may be taken; else why not for now (I11). */
  readonly closedBecause: () => FailureCode | undefined
  readonly sizeLimit: number
  readonly mimeLimits: MimeLimits
  readonly minimumRate: number
  readonly windowMs: number
  readonly idleMs: number
  readonly loginTimeMs: number
  readonly maxErrors: number
  readonly tls: { readonly key: string; readonly cert: string }
}

/** Where tokens are taken. [RFC 4954 §4] */
const MAX_AUTH_LINE = 12_288

/** A TLS handshake takes a second at worst; login has its own time. */
const HANDSHAKE_MS = 20_000

/** What we keep of a session beside what smtp-server keeps. */
interface Peer extends Answered {
  readonly guard: RateGuard
  readonly admission: Admission
  readonly ip: string
  facts: SessionFacts | undefined
  declaredSize: number | undefined
  recipients: Recipient[]
}

/**
 * Message submission on 465, on 587 (STARTTLS), or by certificate. [RFC 6409 §3] [RFC 8314 §3.3] Every handler ends in an
 * answer: what throws is a 451 for the client and an error for the operator, never the end of the process (I9).
 */
export function makeSubmissionServer(
  parts: SubmissionServerParts,
  kind: SubmissionKind,
): { server: SMTPServer; tls: TlsServer | undefined; receiving: () => number } {
  const secure = kind !== 'starttls'
  /** Certificates that clients showed, by connection. */
  const shown = new Map<string, ShownCertificate>()
  let receiving = 0
  const peers = new Map<string, Peer>()
  const places = new Places(
    parts.census,
    parts,
    () => server.connections,
    (end) => parts.clients.ipOf(end),
  )
  const answering = { ...parts, listener: 'submission' } as const

  const server: SMTPServer = new SMTPServer({
    ...ENGINE,
    ...(parts.sasl.tokens && { maxCommandLength: MAX_AUTH_LINE }),
    name: parts.domain,
    secure,
    key: parts.tls.key,
    cert: parts.tls.cert,
    secured: secure, // see below
    size: parts.sizeLimit,
    authMethods: authMethodsOf(parts.sasl, kind),
    hideREQUIRETLS: true,
    maxAllowedUnauthenticatedCommands: 10,
    onConnect: (session, callback) => {
      keepOwnStatus(server, session.id)
      const place = places.of(session)
      if (place?.admission === undefined) return callback(wireError('TOO_MANY_CONNECTIONS'))
      peers.set(session.id, {
        guard: place.guard,
        admission: place.admission,
        ip: parts.clients.ipOf(session),
        facts: undefined,
        declaredSize: undefined,
        recipients: [],
        errors: 0,
      })
      parts.events.connection('submission')
      // Not offered, so that no client sends a password in the clear before it is told not to. [RFC 8314 §3.3]
      if (!session.secure) session.disabledCommands = ['AUTH']
      callback()
    },
    onSecure: (_socket, session, callback) => {
      session.disabledCommands = []
      callback()
    },
    onAuth: (auth, session, callback) => {
      answer<Peer, SessionFacts>(
        peers.get(session.id),
        (error, facts) => callback(error, facts && { user: facts.account.address }),
        async (peer) => {
          const result = await parts.desk.check({
            ip: peer.ip,
            service: 'smtp',
            name: auth.authcid ?? auth.username ?? '',
            authzid: auth.authzid ?? '',
            password: auth.password ?? '',
          })
          return welcome(peer, session, result)
        },
        answering,
      )
    },
    onMailFrom: (address, session, callback) => {
      hear(session, callback, async (peer) => {
        const closed = parts.closedBecause()
        if (closed !== undefined) throw new MailError(closed)
        checkParameters(address, ['SIZE', 'BODY', 'AUTH'])
        const declaredSize = Number(parameter(address, 'SIZE') ?? Number.NaN)
        peer.declaredSize = Number.isSafeInteger(declaredSize) ? declaredSize : undefined
        peer.recipients = []
        // A message that was begun in time may end later: large ones take long.
        if (parts.clock.now().getTime() >= (factsOf(peer).login.until ?? Number.POSITIVE_INFINITY))
          throw new MailError('AUTH_REQUIRED')
        await refresh(peer)
        if (!parts.messageRate.take(factsOf(peer).account.address, peer.ip)) throw new MailError('TOO_FAST')
        const from = address.address
        obey(
          await parts.pipeline.ask('mail', { session: factsOf(peer), from, declaredSize: peer.declaredSize }),
        )
        peer.guard.progress()
      })
    },
    onRcptTo: (address, session, callback) => {
      hear(session, callback, async (peer) => {
        checkParameters(address, [])
        const kep = parseKepAddress(address.address)
        const recipient = kep && { kep, local: kep.provider === parts.domain }
        const transaction = transactionOf(peer)
        obey(await parts.pipeline.ask('rcpt', { transaction, to: printable(address.address), recipient }))
        if (
          recipient !== undefined &&
          !peer.recipients.some((known) => known.kep.address === recipient.kep.address)
        )
          peer.recipients.push(recipient)
        peer.guard.progress()
      })
    },
    onData: (stream, session, callback) => {
      hear(session, callback, async (peer) => {
        peer.guard.receiving(stream)
        receiving++
        try {
          return await takeData(peer, stream)
        } finally {
          receiving--
          peer.guard.receiving(undefined)
          stream.resume() // what was not read is read and dropped, or the session would hang
        }
      })
    },
    onClose: (session, callback) => {
      peers.delete(session.id)
      shown.delete(connectionKey(session))
      places.forget(session)
      callback()
    },
  })

  serveSasl(server, {
    begin: (name, { session, _socket }) => {
      const peer = peers.get(session.id)
      if (peer === undefined) return undefined
      const { desk, sasl: offer } = parts
      const channel = _socket instanceof TLSSocket ? channelOf(_socket) : undefined
      const byCertificate =
        kind === 'certificate' && channel !== undefined
          ? { shown: shown.get(connectionKey(session)) }
          : undefined
      return beginExchange(name, { desk, offer, ip: peer.ip, service: 'smtp', channel, byCertificate })
    },
    hear: ({ session }, act, callback) => {
      answer<Peer, Heard>(
        peers.get(session.id),
        callback,
        async (peer) => {
          const step = await act()
          if (step.kind !== 'done') return step
          const { account } = await welcome(peer, session, step.result)
          return { kind: 'user', user: account.address }
        },
        answering,
      )
    },
  })

  // TLS from the first octet is Node's own server, as in IMAP: smtp-server puts TLS on a socket by itself, and when that
  // socket is destroyed during the handshake the process dies with it.
  const tls = secure
    ? createTlsServer(tlsOptions(parts, kind), (socket) => {
        places.take(socket)
        const certificate = shownCertificate(socket)
        if (certificate !== undefined) shown.set(connectionKey(socket), certificate)
        server.connect(socket)
      })
    : undefined
  if (tls !== undefined) {
    server.server = tls
    // Who says nothing holds a place from the first octet on, not only after the handshake.
    tls.on('connection', (socket: Socket) => {
      if (places.admit(socket) === undefined) socket.destroy()
    })
    // Node tells of a handshake that failed or took too long, and leaves the socket open.
    tls.on('tlsClientError', (error, socket) => {
      parts.events.socketError('submission', error)
      socket.destroy()
    })
    tls.on('error', (error) => parts.events.socketError('submission', error))
  } else server.server.prependListener('connection', (socket) => places.take(socket))
  server.on('error', (error: Error) => parts.events.socketError('submission', error))
  return { server, tls, receiving: () => receiving }

  /** What follows from a login, good or bad. */
  async function welcome(
    peer: Peer,
    { hostNameAppearsAs: clientName }: Pick<SMTPServerSession, 'hostNameAppearsAs'>,
    result: LoginResult,
  ): Promise<SessionFacts> {
    parts.events.login('submission', result.ok ? 'ok' : result.reason, peer.ip)
    if (!result.ok) throw new MailError(result.reason === 'delayed' ? 'AUTH_DELAYED' : 'AUTH_FAILED')
    if (!peer.admission.bind(result.account.address)) throw new MailError('TOO_MANY_CONNECTIONS')
    const { login, account, person } = result
    const facts = { login, account, person, clientName }
    obey(await parts.pipeline.ask('auth', { session: facts }))
    peer.facts = facts
    peer.guard.loggedIn()
    return facts
  }

  /** A session outlives what it logged in with: the account may have been closed or the person revoked since. */
  async function refresh(peer: Peer): Promise<void> {
    const facts = factsOf(peer)
    const now = await parts.desk.refresh(facts.login)
    if (now === undefined) throw new MailError('MAY_NOT_SEND')
    peer.facts = { ...facts, ...now }
  }

  async function takeData(peer: Peer, stream: SMTPServerDataStream): Promise<string> {
    await refresh(peer)
    const transaction = transactionOf(peer)
    obey(await parts.pipeline.ask('data', { transaction }))
    await mustAfford(transaction)
    const begunAt = parts.clock.now()
    const received = await receiveMessage(chunksOf(stream), {
      blobs: parts.store.blobs,
      maxBytes: parts.sizeLimit,
      limits: parts.mimeLimits,
      taps: parts.pipeline.openTaps(transaction),
    }).catch(async (error: unknown) => {
      if (error instanceof StoreError && error.code === 'BLOB_TOO_LARGE') {
        if (!(await readAway(stream))) peer.guard.end()
        throw new MailError('MESSAGE_TOO_BIG', `${parts.sizeLimit}`)
      }
      throw error
    })
    // As things are when it is decided: a message may take its time.
    await refresh(peer).catch(async (error: unknown) => {
      await received.staged.discard()
      throw error
    })
    const decided = await decide(parts, transactionOf(peer), received, begunAt)
    if (!decided.accepted) {
      parts.events.refused(decided.code, decided.evidenceId)
      throw new MailError(decided.code, decided.told)
    }
    parts.events.accepted(received.staged.ref.size, transaction.recipients.length, decided.duplicate)
    return `2.6.0 ${decided.messageId} kabul edildi / accepted${decided.duplicate ? ' (tekrar / repeated)' : ''}`
  }

  /** Before the octets travel, where their number is declared; the type is known with the header only. [RFC 1870 §6.1] */
  async function mustAfford({ declaredSize, recipients, session }: Transaction): Promise<void> {
    if (declaredSize === undefined) return
    const { address } = session.account
    if (!(await parts.purses.couldAfford(address, declaredSize, recipients.length, parts.dedupWindowMs)))
      throw new MailError('NOT_AFFORDABLE')
  }

  /** Steps of a message: what is refused is recorded for the account. */
  function hear<T>(
    session: SMTPServerSession,
    callback: (error: Error | null, value?: T) => void,
    handler: (peer: Peer) => Promise<T>,
  ): void {
    const recorded = async (peer: Peer): Promise<T> => {
      try {
        return await handler(peer)
      } catch (error) {
        if (error instanceof MailError && peer.facts !== undefined)
          await parts.refusals.refused(peer.facts, peer.recipients, error)
        throw error
      }
    }
    answer(peers.get(session.id), callback, recorded, answering)
  }
}

/** 465, 587, or a listener where clients log in by certificate. */
export type SubmissionKind = 'tls' | 'starttls' | 'certificate'

/** They are told after TLS has begun; LOGIN is what the engine has beside the mechanisms of server/sasl/. */
const authMethodsOf = (offer: SaslOffer, kind: SubmissionKind): string[] =>
  kind === 'certificate'
    ? mechanismsOf({ offer, byCertificate: true })
    : [...mechanismsOf({ offer, byCertificate: false }), 'LOGIN']

export const tlsOptions = (
  { tls, loginTimeMs }: SubmissionServerParts,
  kind: SubmissionKind,
): TlsOptions => ({
  ...tls,
  ...(kind === 'certificate' ? ASKING : {}),
  minVersion: MIN_TLS,
  handshakeTimeout: Math.min(HANDSHAKE_MS, loginTimeMs),
})

function factsOf(peer: Peer): SessionFacts {
  if (peer.facts === undefined) throw new MailError('AUTH_REQUIRED')
  return peer.facts
}

const transactionOf = (peer: Peer): Transaction => ({
  session: factsOf(peer),
  declaredSize: peer.declaredSize,
  recipients: [...peer.recipients],
})
