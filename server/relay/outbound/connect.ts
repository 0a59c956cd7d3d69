import type { NodemailerError } from 'nodemailer/lib/errors'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { EvidenceReason } from '../../../mail/errors.ts'
import type { Peer } from '../peer.ts'
import { isNotBelieved, nameAsked, type ShownIdentity, tlsTowards } from './identity.ts'
import { PeerConnection } from './peer-connection.ts'
import { shownReply } from './reply.ts'
import type { NameResolver } from './resolver.ts'
import { RouteError, type Target, targetsOf } from './routes.ts'
import { MAX_RESPONSE_OCTETS, type SmtpTimes } from './smtp-times.ts'

export interface ConnectParts {
  /** How we name ourselves where the peer's entry says nothing. */
  readonly domain: string
  /** What we show as a client, PEM; read at each connection, so that a reload is taken over. */
  readonly client: () => { readonly key: string; readonly cert: string }
  readonly resolver: () => NameResolver
  /** From 0 up to 1. */
  readonly random: () => number
  readonly times: SmtpTimes
}

/** The peer cannot be reached, or whoever is there is not it. */
export class Unreachable extends Error {
  readonly reason: EvidenceReason
  /** It failed in TLS: what is there is no peer, or its certificates changed. */
  readonly tls: boolean
  constructor(reason: EvidenceReason, message: string, tls: boolean, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Unreachable'
    this.reason = reason
    this.tls = tls
  }
}

/** What is told on the way, for whoever tests a peer. */
export interface Steps {
  /** Where it is, by its route. */
  readonly found?: (targets: readonly Target[]) => void
  readonly failed?: (target: Target, error: Unreachable) => void
  readonly reached?: (target: Target) => void
}

/** Connects to the first place that can be reached and is the peer. Rejects with Unreachable. */
export async function connectTo(
  peer: Peer,
  parts: ConnectParts,
  { steps = {}, signal }: { readonly steps?: Steps; readonly signal?: AbortSignal } = {},
): Promise<PeerConnection> {
  const until = performance.now() + parts.times.setup
  const targets = await routed(peer, parts)
  steps.found?.(targets)
  let worst: Unreachable | undefined
  for (const target of targets) {
    const left = until - performance.now()
    if (left <= 0 || signal?.aborted) break
    try {
      const connection = await connectAt(peer, target, parts, Math.min(left, parts.times.connect), signal)
      steps.reached?.(target)
      return connection
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
      steps.failed?.(target, error)
      // One place that is merely away leaves hope; only where all are strangers the peer is not identified.
      if (worst === undefined || error.reason === 'R_REMMD_Unreachable') worst = error
    }
  }
  throw worst ?? new Unreachable('R_REMMD_Unreachable', 'no answer in time', false)
}

async function routed(peer: Peer, { resolver, random }: ConnectParts): Promise<Target[]> {
  try {
    return await targetsOf(peer, resolver(), random)
  } catch (error) {
    if (!(error instanceof RouteError)) throw error
    const reason = error.code === 'unreachable' ? 'R_REMMD_Unreachable' : 'R_REMMD_NotIdentified'
    throw new Unreachable(reason, error.message, false, { cause: error })
  }
}

async function connectAt(
  peer: Peer,
  target: Target,
  parts: ConnectParts,
  timeMs: number,
  signal: AbortSignal | undefined,
): Promise<PeerConnection> {
  let identity: ShownIdentity | undefined
  const smtp = new SMTPConnection({
    host: target.address,
    port: target.port,
    secure: target.implicitTls,
    requireTLS: !target.implicitTls,
    servername: nameAsked(peer, target),
    name: peer.ehlo ?? parts.domain,
    localAddress: peer.sourceAddress,
    connectionTimeout: timeMs,
    greetingTimeout: timeMs,
    socketTimeout: parts.times.ending + parts.times.leaving,
    socketCloseTimeout: 0,
    maxResponseSize: MAX_RESPONSE_OCTETS,
    tls: tlsTowards(peer, target, parts.client(), (seen) => {
      identity = seen
    }),
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  // Stays for as long as the connection lives: an error of an idle one is nobody's.
  smtp.on('error', reject)
  smtp.once('end', () => reject(new Error('the connection was closed')))
  // The library watches each step; a peer that drags on through all of them is watched here.
  const timer = setTimeout(() => reject(new Error('no answer in time')), timeMs)
  const stop = (): void => reject(new Error('stopped'))
  signal?.addEventListener('abort', stop, { once: true })
  smtp.connect((error) => (error ? reject(error) : resolve()))
  try {
    await promise
    if (identity === undefined) throw new Error('the peer showed no certificate')
    return new PeerConnection(smtp, identity, peer, parts.times)
  } catch (error) {
    const inHandshake = smtp.upgrading === true
    smtp.close()
    throw unreachable(error, target, inHandshake)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

function unreachable(error: unknown, { host, port }: Target, inHandshake: boolean): Unreachable {
  const { code, originalCode, message, response } = describe(error)
  const stranger = isNotBelieved(originalCode)
  const tls = stranger || inHandshake || code === 'ETLS' || /^ERR_(?:SSL|TLS)_/.test(originalCode ?? '')
  return new Unreachable(
    stranger ? 'R_REMMD_NotIdentified' : 'R_REMMD_Unreachable',
    shownReply(`${host}:${port} ${originalCode ?? code ?? ''} ${response ?? message}`),
    tls,
    { cause: error },
  )
}

type Described = Pick<NodemailerError, 'code' | 'originalCode' | 'message' | 'response'>

const describe = (error: unknown): Described => (error instanceof Error ? error : { message: String(error) })
