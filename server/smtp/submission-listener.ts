import type { Server } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import type { SMTPServer } from 'smtp-server'
import { bind, type Listening } from '../listen.ts'
import { closeEngine, drainEngine } from './engine.ts'
import {
  makeSubmissionServer,
  type SubmissionKind,
  type SubmissionServerParts,
  tlsOptions,
} from './submission-server.ts'

/** One listener of the submission service, on one host. */
export class SubmissionListener implements Listening {
  readonly #server: SMTPServer
  /** What is bound: the server itself, or what stands before it for balancers. */
  readonly #front: Server
  readonly #tls: TlsServer | undefined
  readonly #parts: SubmissionServerParts
  readonly #kind: SubmissionKind
  readonly #receiving: () => number

  constructor(parts: SubmissionServerParts, kind: SubmissionKind) {
    const { server, tls, receiving } = makeSubmissionServer(parts, kind)
    this.#kind = kind
    this.#parts = parts
    this.#server = server
    this.#front = parts.clients.front(server.server)
    this.#tls = tls
    this.#receiving = receiving
  }

  listen(port: number, host: string): Promise<number> {
    return bind(this.#front, port, host)
  }

  /** Uses the parts' TLS key and size limit for connections from now on. */
  renew(): void {
    this.#server.updateSecureContext({ key: this.#parts.tls.key, cert: this.#parts.tls.cert })
    this.#tls?.setSecureContext(tlsOptions(this.#parts, this.#kind))
    this.#server.options.size = this.#parts.sizeLimit
  }

  /** Takes no connection, lets messages that are being received finish within the time, then ends the rest. */
  drain(graceMs: number): Promise<void> {
    this.#front.close()
    return drainEngine(this.#server, this.#receiving, graceMs)
  }

  close(): Promise<void> {
    if (this.#front !== this.#server.server) this.#front.close()
    return closeEngine(this.#server)
  }
}
