/** The processes that are connected, told apart by the `appName` of their handshake. */
import type { Socket } from 'node:net'

export class Clients {
  readonly #sockets = new Map<string, Set<Socket>>()
  readonly #writes = new Map<string, number>()
  readonly #dead = new Set<string>()

  /** False where the client is dead. */
  joins(client: string, socket: Socket): boolean {
    if (this.#dead.has(client)) return false
    const sockets = this.#sockets.get(client) ?? new Set()
    this.#sockets.set(client, sockets)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    return true
  }

  /** The number of the write that this one is. */
  writes(client: string): number {
    const count = this.written(client) + 1
    this.#writes.set(client, count)
    return count
  }

  /** Write commands that the client has sent. */
  written(client: string): number {
    return this.#writes.get(client) ?? 0
  }

  connections(client: string): number {
    return this.#sockets.get(client)?.size ?? 0
  }

  isDead(client: string): boolean {
    return this.#dead.has(client)
  }

  /** As if its process had ended: its connections are cut, and what was on its way is not taken. */
  kill(client: string): void {
    this.#dead.add(client)
    this.disconnect(client)
  }

  disconnect(client: string): void {
    for (const socket of this.#sockets.get(client) ?? []) socket.destroy()
  }

  /** Its next process: it may connect again, and its writes are counted anew. */
  revive(client: string): void {
    this.#dead.delete(client)
    this.#writes.delete(client)
  }
}
