import type { SMTPServerSession } from 'smtp-server'
import sasl from 'smtp-server/lib/sasl.js'
import { fromBase64 } from '../sasl/base64.ts'
import type { SaslExchange, SaslStep } from '../sasl/mechanism.ts'

/** What of smtp-server's connection a mechanism uses; it runs with the connection as `this`. */
export interface EngineConnection {
  readonly session: SMTPServerSession
  readonly _server: object
  readonly _socket: unknown
  _nextHandler: ((line: unknown, callback: () => void) => void) | undefined
  send(code: number, text?: string): void
}

/** What a listener does with the exchanges of its clients. */
export interface SaslListener {
  /** undefined for what is not offered to this client. */
  begin(name: string, connection: EngineConnection): SaslExchange | undefined
  /** Answers once, whatever `act` throws; a login that was good has begun then. */
  hear(
    connection: EngineConnection,
    act: () => Promise<SaslStep>,
    callback: (error: (Error & { responseCode?: number }) | null, heard: Heard | undefined) => void,
  ): void
}

/** A step that says more, or who logged in. */
export type Heard = Exclude<SaslStep, { kind: 'done' }> | { readonly kind: 'user'; readonly user: string }

const listeners = new WeakMap<object, SaslListener>()

/**
 * Mechanisms that the engine does not have: it looks them up by name in a table of its own, which is one for the process, so each
 * finds its listener by the server of the connection. Listeners choose by name which of them they offer. [RFC 4954 §4]
 */
export const serveSasl = (server: object, listener: SaslListener): void =>
  void listeners.set(server, listener)

/** Those of server/sasl/ that are served here; PLAIN and LOGIN are the engine's. */
const NAMES = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'EXTERNAL', 'OAUTHBEARER'] as const
Object.assign(sasl, Object.fromEntries(NAMES.map((name) => [`SASL_${name}`, mechanism(name)])))

function mechanism(name: string) {
  return function start(this: EngineConnection, args: readonly string[], callback: () => void): void {
    const listener = listeners.get(this._server)
    const exchange = listener?.begin(name, this)
    if (listener === undefined || exchange === undefined) {
      this.send(504, 'Error: Unrecognized authentication type')
      callback()
      return
    }
    const answer = (text: string, done: () => void): void => {
      const response = text === '=' ? Buffer.alloc(0) : fromBase64(text)
      if (text === '*' || response === undefined) {
        this.send(501, text === '*' ? 'Authentication aborted' : 'Error: that is not base64')
        done()
        return
      }
      listener.hear(
        this,
        () => exchange.step(response),
        (error, heard) => {
          if (heard === undefined) this.send(error?.responseCode ?? 535, error?.message)
          else if (heard.kind === 'challenge') ask(Buffer.from(heard.octets).toString('base64'))
          else if (heard.kind === 'malformed') this.send(501, heard.why)
          else {
            this.session.user = heard.user
            this.send(235, 'Authentication successful')
          }
          done()
        },
      )
    }
    const ask = (challenge: string): void => {
      this._nextHandler = (line, done) => answer(String(line ?? '').trim(), done)
      this.send(334, challenge)
    }
    const [initial, ...more] = args
    if (more.length > 0) this.send(501, `Error: syntax: AUTH ${name} token`)
    else if (initial === undefined) ask('')
    else {
      answer(initial, callback)
      return
    }
    callback()
  }
}
