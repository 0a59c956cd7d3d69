import { MessageRecords } from '../../message-records.ts'
import { isNoticeQueue } from '../../notify/notice.ts'
import { Lane, type LaneParts } from './lane.ts'

/** What the lead of the house brings; records are read here. */
export type RelayParts = Omit<LaneParts, 'recordOf'>

/** Every queue is counted this often, for the metrics and for peers that were taken away while mail waited for them. */
const COUNT_MS = 5_000
/** Hints come with every write of work; so many of them are one. */
const GATHER_MS = 10
/** What is on its way at a stop may still take so long: a peer that answers does so within seconds. */
const STOP_MS = 30_000

/** Carries mail to other providers: one lane for each queue that has something in it. */
export class Relay {
  readonly #parts: LaneParts
  readonly #lanes = new Map<string, Lane>()
  #unwatch: () => void = () => {}
  #counting: NodeJS.Timeout | undefined
  #gathering: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  #stopping = false

  constructor(parts: RelayParts) {
    const records = new MessageRecords(parts.store)
    this.#parts = { ...parts, recordOf: (intake) => records.of(intake) }
  }

  start(): void {
    this.#unwatch = this.#parts.store.work.watch(() => this.wake())
    this.#look(() => this.#count())
  }

  /** Looks at once for what is due; hints that come together are one. */
  wake(): void {
    if (this.#stopping) return
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined
      this.#look(() => this.#open())
      for (const lane of this.#lanes.values()) lane.rouse()
    }, GATHER_MS)
  }

  /** An operator wants this peer tried now, whatever is known of it. */
  retryNow(provider: string): void {
    this.#lanes.get(provider)?.hasten()
    this.wake()
  }

  /** Takes no more rows and waits for those on their way, for a bounded time; what is left is found at the next start. */
  async stop(graceMs = STOP_MS): Promise<void> {
    this.#stopping = true
    this.#unwatch()
    clearTimeout(this.#counting)
    clearTimeout(this.#gathering)
    await this.#looking
    await Promise.all([...this.#lanes.values()].map((lane) => lane.stop(graceMs)))
  }

  /** One look after another, and none that is forgotten. */
  #look(what: () => Promise<void>): void {
    this.#looking = this.#looking.then(what).catch((error: unknown) => {
      if (!this.#stopping) this.#parts.events.internalError('relay', error)
    })
  }

  async #count(): Promise<void> {
    const { store, clock, events } = this.#parts
    try {
      const queues = (await store.work.queues()).filter(({ queue }) => !isNoticeQueue(queue))
      events.relayQueues(queues, clock.now().getTime())
      for (const { queue, pending } of queues) if (pending > 0) this.#lane(queue)
    } finally {
      if (!this.#stopping) this.#counting = setTimeout(() => this.#look(() => this.#count()), COUNT_MS)
    }
  }

  /** Peers for which something came since. */
  async #open(): Promise<void> {
    for (const { provider } of this.#parts.peers.all())
      if (!this.#lanes.has(provider) && (await this.#parts.store.work.nextDue(provider)) !== undefined)
        this.#lane(provider)
  }

  #lane(queue: string): void {
    if (this.#lanes.has(queue) || this.#stopping) return
    const lane = new Lane(queue, this.#parts)
    this.#lanes.set(queue, lane)
    lane.start()
  }
}
