import type { Events } from '../ops/events.ts'
import type { PeerDirectory } from './peers.ts'

/** So long at most a peer that another process was told of is unknown here. */
const LOOK_MS = 10_000

/** Where several processes share a store, each looks now and then which peers an operator made known to another. */
export class PeersOfOthers {
  readonly #peers: PeerDirectory
  readonly #events: Pick<Events, 'internalError'>
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()

  constructor(peers: PeerDirectory, events: Pick<Events, 'internalError'>) {
    this.#peers = peers
    this.#events = events
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#looking = this.#peers
        .reload()
        .catch((error: unknown) => this.#events.internalError('relay', error))
    }, LOOK_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }
}
