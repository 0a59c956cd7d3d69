import { setTimeout as rest } from 'node:timers/promises'
import { type LeasedWork, StoreError, type WorkOutcome } from '../../../storage/port.ts'
import type { SendPayload } from '../payloads.ts'
import { queueIdOf } from '../queue-id.ts'
import type { SendResult } from '../send-result.ts'
import { type AttemptParts, attempt, type Contact, type Held } from './attempt.ts'
import { BackOff, jittered } from './back-off.ts'
import type { ConnectParts } from './connect.ts'
import { ConnectionPool } from './connection-pool.ts'
import { Rate } from './rate.ts'
import { LEASE_MS } from './smtp-times.ts'

export interface LaneParts extends AttemptParts {
  readonly connect: ConnectParts
  /** ms. */
  readonly retry: () => { readonly first: number; readonly longest: number }
  readonly random: () => number
  /** While it says no, nothing is begun, and no time is reckoned by the wall clock (I11). */
  readonly clockIsCertain: () => boolean
}

/** Rows of a peer that is no more: each fails at once, and a few at a time are enough. */
const WITHOUT_PEER = 4
/** After so many attempts a failure of our own making lets the row wait for a person; what peers do never does. */
const MAX_ATTEMPTS = 12
/** At least this often the store is asked, should a hint be lost. */
const POLL_MS = 5_000
/** While our clock is in doubt nothing is done; this often it is asked whether it still is. */
const DOUBT_MS = 250
/** A store that refuses is asked again after this; it has its own troubles. */
const STORE_REST_MS = 1_000

interface Running {
  readonly held: Held
  readonly ended: Promise<void>
}

/**
 * One peer's queue: takes what is due, at most so many at once as the peer allows, and leaves everything where it is while
 * the peer is away. What waits costs nothing here: rows are never looked at before they are claimed.
 */
export class Lane {
  readonly #queue: string
  readonly #parts: LaneParts
  readonly #pool: ConnectionPool
  readonly #backOff: BackOff
  readonly #rate = new Rate()
  readonly #running = new Map<string, Running>()
  /** Of those that run: how many still have to do with the peer. */
  #sending = 0
  #stopping = false
  #woken = false
  #wake: () => void = () => {}
  #loop: Promise<void> | undefined
  /** When the store had nothing due: until then; ms since 1970. */
  #due: number | undefined

  constructor(queue: string, parts: LaneParts) {
    this.#queue = queue
    this.#parts = parts
    this.#pool = new ConnectionPool(parts.connect, (open) => parts.events.relayConnections(queue, open))
    this.#backOff = new BackOff(parts.retry, parts.random)
  }

  start(): void {
    this.#loop = this.#run()
  }

  /** A hint that something may be due. */
  rouse(): void {
    this.#woken = true
    this.#wake()
  }

  /** A person wants it tried now. */
  hasten(): void {
    this.#backOff.hasten()
    this.rouse()
  }

  /** Takes nothing more; what is on its way may end within the time, and is broken off then. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true
    this.rouse()
    await this.#loop
    const ended = Promise.allSettled([...this.#running.values()].map(({ ended }) => ended))
    const grace = new AbortController()
    await Promise.race([ended, rest(graceMs, undefined, { signal: grace.signal }).catch(() => {})])
    grace.abort()
    this.#pool.abort()
    await ended
    this.#pool.abort() // what was given back meanwhile
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const claimed = await this.#claim()
      for (const row of claimed) {
        const key = `${row.intake}/${row.recipient}/${row.slot}`
        const known = this.#running.get(key)
        // Its lease lapsed under an attempt that still goes on: that one goes on under the new lease.
        if (known !== undefined) known.held.row = row
        else this.#begin(key, { row })
      }
      if (claimed.length === 0) await this.#sleep()
    }
  }

  #begin(key: string, held: Held): void {
    const ended = this.#do(held).finally(() => {
      this.#running.delete(key)
      this.rouse()
    })
    this.#running.set(key, { held, ended })
  }

  async #claim(): Promise<LeasedWork[]> {
    const { store, clock, peers, clockIsCertain } = this.#parts
    const now = clock.now().getTime()
    this.#due = undefined
    if (!clockIsCertain()) return []
    const peer = peers.of(this.#queue)
    const most = this.#backOff.probing ? 1 : (peer?.connections ?? WITHOUT_PEER)
    // What is being settled holds no connection; as many of those again bound what is in memory.
    const free = Math.min(most - this.#sending, 2 * most - this.#running.size)
    if (free <= 0 || (peer !== undefined && clock.monotonic() < this.#backOff.until)) return []
    const perMinute = peer?.ratePerMinute
    let taken = 0
    try {
      this.#due = await store.work.nextDue(this.#queue)
      if (this.#due === undefined || this.#due > now) return []
      taken = this.#rate.take(free, perMinute, clock.monotonic())
      if (taken === 0) return []
      const rows = await store.work.claim(['send'], {
        now,
        limit: taken,
        leaseMs: LEASE_MS,
        queue: this.#queue,
      })
      this.#rate.giveBack(taken - rows.length, perMinute)
      return rows
    } catch (error) {
      this.#rate.giveBack(taken, perMinute)
      if (!(error instanceof StoreError && error.code === 'CLOSED'))
        this.#parts.events.internalError('relay', error)
      await rest(STORE_REST_MS)
      return []
    }
  }

  async #sleep(): Promise<void> {
    const { clock } = this.#parts
    const now = clock.now().getTime()
    const times = [POLL_MS]
    const pause = this.#backOff.until - clock.monotonic()
    if (!this.#parts.clockIsCertain()) times.push(DOUBT_MS)
    else if (pause > 0) times.push(pause)
    else if (this.#due !== undefined && this.#due > now) times.push(this.#due - now)
    const rate = this.#rate.wait(clock.monotonic())
    if (rate > 0) times.push(rate)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    if (this.#woken || this.#stopping) resolve()
    const timer = setTimeout(resolve, Math.max(1, Math.min(...times)))
    await promise
    clearTimeout(timer)
    this.#woken = false
  }

  async #do(held: Held): Promise<void> {
    const { store, events } = this.#parts
    const outcome = await this.#attempt(held)
    if (outcome === undefined) return
    try {
      await store.work.settle(held.row, outcome)
    } catch (error) {
      events.internalError('relay', error) // the lease lapses and the row comes back
    }
  }

  async #attempt(held: Held): Promise<WorkOutcome | undefined> {
    const { clock, events, clockIsCertain } = this.#parts
    const { row } = held
    /** Time that is reckoned by a clock in doubt may lie a month ahead: what was due stays due. */
    const inMs = (delay: number): number => (clockIsCertain() ? clock.now().getTime() + delay : row.due)
    const { epoch } = this.#backOff
    let sending = true
    this.#sending++
    const left = (contact: Contact): void => {
      if (!sending) return
      sending = false
      this.#sending--
      if (contact === 'reached') this.#backOff.succeeded()
      else if (contact !== undefined) this.#backOff.failed(epoch, clock.monotonic())
      this.rouse()
    }
    // While the peer is away its lane waits, not each row: with the first success everything follows at once.
    const retryAt = (result: SendResult): number =>
      result.kind === 'unreachable' ? row.due : inMs(this.#pause(row))
    try {
      return await attempt(this.#parts, this.#pool, held, this.#queue, { left, retryAt })
    } catch (error) {
      events.internalError('relay', error)
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      if (row.attempts + 1 < MAX_ATTEMPTS) return { retryAt: inMs(this.#pause(row)), error: text }
      events.workSettled(row.kind, 'held', queueIdOf(row, this.#queue), text)
      return { held: true, error: text }
    } finally {
      left(undefined)
    }
  }

  /** By the failures of both sides: ours are the row's own, the peer's stand in its payload. */
  #pause({ attempts, payload }: LeasedWork): number {
    const { tries = 0 }: SendPayload = JSON.parse(payload)
    return jittered(attempts + tries, this.#parts.retry(), this.#parts.random)
  }
}
