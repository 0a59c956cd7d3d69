import {
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JWTHeaderParameters,
  type JWTVerifyGetKey,
} from 'jose'
import type { Clock } from '../../mail/clock.ts'

/** Asked again no sooner, whatever tokens name: strangers choose what keys they ask for. */
const PAUSE_MS = 60_000
/** Asked again at the next token: a new key is there soon, and one that was taken back goes. */
const FRESH_MS = 10 * 60_000
/** Beyond this nothing is believed, since one of them may have been taken back. */
const STALE_MS = 60 * 60_000

type Key = Awaited<ReturnType<JWTVerifyGetKey>>

/** The keys of an issuer, which it changes when it likes. [RFC 7517 §5] */
export class KeySet {
  readonly #read: () => Promise<string>
  readonly #clock: Clock
  readonly #failed: (error: Error) => void
  #known: { readonly keyOf: JWTVerifyGetKey; readonly at: number } | undefined
  #asked = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined

  /**
   * @param read the set as JSON
   * @param failed told of a set that could not be had; the one that is known is used until it is stale
   */
  constructor(read: () => Promise<string>, clock: Clock, failed: (error: Error) => void) {
    this.#read = read
    this.#clock = clock
    this.#failed = failed
  }

  /** The key that a header names. Rejects with what jose says where there is none. */
  async keyFor(header: JWTHeaderParameters, token: FlattenedJWSInput): Promise<Key> {
    if (this.#age() >= FRESH_MS) await this.#ask()
    try {
      return await this.#current()(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !this.#mayAsk()) throw error
      await this.#ask()
      return this.#current()(header, token)
    }
  }

  #current(): JWTVerifyGetKey {
    if (this.#known === undefined || this.#age() >= STALE_MS)
      throw new errors.JWKSInvalid('the keys are not known')
    return this.#known.keyOf
  }

  #age(): number {
    return this.#clock.monotonic() - (this.#known?.at ?? Number.NEGATIVE_INFINITY)
  }

  #mayAsk(): boolean {
    return this.#asking !== undefined || this.#clock.monotonic() - this.#asked >= PAUSE_MS
  }

  /** One question at a time, and a pause after each. */
  #ask(): Promise<void> {
    if (!this.#mayAsk()) return Promise.resolve()
    this.#asking ??= this.#renew().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #renew(): Promise<void> {
    this.#asked = this.#clock.monotonic()
    try {
      const keyOf = createLocalJWKSet(JSON.parse(await this.#read()))
      this.#known = { keyOf, at: this.#clock.monotonic() }
    } catch (error) {
      this.#failed(error instanceof Error ? error : new Error(String(error)))
    }
  }
}
