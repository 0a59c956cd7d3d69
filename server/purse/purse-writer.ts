import type { Clock } from '../../mail/clock.ts'
import { type DocumentStore, type Store, StoreError } from '../../storage/port.ts'
import { type Act, type Books, expire } from './books.ts'
import { EMPTY_PURSE, type Purse } from './document.ts'
import { type LedgerEntry, ledgerKey } from './ledger.ts'
import { project, type Reservation, reservationKey } from './reservation.ts'

/** Acts of one account that share a write: as many entries as an outbox holds. */
const BATCH = 64
/** Compare-and-set of a purse that others change too; each turn somebody gets on. */
const MAX_TURNS = 100

interface Pending {
  readonly subjects: readonly string[]
  readonly act: Act<unknown>
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * The one way to change a purse. A change is one compare-and-set of one document, and carries its own entries in the
 * outbox; so there is no crash between money and journal. Before the next change the entries are copied: into the ledger,
 * and into what is known of their subjects. Whether a thing has happened is then the purse's outbox, or that copy, and the
 * compare-and-set proves that nothing came in between.
 */
export class PurseWriter {
  readonly #store: Pick<Store, 'purses' | 'ledger' | 'reservations'>
  readonly #clock: Clock
  readonly #clockIsCertain: () => boolean
  readonly #waiting = new Map<string, Pending[]>()
  /** Accounts whose last entries stand in the outbox alone. */
  readonly #dirty = new Set<string>()

  /** @param clockIsCertain while it says no, nothing ends for good (I11): what has ended is not used, and stays */
  constructor(
    store: Pick<Store, 'purses' | 'ledger' | 'reservations'>,
    clock: Clock,
    clockIsCertain: () => boolean,
  ) {
    this.#store = store
    this.#clock = clock
    this.#clockIsCertain = clockIsCertain
  }

  /**
   * Acts of one account happen one after the other, and those that wait together are one write.
   *
   * @param subjects what must be known of for the act
   */
  do<A>(account: string, subjects: readonly string[], act: Act<A>): Promise<A> {
    const { promise, resolve, reject } = Promise.withResolvers<A>()
    const pending: Pending = { subjects, act, resolve: (answer) => resolve(answer as A), reject }
    const waiting = this.#waiting.get(account)
    if (waiting === undefined) {
      this.#waiting.set(account, [pending])
      void this.#work(account)
    } else waiting.push(pending)
    return promise
  }

  /** Copies what stands in outboxes since the last time; what fails is tried the next time. */
  async flush(): Promise<void> {
    for (const account of [...this.#dirty]) {
      this.#dirty.delete(account)
      try {
        await this.empty(account)
      } catch (error) {
        this.#dirty.add(account)
        throw error
      }
    }
  }

  /** Another's change meanwhile has done the same. */
  async empty(account: string): Promise<void> {
    const row = await this.#store.purses.get(account)
    if (row === undefined) return
    const purse: Purse = JSON.parse(row.document)
    if (purse.outbox.length === 0) return
    await this.#copy(account, purse.outbox)
    await this.#store.purses.put(account, JSON.stringify({ ...purse, outbox: [] }), row.version)
  }

  /** Never rejects: each is told what became of it. */
  async #work(account: string): Promise<void> {
    for (;;) {
      const waiting = this.#waiting.get(account) ?? []
      const batch = waiting.splice(0, BATCH)
      if (batch.length === 0) {
        this.#waiting.delete(account)
        return
      }
      try {
        const answers = await this.#change(account, batch)
        for (const [index, { resolve }] of batch.entries()) resolve(answers[index])
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
  }

  async #change(account: string, batch: readonly Pending[]): Promise<unknown[]> {
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      // The purse before the reservations: what left its outbox since is a change, and then the write below fails.
      const row = await this.#store.purses.get(account)
      const purse: Purse = row === undefined ? EMPTY_PURSE : JSON.parse(row.document)
      await this.#copy(account, purse.outbox)
      const reservations = await this.#known(account, batch)
      const at = this.#clock.now()
      const found: Books = { account, at, purse: { ...purse, outbox: [] }, reservations }
      let books = this.#clockIsCertain() ? expire(found) : found
      const answers: unknown[] = []
      for (const { act } of batch) {
        const done = act(books)
        books = done.books
        answers.push(done.answer)
      }
      if (books.purse.outbox.length === 0) return answers
      if (await this.#store.purses.put(account, JSON.stringify(books.purse), row?.version ?? 0)) {
        this.#dirty.add(account)
        return answers
      }
    }
    throw new StoreError('UNAVAILABLE', 'others change this purse all the time')
  }

  async #known(account: string, batch: readonly Pending[]): Promise<Map<string, Reservation>> {
    const subjects = new Set(batch.flatMap((pending) => pending.subjects))
    const rows = await Promise.all(
      [...subjects].map((subject) => this.#store.reservations.get(reservationKey(account, subject))),
    )
    return new Map(
      rows.flatMap((row) => {
        if (row === undefined) return []
        const reservation: Reservation = JSON.parse(row.document)
        return [[reservation.subject, reservation] as const]
      }),
    )
  }

  /** Idempotent; when it resolves, ledger and reservations show all of these entries. */
  async #copy(account: string, entries: readonly LedgerEntry[]): Promise<void> {
    const bySubject = Map.groupBy(entries, ({ subject }) => subject)
    await Promise.all([
      ...entries.map((entry) =>
        this.#store.ledger.put(ledgerKey(account, entry.seq), JSON.stringify(entry), 0),
      ),
      ...[...bySubject].map(async ([subject, about]) => {
        if (subject !== undefined)
          await show(this.#store.reservations, reservationKey(account, subject), about)
      }),
    ])
  }
}

/** Entries in their order onto what is known of their subject. */
async function show(
  reservations: DocumentStore,
  key: string,
  entries: readonly LedgerEntry[],
): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const row = await reservations.get(key)
    const before: Reservation | undefined = row && JSON.parse(row.document)
    let after = before
    for (const entry of entries) after = project(after, entry)
    if (after === before) return
    if (await reservations.put(key, JSON.stringify(after), row?.version ?? 0)) return
  }
  throw new StoreError('UNAVAILABLE', 'others change this reservation all the time')
}
