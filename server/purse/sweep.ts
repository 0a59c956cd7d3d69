import { setTimeout as rest, setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../mail/clock.ts'
import { randomHex } from '../../mail/ids.ts'
import type { Store } from '../../storage/port.ts'
import type { Events } from '../ops/events.ts'
import type { Purse } from './document.ts'
import { MARKERS, type Marker, markedUntil } from './marker.ts'
import type { Purses } from './purses.ts'

/** Between two rounds. */
const PAUSE_MS = 30_000
/** Marks, or purses, that are looked at together. */
const PAGE = 100
/** One round of one machine at a time; longer than a round of many pages takes. */
const LEASE = 'purse-sweep'
const LEASE_MS = 5 * 60_000

export interface SweepParts {
  readonly store: Pick<Store, 'purses' | 'reservations' | 'chain' | 'intake' | 'voidIntake'>
  readonly clock: Clock
  readonly events: Pick<Events, 'purse' | 'internalError'>
  readonly purses: Purses
  /** While it says no, nobody's time is up (I11). */
  readonly clockIsCertain: () => boolean
}

/**
 * Gives back what was set aside for messages that were never accepted. The id is voided first: whoever is late with the
 * acceptance is then refused, so nothing goes out unpaid. It also copies entries into the ledger that wait in purses.
 */
export class PurseSweep {
  readonly #parts: SweepParts
  readonly #owner = randomHex()
  readonly #stopping = new AbortController()
  #loop: Promise<void> | undefined

  constructor(parts: SweepParts) {
    this.#parts = parts
  }

  start(): void {
    this.#loop = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    for (let first = true; !signal.aborted; first = false) {
      try {
        if (first) await this.copyAll()
        await this.once()
      } catch (error) {
        this.#parts.events.internalError('purse', error)
      }
      await rest(PAUSE_MS, undefined, { signal }).catch(() => {})
    }
  }

  /** One round: every mark whose time is up, oldest first. */
  async once(): Promise<void> {
    const { store, clock, purses, clockIsCertain } = this.#parts
    await purses.flush()
    for (let after = MARKERS; !this.#stopping.signal.aborted; ) {
      if (!clockIsCertain()) return
      const now = clock.now().getTime()
      const page = await store.reservations.list(after, PAGE)
      const due = page.filter(({ key }) => (markedUntil(key) ?? Number.POSITIVE_INFINITY) <= now)
      const last = due.at(-1)
      if (last === undefined) return
      if ((await store.chain.lease(LEASE, this.#owner, now, LEASE_MS)) === undefined) return
      await Promise.all(
        due.map(({ key, version, document }) => this.#take(key, version, JSON.parse(document))),
      )
      if (due.length < PAGE) return
      after = last.key
    }
  }

  async #take(key: string, version: number, { account, intake }: Marker): Promise<void> {
    const { store, purses, events } = this.#parts
    if ((await store.intake(intake)) === undefined && (await store.voidIntake(intake))) {
      await purses.abandon(account, intake)
      events.purse('swept')
    }
    await store.reservations.remove(key, version)
  }

  /** After a start: a process that died has left entries in the outboxes of purses that nobody changes any more. */
  async copyAll(): Promise<void> {
    const { store, purses } = this.#parts
    for (let after = ''; !this.#stopping.signal.aborted; ) {
      const page = await store.purses.list(after, PAGE)
      for (const { key, document } of page) {
        const { outbox }: Purse = JSON.parse(document)
        if (outbox.length > 0) await purses.flush(key)
      }
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE) return
      after = last.key
      await turn()
    }
  }
}
