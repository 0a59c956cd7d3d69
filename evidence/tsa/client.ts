/**
 * Asks time-stamp authorities over HTTP, in the order of the configuration, and believes none before its token is
 * verified. [RFC 3161 §3.4] Five tokens a message make this a hot path: connections are kept alive.
 */
import { randomBytes } from 'node:crypto'
import * as http from 'node:http'
import * as https from 'node:https'
import type { Clock } from '../../mail/clock.ts'
import { unsigned } from '../asn1/writer.ts'
import type { HashName, Timestamper, TimestampToken, TrustContext } from '../ports.ts'
import { TimestampError } from './error.ts'
import { creditHeaders, identityHeader, type KamuSmAccount } from './kamusm.ts'
import { buildTimestampRequest } from './request.ts'
import { tokenOfResponse } from './response.ts'
import { type VerifiedToken, verifyToken } from './token.ts'
import { Turns } from './turns.ts'

/** Tokens with their chain have 3 to 10 KiB. */
export const MAX_RESPONSE_OCTETS = 64 * 1024

/** 64 bits: the chance to meet an earlier nonce stays nil over the life of a provider. */
const NONCE_OCTETS = 8

export interface HttpTimestamperOptions {
  /** http: or https: addresses, the preferred one first. */
  readonly urls: readonly string[]
  /** Asked anew for each token, so that fresh lists take effect. */
  readonly trust: () => Omit<TrustContext, 'at'>
  readonly clock: Clock
  /** For one TSA, in milliseconds; then the next one is asked. */
  readonly timeoutMs: number
  /** By address: what its tokens must be. */
  readonly demands?: ReadonlyMap<string, TokenDemands> | undefined
  /** By address: customers of Kamu SM, who are known by a header of its own. */
  readonly accounts?: ReadonlyMap<string, KamuSmAccount> | undefined
  /** Why a token that holds is not taken all the same, or undefined: the authority was revoked. */
  readonly refusal?: ((token: VerifiedToken) => Promise<string | undefined>) | undefined
  /** A token whose time may be further from ours, by its own accuracy too, is not taken, ms; any is where it is absent. */
  readonly maxSkewMs?: number | undefined
  /** Called for each token that is believed, before it is given out or refused for its skew. */
  readonly onSkew?: ((skew: ClockSkew, url: string) => void) | undefined
  /** An answer that was not believed, or none; the next TSA is asked then. */
  readonly onFailure?: ((error: TimestampError, url: string) => void) | undefined
}

export interface TokenDemands {
  /** Dotted OIDs; the first is requested, any of them is accepted. */
  readonly policies?: readonly string[] | undefined
  /** What a token must vouch for around its time, ms. */
  readonly maxAccuracyMs?: number | undefined
}

export interface ClockSkew {
  /** The TSA's time minus ours when its answer came. */
  readonly milliseconds: number
  /** What the TSA vouches for around its time; 0 where it says nothing. */
  readonly accuracyMs: number
  readonly isBorne: boolean
}

export class HttpTimestamper implements Timestamper {
  readonly #options: HttpTimestamperOptions
  readonly #agents = {
    'http:': new http.Agent({ keepAlive: true }),
    'https:': new https.Agent({ keepAlive: true }),
  }
  readonly #turns = new Turns()

  constructor(options: HttpTimestamperOptions) {
    this.#options = options
  }

  /** Rejects with TimestampError: that of the last TSA asked, its cause the one before. */
  async stamp(imprint: Uint8Array, hash: HashName, signal?: AbortSignal): Promise<TimestampToken> {
    let last: TimestampError | undefined
    const { clock, urls } = this.#options
    for (const url of this.#turns.order(urls, clock.monotonic())) {
      const began = clock.monotonic()
      try {
        const token = await this.#ask(url, imprint, hash, signal)
        this.#turns.succeeded(url, clock.monotonic())
        return token
      } catch (error) {
        const known = error instanceof TimestampError
        const code = known ? error.code : 'UNREACHABLE'
        const detail = known ? error.message : `${url} ${error instanceof Error ? error.message : ''}`
        last = new TimestampError(code, detail, last ?? error)
        if (code === 'ABORTED') throw last
        this.#turns.failed(url, began, clock.monotonic(), known ? error.restMs : undefined)
        this.#options.onFailure?.(last, url)
      }
    }
    throw last ?? new TimestampError('UNREACHABLE', 'no TSA is configured')
  }

  /**
   * How many stamps an account has left, where the TSA tells it; undefined where it has none. Rejects with TimestampError, or
   * what the connection said.
   */
  async credit(url: string): Promise<number | undefined> {
    const account = this.#options.accounts?.get(url)
    if (account === undefined) return undefined
    const headers = creditHeaders(account, this.#options.clock.now())
    const answer = Buffer.from(await this.#exchange(new URL(url), new Uint8Array(0), headers)).toString(
      'latin1',
    )
    if (!/^\s*\d{1,15}\s*$/.test(answer)) throw new TimestampError('MALFORMED', 'credit that is no number')
    return Number(answer)
  }

  /** Closes kept connections. */
  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy()
  }

  async #ask(
    url: string,
    imprint: Uint8Array,
    hash: HashName,
    signal?: AbortSignal,
  ): Promise<TimestampToken> {
    const { policies, maxAccuracyMs } = this.#options.demands?.get(url) ?? {}
    const nonce = unsigned(randomBytes(NONCE_OCTETS))
    const body = buildTimestampRequest({ imprint, hash, nonce, certificate: true, policy: policies?.[0] })
    const account = this.#options.accounts?.get(url)
    const headers = account === undefined ? {} : { identity: identityHeader(account, imprint) }
    const response = await this.#exchange(new URL(url), body, headers, signal)
    const trust = this.#options.trust()
    const token = verifyToken(tokenOfResponse(response), { imprint, hash, nonce, policies, trust })
    if (maxAccuracyMs !== undefined && !((token.accuracyMs ?? Number.NaN) <= maxAccuracyMs))
      throw new TimestampError('INACCURATE', `${token.accuracyMs ?? 'nothing said, not'} ms`)
    const refusal = await this.#options.refusal?.(token)
    if (refusal !== undefined) throw new TimestampError('UNTRUSTED', refusal)
    this.#compareClocks(token, url)
    return token
  }

  /** Throws TimestampError CLOCK_SKEW: of two TSAs that differ so, ours may well agree with the next. */
  #compareClocks({ time, accuracyMs = 0 }: VerifiedToken, url: string): void {
    const { clock, maxSkewMs = Number.POSITIVE_INFINITY, onSkew } = this.#options
    const milliseconds = time.getTime() - clock.now().getTime()
    const isBorne = Math.abs(milliseconds) + accuracyMs <= maxSkewMs
    onSkew?.({ milliseconds, accuracyMs, isBorne }, url)
    if (!isBorne)
      throw new TimestampError('CLOCK_SKEW', `${Math.round(milliseconds)} ms, give or take ${accuracyMs}`)
  }

  /**
   * A kept connection that the TSA has just closed is no failure of the TSA: the same query goes out once more, within the same
   * time. Whether the TSA had read it before it closed cannot be known; where it had, it may have booked a stamp that nobody
   * gets. So a query costs two stamps at the most, and one where any octet of an answer came.
   */
  async #exchange(
    url: URL,
    body: Uint8Array,
    headers: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    if (signal?.aborted) throw new TimestampError('ABORTED', 'before the request')
    const { timeoutMs } = this.#options
    // One deadline for everything: a TSA that trickles octets would never trip a socket time-out.
    const over = new AbortController()
    const timer = setTimeout(() => over.abort(new TimestampError('TIMEOUT', `${timeoutMs} ms`)), timeoutMs)
    const abort = (): void => over.abort(new TimestampError('ABORTED', 'by the caller'))
    signal?.addEventListener('abort', abort, { once: true })
    try {
      return await this.#post(url, body, headers, over.signal, 'kept').catch((error: unknown) => {
        if (!(error instanceof StaleConnection)) throw error
        return this.#post(url, body, headers, over.signal, 'new')
      })
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
  }

  /** @param over aborts with the error that the request then ends with */
  async #post(
    url: URL,
    body: Uint8Array,
    headers: Readonly<Record<string, string>>,
    over: AbortSignal,
    connection: 'kept' | 'new',
  ): Promise<Uint8Array> {
    over.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    const secure = url.protocol === 'https:'
    if (!secure && url.protocol !== 'http:') throw new TimestampError('UNREACHABLE', 'not an HTTP address')
    const kept = secure ? this.#agents['https:'] : this.#agents['http:']
    const request = (secure ? https : http).request(url, {
      method: 'POST',
      agent: connection === 'kept' ? kept : false,
      headers: {
        'Content-Type': 'application/timestamp-query',
        'Content-Length': body.length,
        ...headers,
      },
    })
    const end = (): void => {
      reject(over.reason)
      request.destroy()
    }
    over.addEventListener('abort', end, { once: true })
    let isAnswered = false
    const answered = (): void => {
      isAnswered = true
    }
    request.on('socket', (socket) => socket.once('data', answered))
    // It stays for late errors too, of a connection that nobody waits for any more.
    request.on('error', (error: NodeJS.ErrnoException) => {
      const isClosed = error.code === 'ECONNRESET' || error.code === 'EPIPE'
      reject(request.reusedSocket && isClosed && !isAnswered ? new StaleConnection() : error)
    })
    request.on('response', (response) => {
      response.on('error', reject)
      collect(response).then(resolve, reject)
    })
    request.end(body)
    try {
      return await promise
    } finally {
      over.removeEventListener('abort', end)
      request.socket?.off('data', answered)
    }
  }
}

class StaleConnection extends Error {}

/** Retry-After in seconds, as those write it that limit their customers. [RFC 9110 §10.2.3] */
const restAsked = ({ headers }: http.IncomingMessage): number | undefined => {
  const written = headers['retry-after']
  return written !== undefined && /^\d{1,6}$/.test(written) ? Number(written) * 1000 : undefined
}

async function collect(response: http.IncomingMessage): Promise<Uint8Array> {
  if (response.statusCode !== 200) {
    response.destroy()
    throw new TimestampError('HTTP_STATUS', String(response.statusCode), undefined, restAsked(response))
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > MAX_RESPONSE_OCTETS) {
      response.destroy()
      throw new TimestampError('TOO_LARGE', `over ${MAX_RESPONSE_OCTETS} octets`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
