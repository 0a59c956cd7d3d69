/**
 * Books that were copied while they were kept. A purse is one document and was read first: it is the state that all else is
 * brought to. What left its outbox before it was read is in the ledger and in the reservations; what these show beyond the
 * purse, by its number, happened later and is taken back. Everything here may be repeated.
 */
import type { Clock } from '../../mail/clock.ts'
import type { DocumentRow, DocumentStore, Store } from '../../storage/port.ts'
import type { Purse } from './document.ts'
import { documentsOf, ledgerKey, readEntry } from './ledger.ts'
import { markedUntil } from './marker.ts'
import { Purses } from './purses.ts'
import { openHolds, project, type Reservation } from './reservation.ts'

type Kept = Pick<Store, 'purses' | 'ledger' | 'reservations' | 'intake'>

/** Documents at a time. */
const PAGE = 200

/** Of a store that nobody else uses; afterwards balance, journal and what is set aside agree, for messages that are there. */
export async function squareRestoredBooks(store: Kept, clock: Clock): Promise<void> {
  const purses = new Purses({ store, clock, events: { purse: () => {} }, tariff: () => undefined })
  await cutLedger(store)
  for await (const { key } of allOf(store.purses)) await purses.flush(key)
  for await (const row of reservationsOf(store)) {
    const { account, seq }: Reservation = JSON.parse(row.document)
    if (seq >= (await nextOf(store, account))) await cutReservation(store, row)
  }
  // Only now: what is given back is new entries, and their numbers are those that were taken back.
  for await (const { document } of reservationsOf(store)) {
    const reservation: Reservation = JSON.parse(document)
    if (openHolds(reservation).size === 0) continue
    const intake = await store.intake(reservation.subject)
    // Its acceptance is not in the copy, and nothing will ever settle it.
    if (intake === undefined || intake.purged) await purses.abandon(reservation.account, reservation.subject)
  }
  await purses.flush()
}

/** Number of the next entry, as the purse has it. */
async function nextOf({ purses }: Kept, account: string): Promise<number> {
  const row = await purses.get(account)
  if (row === undefined) return 1
  const { next }: Purse = JSON.parse(row.document)
  return next
}

async function cutLedger(store: Kept): Promise<void> {
  for (let after = ''; ; ) {
    const [first] = await store.ledger.list(after, 1)
    if (first === undefined) return
    const { account } = readEntry(first)
    const last = ledgerKey(account, (await nextOf(store, account)) - 1)
    for await (const page of documentsOf(store.ledger, account, last))
      for (const { key, version } of page) await store.ledger.remove(key, version)
    after = `${account}/${BEHIND_DIGITS}`
  }
}
const BEHIND_DIGITS = ':'

async function* allOf(documents: DocumentStore): AsyncGenerator<DocumentRow> {
  for (let after = ''; ; ) {
    const page = await documents.list(after, PAGE)
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    after = last.key
  }
}

async function* reservationsOf({ reservations }: Kept): AsyncGenerator<DocumentRow> {
  for await (const row of allOf(reservations)) if (markedUntil(row.key) === undefined) yield row
}

/** Written anew from the entries that there are; gone where there are none. */
async function cutReservation(store: Kept, { key, version, document }: DocumentRow): Promise<void> {
  const { account, subject, opened }: Reservation = JSON.parse(document)
  let reservation: Reservation | undefined
  for await (const page of documentsOf(store.ledger, account, ledgerKey(account, opened - 1)))
    for (const entry of page.map(readEntry))
      if (entry.subject === subject) reservation = project(reservation, entry)
  if (reservation === undefined) await store.reservations.remove(key, version)
  else await store.reservations.put(key, JSON.stringify(reservation), version)
}
