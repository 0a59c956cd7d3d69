import { setTimeout as rest } from 'node:timers/promises'
import type { KepAccount } from '../../mail/account.ts'
import type { Clock } from '../../mail/clock.ts'
import { type LeasedWork, type Store, StoreError, type WorkOutcome } from '../../storage/port.ts'
import type { Events } from '../ops/events.ts'
import { jittered } from '../relay/outbound/back-off.ts'
import { type NoticeChannel, type NoticePayload, noticeQueue, wantedAt } from './notice.ts'
import { codeOf, NoticeError, type NoticeSender } from './sender.ts'

export interface NoticeParts {
  readonly store: Store
  readonly clock: Clock
  readonly events: Events
  readonly accountOf: (address: string) => Promise<KepAccount | undefined>
  /** Takes one text message from the account's package, once for each key; false where nothing is left. */
  readonly takeSms: (account: string, key: string) => Promise<boolean>
  /** Gives back what was taken under this key for a text message that was never sent; once, and nothing where nothing was. */
  readonly giveBackSms?: (account: string, key: string) => Promise<void>
  /** While it says no, no time is reckoned (I11). */
  readonly clockIsCertain: () => boolean
  readonly random: () => number
  readonly times?: NoticeTimes
}

/** ms. */
export interface NoticeTimes {
  /** For one attempt. */
  readonly attempt: number
  /** Spans of the waits between attempts, which double. */
  readonly first: number
  readonly longest: number
  /** Word of mail that came longer ago is no news: it is dropped. */
  readonly expiry: number
}

const TIMES: NoticeTimes = { attempt: 20_000, first: 30_000, longest: 3_600_000, expiry: 24 * 3_600_000 }
/** Of one channel at once: a gateway that hangs holds so many, and they hold nothing. */
const PARALLEL = 4
/** Longer than an attempt, so that no row is given to two. */
const LEASE_MS = 5 * 60_000
/** At least this often the store is asked, should a hint be lost. */
const POLL_MS = 5_000
/** A store that refuses is asked again after this. */
const STORE_REST_MS = 1_000

/** What became of an attempt, as metrics call it. */
type Told = 'sent' | 'retry' | 'refused' | 'expired' | 'unpaid' | 'stopped'

interface Attempted {
  readonly told: Told
  readonly outcome: WorkOutcome
  readonly code?: string
}

/**
 * One channel's queue of notices, apart from all other work. Each is sent at least once: after a crash in the middle
 * perhaps twice, and paid once; what is given up without being sent is not paid.
 */
export class NoticeLane {
  readonly #channel: NoticeChannel
  readonly #sender: NoticeSender
  readonly #parts: NoticeParts
  readonly #times: NoticeTimes
  readonly #running = new Set<Promise<void>>()
  readonly #stopping = new AbortController()
  #woken = false
  #wake: () => void = () => {}
  #loop: Promise<void> | undefined
  #unwatch: () => void = () => {}

  constructor(channel: NoticeChannel, sender: NoticeSender, parts: NoticeParts) {
    this.#channel = channel
    this.#sender = sender
    this.#parts = parts
    this.#times = parts.times ?? TIMES
  }

  start(): void {
    this.#unwatch = this.#parts.store.work.watch(() => this.#rouse())
    this.#loop = this.#run()
  }

  /** Breaks off what is on its way; it is found again at the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#unwatch()
    this.#rouse()
    await this.#loop
    await Promise.allSettled(this.#running)
  }

  #rouse(): void {
    this.#woken = true
    this.#wake()
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
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
    const { store, clock, events, clockIsCertain } = this.#parts
    const limit = PARALLEL - this.#running.size
    if (limit <= 0 || !clockIsCertain()) return []
    const queue = noticeQueue(this.#channel)
    const now = clock.now().getTime()
    try {
      // Asking costs no write; claiming does.
      if (((await store.work.nextDue(queue)) ?? Number.POSITIVE_INFINITY) > now) return []
      return await store.work.claim(['notify'], { now, limit, leaseMs: LEASE_MS, queue })
    } catch (error) {
      if (!(error instanceof StoreError && error.code === 'CLOSED')) events.internalError('notify', error)
      await rest(STORE_REST_MS)
      return []
    }
  }

  async #sleep(): Promise<void> {
    const { store, clock } = this.#parts
    const due = await store.work.nextDue(noticeQueue(this.#channel)).catch(() => undefined)
    const left = due === undefined || this.#running.size > 0 ? POLL_MS : due - clock.now().getTime()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    if (this.#woken || this.#stopping.signal.aborted) resolve()
    const timer = setTimeout(resolve, Math.max(50, Math.min(POLL_MS, left)))
    await promise
    clearTimeout(timer)
    this.#woken = false
  }

  async #do(row: LeasedWork): Promise<void> {
    const { store, events } = this.#parts
    const { told, outcome, code } = await this.#attempt(row)
    try {
      if (await store.work.settle(row, outcome))
        events.notification(this.#channel, told, `${row.intake}/${row.recipient}/${row.slot}`, code)
    } catch (error) {
      events.internalError('notify', error) // the lease lapses and the row comes back
    }
  }

  async #attempt(row: LeasedWork): Promise<Attempted> {
    const key = `${row.intake}/${row.recipient}/${row.slot}`
    try {
      const payload: NoticePayload = JSON.parse(row.payload)
      const attempted = await this.#send(row, payload, key).catch((error: unknown) => {
        if (error instanceof NoticeError && error.final) return { told: 'refused', code: error.code } as const
        throw error
      })
      // Before the row is done, for it is found again only as long as it is not.
      if (this.#channel === 'sms' && attempted.told !== 'sent')
        await this.#parts.giveBackSms?.(payload.account, key)
      return { ...attempted, outcome: { done: true } }
    } catch (error) {
      const code = error instanceof NoticeError ? error.code : codeOf(error)
      const { clock, random } = this.#parts
      const retryAt = clock.now().getTime() + jittered(row.attempts, this.#times, random)
      return { told: 'retry', outcome: { retryAt, error: code }, code }
    }
  }

  /** Rejects with NoticeError, or as the store does. */
  async #send(
    row: LeasedWork,
    { account: address, handle, at }: NoticePayload,
    key: string,
  ): Promise<{ told: Told }> {
    const { clock, accountOf, takeSms } = this.#parts
    if (clock.now().getTime() - row.since >= this.#times.expiry) return { told: 'expired' }
    const account = await accountOf(address)
    const person = account?.persons.find((one) => one.handle === handle)
    const to = person && wantedAt(person, this.#channel)
    if (account?.state !== 'active' || to === undefined) return { told: 'stopped' }
    if (this.#channel === 'sms' && !(await takeSms(address, key))) return { told: 'unpaid' }
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(this.#times.attempt)])
    await this.#sender.send(to, { account: address, at: new Date(at) }, signal)
    return { told: 'sent' }
  }
}
