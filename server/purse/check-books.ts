import { setImmediate as turn } from 'node:timers/promises'
import type { Store } from '../../storage/port.ts'
import { EMPTY_PURSE, type Purse } from './document.ts'
import { type Book, documentsOf, type LedgerEntry, readEntry, type Unit } from './ledger.ts'
import { openHolds, project, type Reservation, reservationKey } from './reservation.ts'

export interface BooksReport {
  readonly account: string
  readonly ok: boolean
  readonly entries: number
  /** Subjects of which something is still set aside. */
  readonly open: number
  /** At most {@link MAX_FAULTS}. */
  readonly faults: readonly string[]
}

const MAX_FAULTS = 20

type Sums = Map<string, number>

/**
 * Reads the whole journal of an account and compares: every entry sums to zero in each unit, numbers have no gaps, the
 * books' totals are what the purse holds, and each reservation is what its entries say. Entries after the purse was read
 * are left out. Memory grows with open reservations only.
 */
export async function checkBooks(
  { purses, ledger, reservations }: Pick<Store, 'purses' | 'ledger' | 'reservations'>,
  account: string,
): Promise<BooksReport> {
  const row = await purses.get(account)
  const purse: Purse = row === undefined ? EMPTY_PURSE : JSON.parse(row.document)
  const faults: string[] = []
  const fault = (told: string): void => {
    if (faults.length < MAX_FAULTS) faults.push(told)
  }
  const totals: Sums = new Map()
  const open = new Map<string, Reservation>()
  let begun = 0
  let last = 0
  const waiting = new Map(purse.outbox.map((entry) => [entry.seq, entry]))
  const firstWaiting = purse.outbox[0]?.seq ?? purse.next

  const take = async (entry: LedgerEntry): Promise<void> => {
    if (entry.seq !== last + 1) fault(`entry ${entry.seq} follows ${last}`)
    last = entry.seq
    if (entry.account !== account) fault(`entry ${entry.seq} is of another account`)
    for (const { unit, sum } of unbalanced(entry)) fault(`entry ${entry.seq} sums to ${sum} ${unit}`)
    for (const { book, unit, amount } of entry.lines) add(totals, book, unit, amount)
    const { subject } = entry
    if (subject === undefined) return
    const before = open.get(subject)
    if (before === undefined && entry.seq < firstWaiting) begun++
    const after = project(before, entry)
    if (openHolds(after).size > 0) {
      open.set(subject, after)
      return
    }
    open.delete(subject) // nothing more is said of it
    await compare(after)
  }
  const compare = async (reservation: Reservation): Promise<void> => {
    const stored = await reservations.get(reservationKey(account, reservation.subject))
    const shown: Reservation | undefined = stored && JSON.parse(stored.document)
    if (shown === undefined || shown.seq < reservation.seq) {
      // What stands in the outbox may not have been copied yet.
      if (!purse.outbox.some(({ subject }) => subject === reservation.subject))
        fault(`entry ${reservation.seq} is not shown by its reservation`)
    } else if (shown.seq === reservation.seq && JSON.stringify(shown) !== JSON.stringify(reservation))
      fault(`the reservation of entry ${reservation.seq} differs from its entries`)
  }

  reading: for await (const page of documentsOf(ledger, account)) {
    for (const entry of page.map(readEntry)) {
      if (entry.seq >= firstWaiting) {
        const same = waiting.get(entry.seq)
        if (same !== undefined && JSON.stringify(same) !== JSON.stringify(entry))
          fault(`entry ${entry.seq} differs from the purse's`)
        if (entry.seq >= purse.next) break reading
        continue
      }
      await take(entry)
    }
    await turn()
  }
  for (const entry of purse.outbox) await take(entry)
  if (last !== purse.next - 1) fault(`the last entry is ${last}, the next ${purse.next}`)
  for (const reservation of open.values()) await compare(reservation)
  let there = 0
  for await (const page of documentsOf(reservations, account)) {
    for (const { document } of page) {
      const { opened }: Reservation = JSON.parse(document)
      if (opened < firstWaiting) there++
    }
    await turn()
  }
  if (there !== begun) fault(`${there} reservations, and ${begun} by the journal`)
  for (const told of differences(totals, purse, [...open.values()])) fault(told)
  return { account, ok: faults.length === 0, entries: last, open: open.size, faults }
}

function unbalanced({ lines }: LedgerEntry): { unit: Unit; sum: number }[] {
  const sums = new Map<Unit, number>()
  for (const { unit, amount } of lines) sums.set(unit, (sums.get(unit) ?? 0) + amount)
  const whole = lines.every(({ amount }) => Number.isSafeInteger(amount))
  return [...sums].map(([unit, sum]) => ({ unit, sum })).filter(({ sum }) => sum !== 0 || !whole)
}

const add = (sums: Sums, book: Book, unit: Unit, amount: number): void => {
  const key = `${book} ${unit}`
  sums.set(key, (sums.get(key) ?? 0) + amount)
}

/** The journal against the purse, and what the purse has set aside against the reservations. */
function differences(totals: Sums, purse: Purse, open: readonly Reservation[]): string[] {
  const held: Sums = new Map()
  add(held, 'balance', 'kurus', purse.balance)
  add(held, 'reserved', 'kurus', purse.reserved)
  for (const one of purse.packages) {
    add(held, 'packages', one.unit, one.left)
    add(held, 'reserved', one.unit, one.held)
    if (one.left < 0 || one.held < 0) add(held, 'packages', one.unit, Number.NaN)
  }
  if (purse.balance < 0 || purse.reserved < 0) add(held, 'balance', 'kurus', Number.NaN)
  const reserved: Sums = new Map()
  for (const reservation of open)
    for (const takes of openHolds(reservation).values())
      for (const { unit, amount } of takes) add(reserved, 'reserved', unit, amount)
  const compared = ['packages', 'balance', 'reserved'].flatMap((book) =>
    ['kep', 'eYazisma', 'sms', 'kurus'].map((unit) => `${book} ${unit}`),
  )
  return compared.flatMap((name) => {
    const [journal, there] = [totals.get(name) ?? 0, held.get(name) ?? 0]
    const faults = journal === there ? [] : [`${name}: ${journal} by the journal, ${there} in the purse`]
    const aside = reserved.get(name) ?? 0
    if (name.startsWith('reserved') && aside !== there)
      faults.push(`${name}: ${aside} by the reservations, ${there} in the purse`)
    return faults
  })
}
