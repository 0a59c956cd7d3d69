import type { Socket } from 'node:net'

/** How often a connection is looked at, and over what time its rate is averaged. */
const WINDOW_MS = 30_000
/** Without any step forward (login, MAIL, RCPT, message) for this long a session is over. [RFC 5321 §4.5.3.2.7] */
const IDLE_MS = 10 * 60_000

/**
 * Ends connections that only hold a place: one that has not logged in in time, one that trickles a message, one that
 * says nothing useful. An idle time-out alone would let one octet a minute live for ever.
 */
export class RateGuard {
  readonly #socket: Socket
  readonly #minimumRate: number
  readonly #timer: NodeJS.Timeout
  readonly #login: NodeJS.Timeout
  #lastRead = 0
  #receiving = false
  #progressAt = performance.now()

  constructor(socket: Socket, options: { minimumRate: number; loginTimeMs: number }) {
    this.#socket = socket
    this.#minimumRate = options.minimumRate
    this.#login = setTimeout(() => socket.destroy(), options.loginTimeMs)
    this.#timer = setInterval(() => this.#look(), WINDOW_MS)
    socket.once('close', () => {
      clearTimeout(this.#login)
      clearInterval(this.#timer)
    })
  }

  loggedIn(): void {
    clearTimeout(this.#login)
    this.progress()
  }

  progress(): void {
    this.#progressAt = performance.now()
  }

  /** While a message is being read its rate counts. */
  receiving(now: boolean): void {
    this.#receiving = now
    this.#lastRead = this.#socket.bytesRead
    this.progress()
  }

  #look(): void {
    const read = this.#socket.bytesRead - this.#lastRead
    this.#lastRead = this.#socket.bytesRead
    // A paused socket waits for us, not we for it.
    if (this.#receiving && !this.#socket.isPaused() && read < (this.#minimumRate * WINDOW_MS) / 1000)
      this.#socket.destroy()
    else if (!this.#receiving && performance.now() - this.#progressAt > IDLE_MS) this.#socket.destroy()
  }
}
