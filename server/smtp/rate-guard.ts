/** What a guard watches and, at last, ends. */
export interface Guarded {
  end(): void
}

export interface RateGuardOptions {
  /** Octets a second of a message that is being received. */
  readonly minimumRate: number
  readonly loginTimeMs: number
  /** Over what time the rate is averaged, and how often a connection is looked at. */
  readonly windowMs: number
  /** Without any step forward (login, MAIL, RCPT, message) for this long a session is over. [RFC 5321 §4.5.3.2.7] */
  readonly idleMs: number
}

/** A message on its way in: `byteLength` octets came, `readableLength` of them wait for us. */
export interface Incoming {
  readonly byteLength: number
  readonly readableLength: number
}

/**
 * Ends connections that only hold a place: one that has not logged in in time, one that trickles a message, one that
 * says nothing useful. An idle time-out alone would let one octet a minute live for ever.
 */
export class RateGuard {
  readonly #guarded: Guarded
  readonly #leastOctets: number
  readonly #idleMs: number
  readonly #timer: NodeJS.Timeout
  readonly #login: NodeJS.Timeout
  #incoming: Incoming | undefined
  #seen = 0
  #progressAt = performance.now()

  constructor(guarded: Guarded, options: RateGuardOptions) {
    const { windowMs } = options
    this.#guarded = guarded
    this.#idleMs = options.idleMs
    this.#leastOctets = (options.minimumRate * windowMs) / 1000
    this.#login = setTimeout(() => guarded.end(), options.loginTimeMs).unref()
    this.#timer = setInterval(() => this.#look(), windowMs).unref()
  }

  loggedIn(): void {
    clearTimeout(this.#login)
    this.progress()
  }

  progress(): void {
    this.#progressAt = performance.now()
  }

  /** From now on the rate of this message counts; undefined when it is over. */
  receiving(message: Incoming | undefined): void {
    this.#incoming = message
    this.#seen = message?.byteLength ?? 0
    this.progress()
  }

  /** Ends the connection now. */
  end(): void {
    this.#guarded.end()
  }

  stop(): void {
    clearTimeout(this.#login)
    clearInterval(this.#timer)
  }

  #look(): void {
    const message = this.#incoming
    if (message === undefined) {
      if (performance.now() - this.#progressAt > this.#idleMs) this.#guarded.end()
      return
    }
    const came = message.byteLength - this.#seen
    this.#seen = message.byteLength
    // What waits to be read waits for us: then the client is not the slow one.
    if (message.readableLength === 0 && came < this.#leastOctets) this.#guarded.end()
  }
}
