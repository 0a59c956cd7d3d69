import { setTimeout as rest } from 'node:timers/promises'
import { KeyError, TimestampError } from '../../evidence/index.ts'
import type { Clock } from '../../mail/clock.ts'
import {
  type LeasedWork,
  type Store,
  StoreError,
  type WorkKind,
  type WorkOutcome,
} from '../../storage/port.ts'
import { MessageRecords } from '../message-records.ts'
import type { Events } from '../ops/events.ts'
import { NotYet, type StepParts, type Steps } from './steps.ts'
import { ClockUncertain } from './watched-timestamper.ts'

/** Rows in work at once: enough to overlap the waits for stamps and disk and to share commits, few enough to bound memory. */
const PARALLEL = 64
/** Failures of our own making before a row waits for a person. A TSA that is away never counts. */
const MAX_ATTEMPTS = 12
const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 5 * 60_000
/** While the TSA is away it is asked again at least this often, so that evidence follows soon after its return. */
const LONGEST_WAIT_FOR_STAMP_MS = 10_000
/** While our clock is in doubt nothing is done; this often it is asked whether it still is. */
const DOUBT_MS = 250
/** At least this often the store is asked, should a hint be lost. */
const POLL_MS = 5_000
/** A store that refuses is asked again after this; it has its own troubles. */
const STORE_REST_MS = 1_000

/** Takes due work from the store and does it, as many rows at once as allowed, until it is stopped. */
export class Worker {
  readonly #parts: StepParts
  readonly #steps: Steps
  readonly #kinds: WorkKind[]
  readonly #store: Store
  readonly #clock: Clock
  readonly #events: Events
  readonly #clockIsCertain: () => boolean
  readonly #leaseMs: number
  readonly #running = new Set<Promise<void>>()
  readonly #records: MessageRecords
  #stopping = false
  #wake: () => void = () => {}
  #woken = false
  #loop: Promise<void> | undefined
  #unwatch: () => void = () => {}

  /**
   * @param clockIsCertain while it says no, nothing is issued and no deadline fires (I11)
   * @param leaseMs after it a row whose worker died is given to another
   */
  constructor(
    parts: StepParts,
    steps: Steps,
    events: Events,
    clockIsCertain: () => boolean,
    leaseMs: number,
  ) {
    this.#leaseMs = leaseMs
    this.#parts = parts
    this.#steps = steps
    this.#kinds = (Object.keys(steps) as WorkKind[]).slice()
    this.#store = parts.store
    this.#records = new MessageRecords(parts.store)
    this.#clock = parts.clock
    this.#events = events
    this.#clockIsCertain = clockIsCertain
  }

  start(): void {
    this.#unwatch = this.#store.work.watch(() => this.#rouse())
    this.#loop = this.#run()
  }

  /** Takes no more rows and waits for those in work; what is left is found again at the next start. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#unwatch()
    this.#rouse()
    await this.#loop
    await Promise.allSettled(this.#running)
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const claimed = await this.#claim()
      for (const row of claimed) {
        const task = this.#do(row).finally(() => {
          this.#running.delete(task)
          this.#rouse()
        })
        this.#running.add(task)
      }
      if (claimed.length === 0) await this.#sleep()
    }
  }

  async #claim(): Promise<LeasedWork[]> {
    if (!this.#clockIsCertain()) return []
    const limit = PARALLEL - this.#running.size
    // Half the places free: fewer, larger claims cost fewer commits.
    if (limit < PARALLEL / 2 && this.#running.size > 0) return []
    this.#kinds.push(...this.#kinds.splice(0, 1)) // each kind comes first in turn, so none starves another
    try {
      return await this.#store.work.claim(this.#kinds, {
        now: this.#clock.now().getTime(),
        limit,
        leaseMs: this.#leaseMs,
      })
    } catch (error) {
      this.#events.internalError('work', error)
      await rest(STORE_REST_MS)
      return []
    }
  }

  async #sleep(): Promise<void> {
    if (this.#woken) {
      this.#woken = false
      return
    }
    const now = this.#clock.now().getTime()
    const due = this.#running.size > 0 ? undefined : await this.#store.work.nextDue().catch(() => undefined)
    const wait = !this.#clockIsCertain()
      ? DOUBT_MS
      : due === undefined
        ? POLL_MS
        : Math.min(POLL_MS, Math.max(1, due - now))
    const { promise, resolve } = Promise.withResolvers<void>()
    if (this.#woken) resolve()
    this.#wake = resolve
    const timer = setTimeout(resolve, wait)
    await promise
    clearTimeout(timer)
    this.#woken = false
  }

  #rouse(): void {
    this.#woken = true
    this.#wake()
  }

  async #do(row: LeasedWork): Promise<void> {
    const outcome = await this.#attempt(row)
    try {
      await this.#settle(row, outcome)
    } catch (error) {
      this.#events.internalError('work', error)
      // What follows can never be written: that is a failure of the row. From all else the lease lapses, and it comes back.
      if (!(error instanceof StoreError && error.code === 'TOO_LARGE_A_ROW')) return
      await this.#settle(row, this.#failed(row, error)).catch((again: unknown) =>
        this.#events.internalError('work', again),
      )
    }
  }

  async #settle(row: LeasedWork, outcome: WorkOutcome): Promise<void> {
    if (await this.#store.work.settle(row, outcome)) this.#tell(row, outcome)
  }

  async #attempt(row: LeasedWork): Promise<WorkOutcome> {
    try {
      const step = this.#steps[row.kind]
      if (step === undefined) throw new Error(`nothing does work of kind ${row.kind}`)
      return { done: true, spawn: await step(this.#parts, row, await this.#records.of(row.intake)) }
    } catch (error) {
      const message = messageOf(error)
      const now = this.#clock.now().getTime()
      if (error instanceof NotYet) return { retryAt: error.at, error: message, blameless: true }
      // At once, when the clock is right again: until then nothing is claimed.
      if (error instanceof ClockUncertain) return { retryAt: row.due, error: message, blameless: true }
      if (error instanceof TimestampError || error instanceof KeyError) {
        // What waits for long asks less often.
        const wait = Math.min(LONGEST_WAIT_FOR_STAMP_MS, Math.max(FIRST_RETRY_MS, (now - row.since) / 2))
        return { retryAt: now + Math.round(wait), error: message, blameless: true }
      }
      return this.#failed(row, error)
    }
  }

  #failed(row: LeasedWork, error: unknown): WorkOutcome {
    const message = messageOf(error)
    if (row.attempts + 1 >= MAX_ATTEMPTS) return { held: true, error: message }
    const delay = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(row.attempts, 20))
    return { retryAt: this.#clock.now().getTime() + delay, error: message }
  }

  #tell(row: LeasedWork, outcome: WorkOutcome): void {
    const name = `${row.intake}/${row.recipient}/${row.slot}`
    if ('done' in outcome) this.#events.workSettled(row.kind, 'done', name)
    else this.#events.workSettled(row.kind, 'held' in outcome ? 'held' : 'retry', name, outcome.error)
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error)
