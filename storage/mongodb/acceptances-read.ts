import type { NewChainEntry, StoreRecord } from '../port.ts'
import type { Collection } from './collection.ts'
import type { Database } from './database.ts'
import { number, optionalRow, type Row, text, texts } from './fields.ts'
import { readIntake } from './intake-documents.ts'

/**
 * What was accepted so long before a copy began was in the store by then: an acceptance takes minutes at most, and the clocks
 * of two machines that accept mail differ by less.
 */
const SURELY_READ_MS = 3_600_000

/**
 * Which acceptances a copy holds. They are read in order of id while others come in; one that came in behind the reading is not
 * in the copy, and what followed from it must not be there as if it were. Only the ids of the latest are kept in mind.
 */
export class AcceptancesRead {
  readonly #intakes: Collection
  /** Older ones were read. */
  readonly #since: number
  readonly #read = new Set<string>()
  readonly #told = new Set<string>()

  /** @param now when the copy begins, in ms */
  constructor(database: Database, now: number) {
    this.#intakes = database.collection('intakes')
    this.#since = now - SURELY_READ_MS
  }

  saw(id: string, at: number): void {
    if (at >= this.#since) this.#read.add(id)
  }

  /** Those of these intakes that came in behind the reading. */
  async missed(ids: Iterable<string>): Promise<Map<string, Row>> {
    const unknown = [...new Set(ids)].filter((id) => !this.#read.has(id))
    const rows = await this.#intakes.named(unknown, { at: { $gte: this.#since } }, { first: 0 })
    return new Map(rows.map((row) => [text(row, '_id'), row]))
  }

  /** Messages that were delivered of an intake that was missed: delivering them is not done again, nor what comes after. */
  async withoutIntake(messages: readonly Row[]): Promise<Set<Row>> {
    const delivered = messages.flatMap((row) => {
      if (row['gone'] === true || number(row, 'saved') < this.#since) return []
      const delivery = optionalRow(row, 'delivery')
      return delivery === undefined ? [] : [{ row, intake: text(delivery, 'intake') }]
    })
    const missed = await this.missed(delivered.map(({ intake }) => intake))
    return new Set(delivered.filter(({ intake }) => missed.has(intake)).map(({ row }) => row))
  }

  /**
   * Evidence stays, also where its intake was missed. That intake is then told of as one that was purged, so that whoever
   * follows the evidence finds what it is about; its dedup key is free, as nobody has the message.
   */
  async *behind(entries: readonly NewChainEntry[]): AsyncGenerator<StoreRecord> {
    const recent = entries.flatMap(({ intake, at }) =>
      intake === undefined || at < this.#since || this.#told.has(intake) ? [] : [intake],
    )
    for (const [id, row] of await this.missed(recent)) {
      this.#told.add(id)
      yield { kind: 'intake', ...readIntake(row), dedup: undefined, names: texts(row, 'names'), purged: true }
    }
  }
}
