import { describe, expect, test } from 'vitest'
import { tariff as tariffSchema } from '../../../config/tariff.ts'
import { checkBooks } from '../../../server/purse/check-books.ts'
import { Purses } from '../../../server/purse/purses.ts'
import { squareRestoredBooks } from '../../../server/purse/restored-books.ts'
import type { Store } from '../../../storage/port.ts'
import { fillStore } from '../../../storage/transfer/fill-store.ts'
import { storeSource } from '../../../storage/transfer/source.ts'
import { TARIFF } from '../../fakes/tariff.ts'
import { newIntake, work } from '../store/material.ts'
import { stores } from '../store/stores.ts'

const tariff = tariffSchema.parse(TARIFF)
const clock = { now: () => new Date(), monotonic: () => performance.now() }
const pursesOf = (store: Store): Purses =>
  new Purses({ store, clock, events: { purse: () => {} }, tariff: () => tariff })

/** Everything that changes books, one after the other, by the real purses. */
class Busy {
  readonly store: Store
  readonly purses: Purses
  #count = 0

  constructor(store: Store) {
    this.store = store
    this.purses = pursesOf(store)
  }

  readonly #acts: readonly ((n: number, account: string) => Promise<unknown>)[] = [
    (n, account) => this.purses.deposit(account, 1_000 + n, { by: 'operator/x', receipt: `r${n}` }),
    (n, account) => this.#send(n, account, true),
    () => chargeAll(this.store, 1),
    // Set aside, and its acceptance never came.
    (n, account) => this.#send(n, account, false),
    (_, account) => this.purses.flush(account),
    (n, account) => this.purses.takeSms(account, `k${n}`),
    (n, account) => this.purses.giveBackSms(account, `k${n - 1}`),
  ]

  async act(shift = 0): Promise<void> {
    const n = this.#count++
    // Some first buy something while the copy is made.
    const account = `${['a', 'b', `new${n}`][n % 3]}@hs98.kep.tr`
    await this.#acts[(n + shift) % this.#acts.length]!(n, account)
  }

  async #send(n: number, account: string, accepted: boolean): Promise<void> {
    const intake = `${n % 2 === 0 ? 'a' : 'z'}${n}`
    await this.purses.deposit(account, 100_000, { by: 'operator/x' })
    const about = { account, messageId: '<m>', type: 'standart', size: 1, recipients: 1, by: 'p' } as const
    expect(await this.purses.reserve({ ...about, intake })).toMatchObject({ account })
    const first = work(intake, { kind: 'charge', recipient: 1, due: 0, payload: JSON.stringify(account) })
    if (accepted) await this.store.accept(await newIntake(this.store, intake, Date.now(), { first }))
  }
}

/** As the worker does. */
async function chargeAll(store: Store, limit: number): Promise<void> {
  const purses = pursesOf(store)
  for (const row of await store.work.claim(['charge'], { now: Date.now(), limit, leaseMs: 60_000 })) {
    await purses.settle(JSON.parse(row.payload), row.intake, 1, { delivered: true, to: 'x' })
    await store.work.settle(row, { done: true })
  }
}

async function booksOf(store: Store) {
  const accounts = new Set((await store.purses.list('', 999)).map(({ key }) => key))
  for (const { key } of await store.ledger.list('', 999)) accounts.add(key.slice(0, key.lastIndexOf('/')))
  return Promise.all([...accounts].map((account) => checkBooks(store, account)))
}

describe.each(stores)('$name: books that are copied while they are kept', ({ open }) => {
  test.each([0, 1, 2, 3])('agree once they are squared, and go on (%i)', async (shift) => {
    await using source = await open()
    await using target = await open()
    const busy = new Busy(source.store)
    for (let n = 0; n < 20; n++) await busy.act()
    const { records, open: octets } = storeSource(source.store)
    let read = 0
    await fillStore(target.store, {
      open: octets,
      records: async function* () {
        for await (const record of records()) {
          yield record
          if (record.kind === 'document' || record.kind === 'intake') {
            await busy.act(shift)
            read++
          }
        }
      },
    })
    expect(read).toBeGreaterThan(30)
    await squareRestoredBooks(target.store, clock)
    await squareRestoredBooks(target.store, clock) // repeated, it changes nothing
    // What is set aside now is for messages that are there and not charged for yet.
    await chargeAll(target.store, 999)
    const books = await booksOf(target.store)
    expect(books.length).toBeGreaterThan(1)
    for (const report of books) expect(report).toMatchObject({ faults: [], open: 0 })
    const next = new Busy(target.store)
    for (let n = 0; n < 14; n++) await next.purses.deposit('a@hs98.kep.tr', 1, { by: 'operator/x' })
    await next.purses.flush()
    for (const report of await booksOf(target.store)) expect(report).toMatchObject({ faults: [], open: 0 })
    for (const report of await booksOf(source.store)) expect(report).toMatchObject({ faults: [] })
  })
})
