/** What people do to a purse: money comes and goes, packages are bought. */
import { isDeepStrictEqual } from 'node:util'
import { randomId } from '../../mail/ids.ts'
import type { UnitKind } from '../../mail/tariff.ts'
import { type Act, type Books, post } from './books.ts'
import { MAX_PACKAGES } from './document.ts'
import { BALANCE, linesOf } from './ledger.ts'
import { bookedIn, type Told } from './reservation.ts'

/** Who books it and why; the same receipt is booked once, and stands for one thing. */
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

/** `repeated`: the same was booked under this receipt before. `receipt-used`: something else was. */
type Earlier = 'repeated' | 'receipt-used'

function earlier({ reservations }: Books, entry: Told & { readonly subject?: string }): Earlier | undefined {
  const known = entry.subject === undefined ? undefined : reservations.get(entry.subject)
  if (known === undefined) return undefined
  return isDeepStrictEqual(known.booked, bookedIn(entry)) ? 'repeated' : 'receipt-used'
}

/** More than all money there is in a purse; sums stay far within what a number holds exactly. */
const MAX_BALANCE = 1_000_000_000_000_000

export const deposit =
  (amount: number, booking: Booking): Act<'booked' | Earlier | 'too-much'> =>
  (books) => {
    const { purse } = books
    const lines = [
      { book: 'outside', unit: 'kurus', amount: -amount },
      { book: 'balance', unit: 'kurus', amount },
    ] as const
    const entry = { kind: 'deposit', lines, ...bookingOf(booking) } as const
    const before = earlier(books, entry)
    if (before !== undefined) return { books, answer: before }
    if (purse.balance + purse.reserved + amount > MAX_BALANCE) return { books, answer: 'too-much' }
    return { books: post(books, { ...purse, balance: purse.balance + amount }, entry), answer: 'booked' }
  }

/** Money back to the holder. */
export const refund =
  (amount: number, booking: Booking): Act<'booked' | Earlier | 'insufficient'> =>
  (books) => {
    const { purse } = books
    const lines = linesOf([{ from: BALANCE, unit: 'kurus', amount }], 'balance', 'outside')
    const entry = { kind: 'refund', lines, ...bookingOf(booking) } as const
    const before = earlier(books, entry)
    if (before !== undefined) return { books, answer: before }
    if (purse.balance < amount) return { books, answer: 'insufficient' }
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
  ): Act<'booked' | Earlier | 'insufficient' | 'too-many'> =>
  (books) => {
    const { purse } = books
    const bought = { id: randomId('pk'), unit, ...(until === undefined ? {} : { until }) }
    const lines = [
      { book: 'outside', unit, amount: -units },
      { book: 'packages', unit, amount: units },
      ...linesOf([{ from: BALANCE, unit: 'kurus', amount: price }], 'balance', 'used'),
    ] as const
    const entry = { kind: 'package-bought', lines, package: bought, ...bookingOf(booking) } as const
    const before = earlier(books, entry)
    if (before !== undefined) return { books, answer: before }
    if (purse.packages.length >= MAX_PACKAGES) return { books, answer: 'too-many' }
    if (purse.balance < price) return { books, answer: 'insufficient' }
    const packages = [...purse.packages, { ...bought, bought: units, left: units, held: 0 }]
    return {
      books: post(books, { ...purse, packages, balance: purse.balance - price }, entry),
      answer: 'booked',
    }
  }
