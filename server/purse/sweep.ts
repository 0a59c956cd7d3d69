import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../mail/clock.ts'
import { randomHex } from '../../mail/ids.ts'
import type { Store } from '../../storage/port.ts'
import type { Events } from '../ops/events.ts'
import type { Duty } from '../rounds.ts'
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
  readonly events: Pick<Events, 'purse'>
  readonly purses: Purses
  /** While it says no, nobody's time is up (I11). */
  readonly clockIsCertain: () => boolean
}

/**
 * Gives back what was set aside for messages that were never accepted. The id is voided first: whoever is late with the
 * acceptance is then refused, so nothing goes out unpaid. It also copies entries into the ledger that wait in purses.
 */
export class PurseSweep implements Duty {
  readonly where = 'purse'
  readonly startsAtOnce = true
  readonly #parts: SweepParts
  readonly #owner = randomHex()
  #isCopied = false

  constructor(parts: SweepParts) {
    this.#parts = parts
  }

  pauseMs(): number {
    return PAUSE_MS
  }

  async round(signal?: AbortSignal): Promise<void> {
    try {
      if (!this.#isCopied) await this.#copyAll(signal)
      this.#isCopied = true
    } finally {
      await this.#giveBack(signal)
    }
  }

  /** Every mark whose time is up, oldest first. */
  async #giveBack(signal: AbortSignal | undefined): Promise<void> {
    const { store, clock, purses, clockIsCertain } = this.#parts
    await purses.flush()
    for (let after = MARKERS; !signal?.aborted; ) {
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
  async #copyAll(signal: AbortSignal | undefined): Promise<void> {
    const { store, purses } = this.#parts
    for (let after = ''; !signal?.aborted; ) {
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
