import { setTimeout as rest } from 'node:timers/promises'
import type { Events } from './ops/events.ts'

/** A duty that comes round again and again. */
export interface Duty {
  /** Where what fails in it is told. */
  readonly where: Parameters<Events['internalError']>[0]
  /** Between the end of one round and the begin of the next, ms; asked anew each time. */
  pauseMs(): number
  /** The first round begins at the start, not a pause after it. */
  readonly startsAtOnce?: true
  /** @param signal says when to come to an end early */
  round(signal: AbortSignal): Promise<void>
}

/** A timer that is set for longer goes off at once. */
const LONGEST_REST_MS = 2 ** 31 - 1

/** Goes the rounds of one duty: never two at once, however long one takes; one that fails is told, and the next one comes. */
export class Rounds {
  readonly #duty: Duty
  readonly #events: Pick<Events, 'internalError'>
  readonly #stopping = new AbortController()
  #going: Promise<void> | undefined

  constructor(duty: Duty, events: Pick<Events, 'internalError'>) {
    this.#duty = duty
    this.#events = events
  }

  start(): void {
    this.#going ??= this.#go()
  }

  /** Resolves when the round that is under way has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#going
  }

  async #go(): Promise<void> {
    const { signal } = this.#stopping
    if (!this.#duty.startsAtOnce) await this.#pause(signal)
    while (!signal.aborted) {
      try {
        await this.#duty.round(signal)
      } catch (error) {
        this.#events.internalError(this.#duty.where, error)
      }
      await this.#pause(signal)
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    for (let left = this.#duty.pauseMs(); left > 0 && !signal.aborted; left -= LONGEST_REST_MS)
      await rest(Math.min(left, LONGEST_REST_MS), undefined, { signal, ref: false }).catch(() => {})
  }
}
