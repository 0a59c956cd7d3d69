/** What notices by text message do to a purse. */
import type { Cost } from '../../mail/tariff.ts'
import { allot, totalOf } from './allot.ts'
import { type Act, post } from './books.ts'
import { type Purse, putBack, useNow } from './document.ts'
import { linesOf, type Take, type Taken } from './ledger.ts'

export const smsSubject = (key: string): string => `sms/${key}`
/** Apart from the taking, so that each subject is one entry, and adding up the books keeps neither in mind. */
export const smsBackSubject = (key: string): string => `sms-back/${key}`

/** One notice, once by its key; false also where it was given back: then nothing is sent any more. */
export const takeSms =
  (key: string, cost: Cost): Act<boolean> =>
  (books) => {
    const subject = smsSubject(key)
    if (books.reservations.has(smsBackSubject(key))) return { books, answer: false }
    if (books.reservations.has(subject)) return { books, answer: true }
    const holds = allot(books.purse, cost, 1, books.at)
    if (holds === undefined) return { books, answer: false }
    const takes = totalOf(holds)
    const entry = {
      kind: 'sms',
      lines: linesOf(takes, 'taken', 'used'),
      by: 'system',
      subject,
      taken: takes.map((take) => takenFrom(books.purse, take)),
    } as const
    return { books: post(books, useNow(books.purse, takes), entry), answer: true }
  }

/** With what is needed to give back to a package that is used up by then, and no more in the purse. */
function takenFrom({ packages }: Purse, take: Take): Taken {
  const from = packages.find(({ id }) => id === take.from)
  if (from === undefined) return take
  const { bought, until } = from
  return { ...take, bought, ...(until === undefined ? {} : { until }) }
}

/** It was not sent and will not be: what was taken for it goes back, once. */
export const giveBackSms =
  (key: string): Act<'given-back' | 'known' | 'unknown'> =>
  (books) => {
    const taken = books.reservations.get(smsSubject(key))?.taken
    if (taken === undefined) return { books, answer: 'unknown' }
    if (books.reservations.has(smsBackSubject(key))) return { books, answer: 'known' }
    const entry = {
      kind: 'sms-back',
      lines: linesOf(taken, 'used', 'taken'),
      by: 'system',
      subject: smsBackSubject(key),
    } as const
    return { books: post(books, putBack(books.purse, taken), entry), answer: 'given-back' }
  }
