import type { SMTPServer } from 'smtp-server'
import { bind, type Listening } from '../../listen.ts'
import { closeEngine, drainEngine } from '../../smtp/engine.ts'
import type { PeerServerParts } from './parts.ts'
import { makePeerServer } from './peer-server.ts'

/** The listener for peers, on one host. */
export class PeerListener implements Listening {
  readonly #server: SMTPServer
  readonly #parts: PeerServerParts
  readonly #receiving: () => number

  constructor(parts: PeerServerParts) {
    const { server, receiving } = makePeerServer(parts)
    this.#parts = parts
    this.#server = server
    this.#receiving = receiving
  }

  listen(port: number, host: string): Promise<number> {
    return bind(this.#server.server, port, host)
  }

  /** Uses the parts' TLS key and size limit for connections from now on. */
  renew(): void {
    this.#server.updateSecureContext({ key: this.#parts.tls.key, cert: this.#parts.tls.cert })
    this.#server.options.size = this.#parts.maxBytes
  }

  /** Takes no connection, lets messages that are being received finish within the time, then ends the rest. */
  drain(graceMs: number): Promise<void> {
    return drainEngine(this.#server, this.#receiving, graceMs)
  }

  close(): Promise<void> {
    return closeEngine(this.#server)
  }
}
