import * as http from 'node:http'
import * as https from 'node:https'
import type { Clock } from '../../mail/clock.ts'
import type { Certificate } from '../ports.ts'
import { MAX_CRL_OCTETS, readCrl } from './crl.ts'

/** A CA that does not answer by then is treated as silent. */
const TIMEOUT_MS = 10_000
/** Distinct addresses kept, and octets of their lists; beyond either the oldest goes. */
const MAX_CACHED = 1000
const MAX_CACHED_OCTETS = 256 * 1024 * 1024
/** Of one certificate; real ones name one or two. */
const MAX_URLS = 4
/** After a failure the same address is left alone for this long, so that a dead CA does not slow every message. */
const RETRY_AFTER_MS = 30_000

interface Cached {
  readonly der: Uint8Array | undefined
  /** Not asked again before, ms. */
  readonly until: number
}

/**
 * Fetches CRLs over HTTP and keeps them until they age. Only addresses from the configuration, or from
 * certificates that already chain to an anchor, are given to it, so a message cannot make us fetch at will.
 */
export class CrlSource {
  readonly #clock: Clock
  readonly #maxAgeMs: () => number
  readonly #onFailure: (url: string, error: Error) => void
  readonly #cache = new Map<string, Cached>()
  readonly #running = new Map<string, Promise<Cached>>()

  constructor(options: {
    clock: Clock
    maxAgeMs: () => number
    onFailure: (url: string, error: Error) => void
  }) {
    this.#clock = options.clock
    this.#maxAgeMs = options.maxAgeMs
    this.#onFailure = options.onFailure
  }

  /** The lists that the certificates name, and the further ones; those that cannot be had are left out. */
  async listsFor(certificates: readonly Certificate[], further: readonly string[]): Promise<Uint8Array[]> {
    const urls = new Set([
      ...further,
      ...certificates.flatMap((certificate) => certificate.crlUrls.slice(0, MAX_URLS)),
    ])
    const lists = await Promise.all([...urls].map((url) => this.#list(url)))
    return lists.flatMap(({ der }) => (der === undefined ? [] : [der]))
  }

  async #list(url: string): Promise<Cached> {
    const known = this.#cache.get(url)
    if (known !== undefined && known.until > this.#clock.now().getTime()) return known
    let running = this.#running.get(url)
    if (running === undefined) {
      running = this.#fetch(url, known).finally(() => this.#running.delete(url))
      this.#running.set(url, running)
    }
    return running
  }

  async #fetch(url: string, known: Cached | undefined): Promise<Cached> {
    const now = this.#clock.now().getTime()
    let fetched: Cached
    try {
      const der = await get(url)
      const next = readCrl(der).nextUpdate?.getTime() ?? now
      fetched = { der, until: Math.min(now + this.#maxAgeMs(), Math.max(next, now + RETRY_AFTER_MS)) }
    } catch (error) {
      this.#onFailure(url, error instanceof Error ? error : new Error(String(error)))
      fetched = { der: known?.der, until: now + RETRY_AFTER_MS }
    }
    this.#cache.delete(url)
    this.#cache.set(url, fetched)
    this.#makeRoom()
    return fetched
  }

  #makeRoom(): void {
    let octets = 0
    for (const { der } of this.#cache.values()) octets += der?.length ?? 0
    for (const [url, { der }] of this.#cache) {
      if (this.#cache.size <= MAX_CACHED && octets <= MAX_CACHED_OCTETS) return
      this.#cache.delete(url)
      octets -= der?.length ?? 0
    }
  }
}

async function get(address: string): Promise<Uint8Array> {
  const url = new URL(address)
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const request = (url.protocol === 'https:' ? https : http).get(url, (response) => {
    if (response.statusCode !== 200) {
      request.destroy(new Error(`HTTP status ${response.statusCode}`))
      return
    }
    const pieces: Buffer[] = []
    let length = 0
    response.on('data', (piece: Buffer) => {
      length += piece.length
      if (length > MAX_CRL_OCTETS) request.destroy(new Error(`over ${MAX_CRL_OCTETS} octets`))
      else pieces.push(piece)
    })
    response.on('end', () => resolve(Buffer.concat(pieces)))
    response.on('error', reject)
  })
  const timer = setTimeout(() => request.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)), TIMEOUT_MS)
  request.on('error', reject)
  return promise.finally(() => clearTimeout(timer))
}
