/** Every change in the order in which it was made; what change streams read, and the clock of the server. */
import { Timestamp } from 'bson'
import type { Change } from './collection.ts'
import { CommandError } from './command-error.ts'
import type { Doc } from './document.ts'

export type LoggedChange = Change | { readonly type: 'drop' } | { readonly type: 'dropDatabase' }

export interface Logged {
  /** From 1, without gaps. */
  readonly number: number
  readonly database: string
  readonly collection: string
  readonly change: LoggedChange
  readonly at: Date
}

export class ChangeLog {
  /** Older changes are forgotten, and a stream cannot be resumed before them. */
  readonly #kept: number
  readonly #started = Math.floor(Date.now() / 1000)
  #changes: Logged[] = []
  #last = 0
  readonly #waiting = new Set<() => void>()

  constructor(kept: number) {
    this.#kept = kept
  }

  append(database: string, collection: string, change: LoggedChange): void {
    this.#last++
    this.#changes.push({ number: this.#last, database, collection, change, at: new Date() })
    if (this.#changes.length >= 2 * this.#kept) this.#changes = this.#changes.slice(-this.#kept)
    for (const wake of [...this.#waiting]) wake()
  }

  /** The number of the latest change. */
  get last(): number {
    return this.#last
  }

  after(number: number): readonly Logged[] {
    const first = this.#last - this.#changes.length
    if (number < first) throw new CommandError(286, 'the changes from which to resume are no longer kept')
    return this.#changes.slice(number - first)
  }

  timeOf(number: number): Timestamp {
    return new Timestamp({ t: this.#started, i: number })
  }

  /** The change before the first that has this time or a later one. */
  before(time: Timestamp): number {
    const [seconds, number] = [time.getHighBitsUnsigned(), time.getLowBitsUnsigned()]
    if (seconds > this.#started) return this.#last
    return seconds < this.#started ? 0 : Math.max(0, number - 1)
  }

  tokenOf(number: number): Doc {
    return { _data: [this.#started, number].map((part) => part.toString(16).padStart(8, '0')).join('') }
  }

  numberOf(token: Doc): number {
    const data = String(token['_data'])
    const [started, number] = [Number.parseInt(data.slice(0, 8), 16), Number.parseInt(data.slice(8), 16)]
    if (started !== this.#started || !(number <= this.#last))
      throw new CommandError(286, 'this resume token is not of this server')
    return number
  }

  /** Resolves at the next change, after so many milliseconds or when the signal says so. */
  next(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        this.#waiting.delete(end)
        signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      this.#waiting.add(end)
      signal.addEventListener('abort', end)
    })
  }
}
