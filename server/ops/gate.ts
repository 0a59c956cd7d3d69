import { randomBytes } from 'node:crypto'
import type { Clock } from '../../mail/clock.ts'
import type { FailureCode } from '../../mail/errors.ts'
import type { Store } from '../../storage/port.ts'
import { type EventTeller, SYSTEM } from '../event-log/event-log.ts'
import type { WatchedTimestamper } from '../issue/watched-timestamper.ts'
import type { Events } from './events.ts'

/** How often the state behind the gate is looked at; a message more or less does not matter to its limits. */
const LOOK_MS = 2_000
/** A clock that is wrong is measured so often at the most: each measure costs a stamp of every TSA. */
const LONGEST_MEASURE_PAUSE_MS = 30_000
/** The start waits so long for the TSA's time and no longer: reading must not wait for a TSA. */
const FIRST_MEASURE_MS = 1_000
/** Submission stops while less than this is free, or less than the share below. */
const MIN_FREE = 1024 ** 3
const MIN_FREE_SHARE = 0.05

export interface GateLimits {
  /** Age in ms of the oldest evidence without a stamp. */
  readonly maxBacklogAge: number
  /** Evidence that waits. */
  readonly maxBacklog: number
}

/** Whether mail may be taken now (I11). Reading goes on whatever it says. */
export class Gate implements Disposable {
  readonly #store: Store
  readonly #clock: Clock
  readonly #events: Events
  readonly #eventLog: EventTeller
  readonly #timestamper: WatchedTimestamper
  readonly #limits: GateLimits
  #reason: FailureCode | undefined
  #closing = false
  /** As the log of events has it. */
  #recorded: FailureCode | undefined
  #timer: NodeJS.Timeout | undefined
  /** When a clock that is wrong is measured next, monotonic, and how much later again. */
  #measureAt = 0
  #pauseMs = LOOK_MS

  constructor(parts: {
    store: Store
    clock: Clock
    events: Events
    eventLog: EventTeller
    timestamper: WatchedTimestamper
    limits: GateLimits
  }) {
    this.#store = parts.store
    this.#clock = parts.clock
    this.#events = parts.events
    this.#eventLog = parts.eventLog
    this.#timestamper = parts.timestamper
    this.#limits = parts.limits
  }

  /** The clock is measured before the first mail is taken; a TSA that is away does not stop the start. */
  async start(): Promise<void> {
    await this.#measure(AbortSignal.timeout(FIRST_MEASURE_MS))
    await this.look()
    this.#timer = setInterval(() => {
      this.look().catch((error: unknown) => this.#events.internalError('ops', error))
    }, LOOK_MS)
  }

  /** undefined: mail may be taken. */
  closedBecause(): FailureCode | undefined {
    if (this.#closing) return 'SHUTTING_DOWN'
    return this.#timestamper.clockIsCertain() ? this.#reason : 'CLOCK_UNCERTAIN'
  }

  /** From now on no mail is taken. */
  closeForGood(): void {
    this.#closing = true
  }

  async look(): Promise<void> {
    const now = this.#clock.now().getTime()
    const rows = await this.#store.work.backlog(now)
    const { free, total } = await this.#store.space()
    this.#events.backlog(rows, now)
    this.#events.freeSpace(free)
    const unevidenced = rows.filter(
      ({ kind, state }) => state === 'pending' && (kind === 'accepted' || kind === 'issue'),
    )
    const waiting = unevidenced.reduce((sum, row) => sum + row.rows, 0)
    const oldest = Math.max(0, ...unevidenced.map(({ oldestSince }) => now - oldestSince))
    this.#reason =
      free < Math.max(MIN_FREE, total * MIN_FREE_SHARE)
        ? 'DISK_FULL'
        : waiting > this.#limits.maxBacklog || oldest > this.#limits.maxBacklogAge
          ? 'BACKLOG'
          : undefined
    // Nothing may be waiting for a stamp, so somebody has to ask whether the clock is right again.
    if (this.#timestamper.clockIsCertain()) this.#pauseMs = LOOK_MS
    else if (this.#clock.monotonic() >= this.#measureAt) {
      await this.#measure()
      this.#measureAt = this.#clock.monotonic() + this.#pauseMs
      this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_MEASURE_PAUSE_MS)
    }
    await this.#recordChange()
  }

  /** An outage begins or ends. */
  async #recordChange(): Promise<void> {
    const because = this.closedBecause()
    if (because === this.#recorded || this.#closing) return
    const what = because === undefined ? 'submission opened' : 'submission closed'
    await this.#eventLog.tell({ what, by: SYSTEM, details: { because: because ?? this.#recorded } })
    this.#recorded = because
  }

  /** Any stamp measures; its failure is told by whoever watches the TSA. */
  async #measure(signal?: AbortSignal): Promise<void> {
    await this.#timestamper.stamp(randomBytes(32), 'sha256', signal).catch(() => {})
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
