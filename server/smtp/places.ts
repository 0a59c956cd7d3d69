import type { Socket } from 'node:net'
import type { SMTPServer, SMTPServerSession } from 'smtp-server'
import { type Admission, type ConnectionCensus, plainIp } from '../connection-census.ts'
import { connectionKey, type End } from '../connection-key.ts'
import { RateGuard, type RateGuardOptions } from './rate-guard.ts'

/** What we keep of a connection from its first octet. */
export interface Place {
  readonly guard: RateGuard
  /** undefined: there was no place left, and it is told so. */
  readonly admission: Admission | undefined
}

/** The connections of one listener: each is counted and guarded from its first octet until it is gone. */
export class Places {
  readonly #census: ConnectionCensus
  readonly #options: RateGuardOptions
  readonly #ipOf: (end: End) => string
  readonly #connections: () => SMTPServer['connections']
  readonly #places = new Map<string, Place>()
  readonly #admissions = new Map<string, Admission>()

  constructor(
    census: ConnectionCensus,
    options: RateGuardOptions,
    connections: () => SMTPServer['connections'],
    ipOf: (end: End) => string = (end) => plainIp(end.remoteAddress ?? ''),
  ) {
    this.#census = census
    this.#options = options
    this.#connections = connections
    this.#ipOf = ipOf
  }

  /** Counts the connection until it ends; undefined where a limit is reached. */
  admit(socket: Socket): Admission | undefined {
    const key = connectionKey(socket)
    const admission = this.#census.admit(this.#ipOf(socket))
    if (admission === undefined) return undefined
    this.#admissions.set(key, admission)
    // After STARTTLS the raw socket does not tell of its end; then forget() is called for the session.
    socket.once('close', () => this.#forget(key))
    return admission
  }

  take(socket: Socket): void {
    const key = connectionKey(socket)
    const admission = this.#admissions.get(key) ?? this.admit(socket)
    const guard = new RateGuard(
      {
        end: () => {
          for (const connection of this.#connections())
            if (connectionKey(connection.session) === key) connection.close()
          socket.destroy()
        },
      },
      this.#options,
    )
    this.#places.set(key, { guard, admission })
    socket.once('close', () => this.#forget(key))
  }

  of(session: SMTPServerSession): Place | undefined {
    return this.#places.get(connectionKey(session))
  }

  forget(session: SMTPServerSession): void {
    this.#forget(connectionKey(session))
  }

  #forget(key: string): void {
    this.#places.get(key)?.guard.stop()
    this.#places.delete(key)
    this.#admissions.get(key)?.leave()
    this.#admissions.delete(key)
  }
}
