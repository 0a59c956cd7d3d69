import type { Database } from './database.ts'
import { failureOf, isWithoutStream } from './failures.ts'
import { number, optionalRow, optionalText, type Row, text } from './fields.ts'

/** After it hints of one mailbox may come by both ways; twice told is no harm, and clocks of servers differ by less. */
const OVERLAP_MS = 10_000

/** Only what others did and what can be seen: heads that moved, rows that came, went back or were taken up again. */
const PIPELINE = [
  {
    $match: {
      'ns.coll': { $in: ['mailboxes', 'work'] },
      operationType: { $in: ['insert', 'update', 'replace'] },
    },
  },
]

/**
 * Word that something changed: at once of what this process did; of what others did by one change stream, or, where the
 * server gives none or it breaks, by asking now and then. The truth is always asked for elsewhere.
 */
export class Hints {
  readonly #database: Database
  readonly #pollMs: number
  readonly #onFault: (error: unknown) => void
  readonly #work = new Set<() => void>()
  readonly #mailboxes = new Set<(mailbox: string) => void>()
  readonly #ended = new AbortController()
  #following: Promise<void> | undefined
  /** Server's time of the last change that we know of. */
  #last: Date | undefined

  constructor(database: Database, pollMs: number, onFault: (error: unknown) => void) {
    this.#database = database
    this.#pollMs = pollMs
    this.#onFault = onFault
  }

  readonly work = {
    tell: () => {
      for (const listener of this.#work) listener()
    },
    watch: (listener: () => void) => this.#watch(this.#work, listener),
  }

  readonly mailboxes = {
    tell: (mailbox: string) => {
      for (const listener of this.#mailboxes) listener(mailbox)
    },
    watch: (listener: (mailbox: string) => void) => this.#watch(this.#mailboxes, listener),
  }

  #watch<T>(listeners: Set<T>, listener: T): () => void {
    listeners.add(listener)
    this.#following ??= this.#follow()
    return () => void listeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#ended.abort()
    await this.#following
  }

  async #follow(): Promise<void> {
    const { signal } = this.#ended
    for (let isRefused = false; !signal.aborted; ) {
      if (!isRefused)
        try {
          await this.#stream(signal)
        } catch (error) {
          isRefused = isWithoutStream(error)
          if (!signal.aborted) this.#onFault(failureOf(error))
        }
      await this.#pause(signal)
      // What came while nobody listened.
      if (!signal.aborted) await this.#poll().catch(this.#onFault)
    }
  }

  async #stream(signal: AbortSignal): Promise<void> {
    const stream = this.#database.changes(PIPELINE)
    const close = () => void stream.close().catch(() => {})
    signal.addEventListener('abort', close)
    try {
      const first = await stream.tryNext() // opens it
      // Until then nobody listened; and the next time that it breaks, it is known since when.
      await this.#poll()
      if (first !== null) this.#heard({ ...first })
      for await (const event of stream) this.#heard({ ...event })
    } finally {
      signal.removeEventListener('abort', close)
      close()
    }
  }

  /** `by` and `last` say whose change it was: our own was told at once. */
  #heard(event: Row): void {
    const collection = optionalText(optionalRow(event, 'ns') ?? {}, 'coll')
    const changed =
      optionalRow(event, 'fullDocument') ??
      optionalRow(optionalRow(event, 'updateDescription') ?? {}, 'updatedFields') ??
      {}
    this.#last = touchedAt(changed) ?? this.#last
    const author = optionalText(changed, collection === 'work' ? 'by' : 'last')
    if (author === undefined || author.startsWith(this.#database.process)) return
    if (collection === 'work') this.work.tell()
    else this.mailboxes.tell(text(optionalRow(event, 'documentKey') ?? {}, '_id'))
  }

  async #poll(): Promise<void> {
    this.work.tell()
    const boxes = this.#database.collection('mailboxes')
    const fields = { touched: 1, version: 1 } as const
    if (this.#last === undefined) {
      const [newest] = await boxes.all({}, { sort: { touched: -1 }, limit: 1, fields })
      this.#last = touchedAt(newest) ?? new Date(0)
      return
    }
    const since = new Date(this.#last.getTime() - OVERLAP_MS)
    const touched = await boxes.all({ touched: { $gt: since } }, { sort: { touched: 1 }, fields })
    for (const row of touched) this.#tellOnce(row)
    this.#last = touchedAt(touched.at(-1)) ?? this.#last
    for (const [id, version] of this.#told)
      if (!touched.some((row) => row['_id'] === id && row['version'] === version)) this.#told.delete(id)
  }

  /** Versions that were told within the overlap. */
  readonly #told = new Map<string, number>()

  #tellOnce(row: Row): void {
    const [id, version] = [text(row, '_id'), number(row, 'version')]
    if (this.#told.get(id) === version) return
    this.#told.set(id, version)
    this.mailboxes.tell(id)
  }

  #pause(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, this.#pollMs)
      timer.unref()
      signal.addEventListener('abort', end)
    })
  }
}

function touchedAt(row: Row | undefined): Date | undefined {
  const at = row?.['touched']
  return at instanceof Date ? at : undefined
}
