import type { Peer } from '../peer.ts'
import { type ConnectParts, connectTo } from './connect.ts'
import type { PeerConnection } from './peer-connection.ts'

/** Connections to one peer: those in use, and those that wait a little for the next message. */
export class ConnectionPool {
  readonly #parts: ConnectParts
  readonly #counted: (open: number) => void
  readonly #used = new Set<PeerConnection>()
  /** Since when each of them waits; the latest last. */
  readonly #idle = new Map<PeerConnection, NodeJS.Timeout>()
  readonly #stopping = new AbortController()
  /** For whom they were made: an entry that changed makes new ones. */
  #peer: Peer | undefined

  /** @param counted is told how many are open whenever that changes */
  constructor(parts: ConnectParts, counted: (open: number) => void) {
    this.#parts = parts
    this.#counted = counted
  }

  /** One that waits, or a new one; a new one in any case where `fresh`. Rejects with Unreachable. */
  async take(peer: Peer, fresh = false): Promise<PeerConnection> {
    if (peer !== this.#peer) this.#leaveIdle()
    this.#peer = peer
    for (const connection of [...this.#idle.keys()].reverse()) {
      this.#forget(connection)
      if (!fresh && connection.usable) return this.#use(connection)
      connection.quit()
    }
    return this.#use(await connectTo(peer, this.#parts, { signal: this.#stopping.signal }))
  }

  /** Back after a message, whatever became of it. */
  give(connection: PeerConnection, peer: Peer): void {
    this.#used.delete(connection)
    if (!connection.usable || peer !== this.#peer || this.#stopping.signal.aborted) connection.quit()
    else {
      const leave = (): void => {
        this.#forget(connection)
        connection.quit()
        this.#count()
      }
      this.#idle.set(connection, setTimeout(leave, this.#parts.times.idle))
    }
    this.#count()
  }

  /** Those that wait take leave. */
  close(): void {
    this.#leaveIdle()
    this.#count()
  }

  /** Ends everything that is on its way, and lets nothing begin. */
  abort(): void {
    this.#stopping.abort()
    for (const connection of this.#used) connection.abort()
    this.close()
  }

  #use(connection: PeerConnection): PeerConnection {
    this.#used.add(connection)
    this.#count()
    if (this.#stopping.signal.aborted) connection.abort()
    return connection
  }

  #leaveIdle(): void {
    for (const connection of [...this.#idle.keys()]) {
      this.#forget(connection)
      connection.quit()
    }
  }

  #forget(connection: PeerConnection): void {
    clearTimeout(this.#idle.get(connection))
    this.#idle.delete(connection)
  }

  #count(): void {
    this.#counted(this.#used.size + this.#idle.size)
  }
}
