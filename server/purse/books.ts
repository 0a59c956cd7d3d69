/**
 * What can happen to a purse are functions of what is in the books: each answers with the books after it, and writes
 * nothing. An act about a subject that is known to have happened changes nothing.
 */
import { randomId } from '../../mail/ids.ts'
import { hasEnded, type Purse, useNow } from './document.ts'
import { type LedgerEntry, linesOf } from './ledger.ts'
import { project, type Reservation } from './reservation.ts'

export interface Books {
  readonly account: string
  readonly at: Date
  /** Its outbox holds what these acts add. */
  readonly purse: Purse
  /** Of the subjects that the acts are about. */
  readonly reservations: ReadonlyMap<string, Reservation>
}

export interface Done<A> {
  readonly books: Books
  readonly answer: A
}
export type Act<A> = (books: Books) => Done<A>

/** The books with one entry more, and the purse as it is after it. */
export function post(
  { account, at, reservations }: Books,
  purse: Purse,
  told: Omit<LedgerEntry, 'id' | 'seq' | 'at' | 'account'>,
): Books {
  const entry: LedgerEntry = {
    id: randomId('le'),
    seq: purse.next,
    at: at.toISOString(),
    account,
    ...told,
  }
  const { subject } = entry
  return {
    account,
    at,
    purse: { ...purse, next: purse.next + 1, outbox: [...purse.outbox, entry] },
    reservations:
      subject === undefined
        ? reservations
        : new Map(reservations).set(subject, project(reservations.get(subject), entry)),
  }
}

/** What is left of packages that have ended is gone, before anything else happens. */
export function expire(books: Books): Books {
  let now = books
  for (const ended of books.purse.packages) {
    if (ended.left === 0 || !hasEnded(ended, books.at)) continue
    const takes = [{ from: ended.id, unit: ended.unit, amount: ended.left }]
    const { id, unit, until } = ended
    now = post(now, useNow(now.purse, takes), {
      kind: 'expire',
      lines: linesOf(takes, 'packages', 'outside'),
      by: 'system',
      package: { id, unit, ...(until === undefined ? {} : { until }) },
    })
  }
  return now
}
