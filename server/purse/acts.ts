/**
 * What can happen to a purse, as functions of what is in the books: each answers with the books after it, and writes
 * nothing. An act about a subject that is known to have happened changes nothing.
 */
import { randomId } from '../../mail/ids.ts'
import { writePositions } from '../../mail/positions.ts'
import type { Cost, MessageType, Undelivered, UnitKind } from '../../mail/tariff.ts'
import { allot, totalOf } from './allot.ts'
import { giveBack, hasEnded, MAX_PACKAGES, type Purse, setAside, useHeld, useNow } from './document.ts'
import { BALANCE, type LedgerEntry, linesOf, type Take } from './ledger.ts'
import { openHolds, project, type Reservation } from './reservation.ts'

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

export interface ReserveRequest {
  readonly intake: string
  readonly messageId: string
  readonly type: MessageType
  readonly cost: Cost
  readonly recipients: number
  readonly undelivered: Undelivered
  /** The person who sends. */
  readonly by: string
}

/** For a message, before it is accepted. `void`: it was given up meanwhile. */
export const reserve =
  (request: ReserveRequest): Act<'reserved' | 'insufficient' | 'void'> =>
  (books) => {
    const { intake, messageId, type, undelivered, by } = request
    const known = books.reservations.get(intake)
    if (known !== undefined) return { books, answer: openHolds(known).size > 0 ? 'reserved' : 'void' }
    const holds = allot(books.purse, request.cost, request.recipients, books.at)
    if (holds === undefined) return { books, answer: 'insufficient' }
    const takes = totalOf(holds)
    const entry = {
      kind: 'reserve',
      lines: linesOf(takes, 'taken', 'reserved'),
      by,
      subject: intake,
      messageId,
      type,
      holds,
      undelivered,
    } as const
    const purse = { ...setAside(books.purse, takes), lastReserved: books.at.getTime() }
    return { books: post(books, purse, entry), answer: 'reserved' }
  }

/** The outcome of one recipient. `unknown`: nothing was ever set aside for it. */
export const settle =
  (
    intake: string,
    position: number,
    { delivered, to }: { readonly delivered: boolean; readonly to: string },
  ): Act<'settled' | 'given-back' | 'known' | 'unknown'> =>
  (books) => {
    const known = books.reservations.get(intake)
    const takes = known && openHolds(known).get(position)
    if (known === undefined) return { books, answer: 'unknown' }
    if (takes === undefined) return { books, answer: 'known' }
    const about = { ...aboutMessage(known), recipients: `${position}`, to, by: 'system' }
    return delivered || known.undelivered === 'charge'
      ? {
          books: post(books, useHeld(books.purse, takes), {
            kind: 'settle',
            lines: linesOf(takes, 'reserved', 'used'),
            ...about,
          }),
          answer: 'settled',
        }
      : {
          books: post(books, giveBack(books.purse, takes), {
            kind: 'give-back',
            lines: linesOf(takes, 'reserved', 'taken'),
            ...about,
          }),
          answer: 'given-back',
        }
  }

/**
 * The message was not accepted, and never will be under this id. Where nothing was set aside yet, nothing will be: the
 * entry without lines says so to whoever is late.
 */
export const abandon =
  (intake: string): Act<'given-back' | 'known'> =>
  (books) => {
    const known = books.reservations.get(intake)
    const open = known === undefined ? new Map<number, readonly Take[]>() : openHolds(known)
    if (known !== undefined && open.size === 0) return { books, answer: 'known' }
    const takes = [...open.values()].flat()
    const entry = {
      kind: 'give-back',
      lines: linesOf(takes, 'reserved', 'taken'),
      by: 'system',
      subject: intake,
      ...(known && aboutMessage(known)),
      recipients: writePositions(open.keys()),
    } as const
    return { books: post(books, giveBack(books.purse, takes), entry), answer: 'given-back' }
  }

const aboutMessage = ({ subject, messageId, type }: Reservation) => ({
  subject,
  ...(messageId === undefined ? {} : { messageId }),
  ...(type === undefined ? {} : { type }),
})

/** One notice, once by its key. */
export const takeSms =
  (key: string, cost: Cost): Act<boolean> =>
  (books) => {
    const subject = smsSubject(key)
    if (books.reservations.has(subject)) return { books, answer: true }
    const holds = allot(books.purse, cost, 1, books.at)
    if (holds === undefined) return { books, answer: false }
    const takes = totalOf(holds)
    const entry = {
      kind: 'sms',
      lines: linesOf(takes, 'taken', 'used'),
      by: 'system',
      subject,
    } as const
    return { books: post(books, useNow(books.purse, takes), entry), answer: true }
  }

export const smsSubject = (key: string): string => `sms/${key}`

/** Who books it and why; the same receipt is booked once. */
export interface Booking {
  readonly by: string
  readonly note?: string | undefined
  readonly receipt?: string | undefined
}

export const receiptSubject = (receipt: string): string => `receipt/${receipt}`

const bookingOf = ({ by, note, receipt }: Booking) => ({
  by,
  ...(note === undefined ? {} : { note }),
  ...(receipt === undefined ? {} : { subject: receiptSubject(receipt) }),
})

const isBooked = ({ reservations }: Books, { receipt }: Booking): boolean =>
  receipt !== undefined && reservations.has(receiptSubject(receipt))

/** More than all money there is in a purse; sums stay far within what a number holds exactly. */
const MAX_BALANCE = 1_000_000_000_000_000

export const deposit =
  (amount: number, booking: Booking): Act<'booked' | 'known' | 'too-much'> =>
  (books) => {
    if (isBooked(books, booking)) return { books, answer: 'known' }
    const { purse } = books
    if (purse.balance + purse.reserved + amount > MAX_BALANCE) return { books, answer: 'too-much' }
    const lines = [
      { book: 'outside', unit: 'kurus', amount: -amount },
      { book: 'balance', unit: 'kurus', amount },
    ] as const
    const entry = { kind: 'deposit', lines, ...bookingOf(booking) } as const
    return { books: post(books, { ...purse, balance: purse.balance + amount }, entry), answer: 'booked' }
  }

/** Money back to the holder. */
export const refund =
  (amount: number, booking: Booking): Act<'booked' | 'known' | 'insufficient'> =>
  (books) => {
    if (isBooked(books, booking)) return { books, answer: 'known' }
    const { purse } = books
    if (purse.balance < amount) return { books, answer: 'insufficient' }
    const lines = linesOf([{ from: BALANCE, unit: 'kurus', amount }], 'balance', 'outside')
    const entry = { kind: 'refund', lines, ...bookingOf(booking) } as const
    return { books: post(books, { ...purse, balance: purse.balance - amount }, entry), answer: 'booked' }
  }

export interface PackageRequest {
  readonly unit: UnitKind
  readonly units: number
  /** Kuruş, taken from the balance; 0 where it was paid otherwise. */
  readonly price: number
  /** ISO 8601. */
  readonly until?: string | undefined
}

export const buyPackage =
  (
    { unit, units, price, until }: PackageRequest,
    booking: Booking,
  ): Act<'booked' | 'known' | 'insufficient' | 'too-many'> =>
  (books) => {
    if (isBooked(books, booking)) return { books, answer: 'known' }
    const { purse } = books
    if (purse.packages.length >= MAX_PACKAGES) return { books, answer: 'too-many' }
    if (purse.balance < price) return { books, answer: 'insufficient' }
    const bought = { id: randomId('pk'), unit, ...(until === undefined ? {} : { until }) }
    const lines = [
      { book: 'outside', unit, amount: -units },
      { book: 'packages', unit, amount: units },
      ...linesOf([{ from: BALANCE, unit: 'kurus', amount: price }], 'balance', 'used'),
    ] as const
    const entry = { kind: 'package-bought', lines, package: bought, ...bookingOf(booking) } as const
    const packages = [...purse.packages, { ...bought, bought: units, left: units, held: 0 }]
    return {
      books: post(books, { ...purse, packages, balance: purse.balance - price }, entry),
      answer: 'booked',
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

function post(
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
