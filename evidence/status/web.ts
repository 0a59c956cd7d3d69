import { lookup } from 'node:dns/promises'
import * as http from 'node:http'
import * as https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { Clock } from '../../mail/clock.ts'
import { isPublicAddress } from './public-address.ts'

/** Connections to one host at a time, and to all; further requests wait, and their time runs. */
const MAX_PER_HOST = 8
const MAX_CONNECTIONS = 64
/**
 * A host that cannot be reached, or an address that gave no answer in time, is left alone for this long, so that a dead CA does
 * not slow every message. Lists often lie beside a responder that hangs, so that a time-out is no verdict on its host.
 */
const REST_MS = 30_000
const MAX_RESTING = 1000
/** Names with more addresses than these serve no certificates. */
const MAX_ADDRESSES = 8

export type WebFailure =
  | 'BAD_URL'
  | 'PRIVATE_ADDRESS'
  | 'UNREACHABLE'
  | 'HTTP_STATUS'
  | 'TOO_LARGE'
  | 'TIMEOUT'
  | 'RESTING'

export class WebError extends Error {
  readonly code: WebFailure
  constructor(code: WebFailure, detail: string) {
    super(`${code}: ${detail}`)
    this.name = 'WebError'
    this.code = code
  }
}

interface Address {
  readonly address: string
  readonly family: number
}

/** Every address of a name; rejects where there is none. */
export type Resolve = (host: string) => Promise<readonly Address[]>

export interface WebRequest {
  readonly url: string
  readonly maxOctets: number
  /** For all of it: name, connection and the last octet; a host that trickles would never trip a socket time-out. */
  readonly timeoutMs: number
  readonly post?: { readonly type: string; readonly body: Uint8Array } | undefined
  /** The address stands in our own configuration, and may be wherever the operator says. */
  readonly configured?: boolean
}

/**
 * Fetches what certificates name, over HTTP: from public addresses only, connecting to the address that was checked and
 * to no other, so that the DNS cannot change its mind in between. Redirects are not followed.
 */
export class Web {
  readonly #clock: Clock
  readonly #privateHosts: () => readonly string[]
  readonly #resolve: Resolve
  readonly #resting = new Map<string, number>()
  readonly #agents = {
    'http:': new http.Agent({ maxSockets: MAX_PER_HOST, maxTotalSockets: MAX_CONNECTIONS }),
    'https:': new https.Agent({ maxSockets: MAX_PER_HOST, maxTotalSockets: MAX_CONNECTIONS }),
  }

  constructor(options: {
    clock: Clock
    /** Names and addresses that are allowed though they are not public. */
    privateHosts: () => readonly string[]
    resolve?: Resolve | undefined
  }) {
    this.#clock = options.clock
    this.#privateHosts = options.privateHosts
    this.#resolve = options.resolve ?? ((host) => lookup(host, { all: true }))
  }

  /** Rejects with WebError, nothing else. */
  async fetch(request: WebRequest): Promise<Uint8Array> {
    const url = URL.parse(request.url)
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
      throw new WebError('BAD_URL', 'not an HTTP address')
    if (this.#isResting(url.host) || this.#isResting(request.url))
      throw new WebError('RESTING', `${url.host} did not answer before`)
    const deadline = Promise.withResolvers<never>()
    const stop = new AbortController()
    const timer = setTimeout(() => {
      stop.abort()
      deadline.reject(new WebError('TIMEOUT', `no whole answer in ${request.timeoutMs} ms`))
    }, request.timeoutMs)
    try {
      return await Promise.race([this.#exchange(url, request, stop.signal), deadline.promise])
    } catch (error) {
      const failure =
        error instanceof WebError
          ? error
          : new WebError('UNREACHABLE', error instanceof Error ? error.message : 'no connection')
      if (failure.code === 'UNREACHABLE') this.#rest(url.host)
      if (failure.code === 'TIMEOUT') this.#rest(request.url)
      throw failure
    } finally {
      clearTimeout(timer)
    }
  }

  /** Also where the answer was but an excuse. */
  leaveAlone(address: string): void {
    this.#rest(address)
  }

  #isResting(place: string): boolean {
    return (this.#resting.get(place) ?? 0) > this.#clock.now().getTime()
  }

  /** @param place a host, or one whole address */
  #rest(place: string): void {
    this.#resting.delete(place)
    this.#resting.set(place, this.#clock.now().getTime() + REST_MS)
    const oldest = this.#resting.keys().next().value
    if (this.#resting.size > MAX_RESTING && oldest !== undefined) this.#resting.delete(oldest)
  }

  async #exchange(url: URL, request: WebRequest, signal: AbortSignal): Promise<Uint8Array> {
    const addresses = await this.#checked(url, request.configured === true)
    signal.throwIfAborted()
    const { post, maxOctets } = request
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    const secure = url.protocol === 'https:'
    const sent = (secure ? https : http).request(url, {
      method: post === undefined ? 'GET' : 'POST',
      agent: secure ? this.#agents['https:'] : this.#agents['http:'],
      lookup: pinned(addresses),
      signal,
      headers: post === undefined ? {} : { 'Content-Type': post.type, 'Content-Length': post.body.length },
    })
    sent.on('error', reject)
    sent.on('response', (response) => {
      response.on('error', reject)
      collect(response, maxOctets).then(resolve, reject)
    })
    sent.end(post?.body)
    return promise.finally(() => sent.on('error', () => {})) // late errors of a connection that nobody waits for any more
  }

  /** Those addresses of the host that may be connected to; in our own configuration every one. */
  async #checked({ hostname }: URL, configured: boolean): Promise<readonly Address[]> {
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    const family = isIP(host)
    const found = family === 0 ? await this.#resolve(host) : [{ address: host, family }]
    const allowed = this.#privateHosts()
    const all = configured || allowed.includes(host.toLowerCase())
    const usable = found
      .slice(0, MAX_ADDRESSES)
      .filter(({ address }) => all || isPublicAddress(address) || allowed.includes(address))
    if (usable.length === 0) throw new WebError('PRIVATE_ADDRESS', `${host} is at no public address`)
    return usable
  }
}

/** Answers with the addresses that were checked, whatever is asked. Literal addresses are never looked up. */
const pinned =
  (addresses: readonly Address[]): LookupFunction =>
  (_host, options, done) => {
    if (options.all === true) done(null, [...addresses])
    else done(null, addresses[0]!.address, addresses[0]!.family)
  }

async function collect(response: http.IncomingMessage, maxOctets: number): Promise<Uint8Array> {
  const refuse = (code: WebFailure, detail: string): never => {
    response.destroy()
    throw new WebError(code, detail)
  }
  if (response.statusCode !== 200) refuse('HTTP_STATUS', String(response.statusCode))
  if (Number(response.headers['content-length'] ?? 0) > maxOctets)
    refuse('TOO_LARGE', `over ${maxOctets} octets are announced`)
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of response as AsyncIterable<Uint8Array>) {
    length += piece.length
    if (length > maxOctets) refuse('TOO_LARGE', `over ${maxOctets} octets`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}
