import { describe, expect, test } from 'vitest'
import { tariff as tariffSchema } from '../../../config/tariff.ts'
import type { Tariff } from '../../../mail/tariff.ts'
import { checkBooks } from '../../../server/purse/check-books.ts'
import { documentsOf, readEntry } from '../../../server/purse/ledger.ts'
import { Purses } from '../../../server/purse/purses.ts'
import { PurseSweep } from '../../../server/purse/sweep.ts'
import type { DocumentStore, Store } from '../../../storage/port.ts'
import { TARIFF } from '../../fakes/tariff.ts'
import { newIntake } from '../store/material.ts'
import { stores } from '../store/stores.ts'

const ACCOUNT = 'a@hs98.kep.tr'
const BY = { by: 'operator' }
const tariff = tariffSchema.parse(TARIFF)
const sending = {
  account: ACCOUNT,
  messageId: '<m>',
  type: 'standart',
  size: 1,
  recipients: 1,
  by: 'ayse',
} as const

let now = Date.UTC(2026, 10, 22)
const clock = { now: () => new Date(now), monotonic: () => now }
const events = { purse: () => {}, internalError: () => {} }
const pursesOf = (store: Store, price: Tariff | undefined = tariff): Purses =>
  new Purses({ store, clock, events, tariff: () => price })

/** The time of every mark is up. */
async function sweepLater(store: Store): Promise<void> {
  now += 11 * 60_000
  const purses = pursesOf(store)
  await new PurseSweep({ store, clock, events, purses, clockIsCertain: () => true }).round()
}

/** Does something else right before a write of this kind. */
const before = (
  documents: DocumentStore,
  isIt: (key: string) => boolean,
  act: () => Promise<void>,
): DocumentStore => {
  let once = true
  return {
    ...documents,
    put: async (key, document, expected) => {
      if (once && isIt(key)) {
        once = false
        await act()
      }
      return documents.put(key, document, expected)
    },
  }
}

const inOrder = async (store: Store): Promise<string[]> => {
  await pursesOf(store).flush(ACCOUNT)
  const kinds: string[] = []
  for await (const page of documentsOf(store.ledger, ACCOUNT))
    kinds.push(...page.map((row) => readEntry(row).kind))
  return kinds
}

describe.each(stores)('$name: purses', ({ open }) => {
  const buy = (store: Store, units: number) =>
    pursesOf(store).buyPackage(ACCOUNT, { unit: 'kep', units, price: 0 }, BY)
  const isSound = async (store: Store): Promise<void> =>
    expect(await checkBooks(store, ACCOUNT)).toMatchObject({ faults: [], open: 0 })

  test('of many who race for the last unit, in two processes, exactly one gets it', async () => {
    await using under = await open()
    await buy(under.store, 1)
    const processes = [pursesOf(under.store), pursesOf(under.store)]
    const held = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        processes[index % 2]!.reserve({ ...sending, intake: `m${index}` }),
      ),
    )
    expect(held.filter((one) => one !== undefined)).toHaveLength(1)
    expect((await checkBooks(under.store, ACCOUNT)).faults).toEqual([])
  })

  test('a submission that sleeps through the sweep before it sets aside gets nothing', async () => {
    await using under = await open()
    const { store } = under
    await buy(store, 1)
    const slow = {
      ...store,
      purses: before(
        store.purses,
        () => true,
        () => sweepLater(store),
      ),
    }
    await expect(pursesOf(slow).reserve({ ...sending, intake: 'm' })).rejects.toMatchObject({
      code: 'VOIDED',
    })
    expect(await inOrder(store)).toEqual(['package-bought', 'give-back'])
    await isSound(store)
  })

  test('one that sleeps through the sweep after it is not accepted, and what it held is back once', async () => {
    await using under = await open()
    const { store } = under
    await buy(store, 1)
    const purses = pursesOf(store)
    const held = await purses.reserve({ ...sending, intake: 'm' })
    await sweepLater(store)
    await expect(store.accept(await newIntake(store, 'm', now))).rejects.toMatchObject({ code: 'VOIDED' })
    await purses.release(held!)
    expect(await inOrder(store)).toEqual(['package-bought', 'reserve', 'give-back'])
    await isSound(store)
  })

  test('what was accepted is never swept; its outcome counts once, whatever is said later', async () => {
    await using under = await open()
    const { store } = under
    await buy(store, 2)
    const purses = pursesOf(store)
    await purses.reserve({ ...sending, intake: 'm', recipients: 2 })
    await store.accept(await newIntake(store, 'm', now))
    await sweepLater(store)
    for (const delivered of [true, false, true]) {
      await purses.settle(ACCOUNT, 'm', 1, { delivered, to: 'b@hs98.kep.tr' })
      await purses.settle(ACCOUNT, 'm', 2, { delivered: !delivered, to: 'c@hs98.kep.tr' })
    }
    expect(await inOrder(store)).toEqual(['package-bought', 'reserve', 'settle', 'give-back'])
    expect((await purses.view(ACCOUNT)).packages).toMatchObject([{ left: 1, held: 0 }])
    await isSound(store)
  })

  test('one round of the sweep takes all whose time is up, and nobody else', async () => {
    await using under = await open()
    const { store } = under
    const many = 120 // more than a page
    await buy(store, many + 1)
    const purses = pursesOf(store)
    await Promise.all(
      Array.from({ length: many }, (_, index) => purses.reserve({ ...sending, intake: `m${index}` })),
    )
    now += 5 * 60_000
    await purses.reserve({ ...sending, intake: 'late' })
    now -= 5 * 60_000
    await sweepLater(store)
    expect(await checkBooks(store, ACCOUNT)).toMatchObject({ faults: [], open: 1 })
    expect(await store.voidIntake('m0')).toBe(true)
    const marks = (await store.reservations.list('@', 9)).filter(({ key }) => key.startsWith('@'))
    expect(marks.map(({ document }) => JSON.parse(document).intake)).toEqual(['late'])
  })

  test('where the tariff says so, who was not reached is charged too, even after it has changed', async () => {
    await using under = await open()
    const { store } = under
    await buy(store, 1)
    await pursesOf(store, { ...tariff, undelivered: 'charge' }).reserve({ ...sending, intake: 'm' })
    await pursesOf(store, undefined).settle(ACCOUNT, 'm', 1, { delivered: false, to: '' })
    expect(await inOrder(store)).toEqual(['package-bought', 'reserve', 'settle'])
  })

  test('a receipt is booked once, a notice is paid once', async () => {
    await using under = await open()
    const purses = pursesOf(under.store)
    const receipt = { ...BY, receipt: '4711' }
    expect(await Promise.all([1, 2].map(() => purses.deposit(ACCOUNT, 30, receipt)))).toEqual([
      'booked',
      'repeated',
    ])
    const one = { unit: 'kep', units: 1, price: 0 } as const
    expect(await purses.deposit(ACCOUNT, 31, receipt)).toBe('receipt-used')
    expect(await purses.refund(ACCOUNT, 30, receipt)).toBe('receipt-used')
    expect(await purses.buyPackage(ACCOUNT, one, receipt)).toBe('receipt-used')
    const other = { ...BY, receipt: '4712' }
    const until = new Date(now + 1000).toISOString()
    expect(await purses.buyPackage(ACCOUNT, one, other)).toBe('booked')
    expect(await purses.buyPackage(ACCOUNT, one, other)).toBe('repeated')
    expect(await purses.buyPackage(ACCOUNT, { ...one, until }, other)).toBe('receipt-used')
    expect(await purses.takeSms(ACCOUNT, 'm/1')).toBe(true)
    expect(await purses.takeSms(ACCOUNT, 'm/1')).toBe(true)
    expect(await purses.takeSms(ACCOUNT, 'm/2')).toBe(false)
    expect(await purses.view(ACCOUNT)).toMatchObject({ balance: 10 })
    await isSound(under.store)
  })

  test('a notice that came to nothing is given back once, also to a package that it used up', async () => {
    await using under = await open()
    const { store } = under
    const purses = pursesOf(store)
    const until = new Date(now + 1000).toISOString()
    await purses.buyPackage(ACCOUNT, { unit: 'sms', units: 1, price: 0, until }, BY)
    await purses.deposit(ACCOUNT, 20, BY)
    const before = await purses.view(ACCOUNT)
    await purses.giveBackSms(ACCOUNT, 'a')
    expect(await purses.takeSms(ACCOUNT, 'a')).toBe(true)
    expect(await purses.takeSms(ACCOUNT, 'b')).toBe(true)
    expect(await purses.view(ACCOUNT)).toMatchObject({ balance: 0, packages: [] })
    for (const key of ['a', 'b', 'a', 'b']) await purses.giveBackSms(ACCOUNT, key)
    expect(await purses.takeSms(ACCOUNT, 'a')).toBe(false)
    const { balance, packages } = await purses.view(ACCOUNT)
    expect({ balance, packages }).toEqual({ balance: before.balance, packages: before.packages })
    expect(await inOrder(store)).toEqual(['package-bought', 'deposit', 'sms', 'sms', 'sms-back', 'sms-back'])
    await isSound(store)
  })

  test('it holds so many packages and so much money, and gives back no more than it has', async () => {
    await using under = await open()
    const { store } = under
    const purses = pursesOf(store)
    const one = { unit: 'kep', units: 1, price: 0 } as const
    const bought = await Promise.all(Array.from({ length: 101 }, () => purses.buyPackage(ACCOUNT, one, BY)))
    expect(bought.filter((answer) => answer === 'too-many')).toHaveLength(1)
    expect(await purses.deposit(ACCOUNT, 999_999_999_999_999, BY)).toBe('booked')
    expect(await purses.deposit(ACCOUNT, 2, BY)).toBe('too-much')
    expect(await purses.refund(ACCOUNT, 999_999_999_999_999, BY)).toBe('booked')
    expect(await purses.refund(ACCOUNT, 1, BY)).toBe('insufficient')
    await isSound(store)
  })

  test('what ends with its package is gone, also what comes back to it', async () => {
    await using under = await open()
    const { store } = under
    const purses = pursesOf(store)
    const until = new Date(now + 1000).toISOString()
    await purses.buyPackage(ACCOUNT, { unit: 'kep', units: 3, price: 0, until }, BY)
    await purses.reserve({ ...sending, intake: 'm' })
    now += 1000
    expect(await purses.reserve({ ...sending, intake: 'n' })).toBeUndefined()
    await purses.abandon(ACCOUNT, 'm')
    await purses.deposit(ACCOUNT, 1, BY)
    expect(await inOrder(store)).toEqual([
      'package-bought',
      'reserve',
      'expire',
      'give-back',
      'expire',
      'deposit',
    ])
    expect((await purses.view(ACCOUNT)).packages).toEqual([])
    await isSound(store)
  })

  test('a clock that runs ahead takes no package away: it is not used meanwhile, and then again', async () => {
    await using under = await open()
    const { store } = under
    let isCertain = false
    const purses = new Purses({
      store,
      clock,
      events,
      tariff: () => tariff,
      clockIsCertain: () => isCertain,
    })
    const until = new Date(now + 1000).toISOString()
    await purses.buyPackage(ACCOUNT, { unit: 'kep', units: 3, price: 0, until }, BY)
    now += 1000
    expect(await purses.reserve({ ...sending, intake: 'm' })).toBeUndefined()
    await purses.deposit(ACCOUNT, 1, BY)
    now -= 1000
    expect(await purses.reserve({ ...sending, intake: 'n' })).toBeDefined()
    now += 1000
    isCertain = true
    await purses.deposit(ACCOUNT, 1, BY)
    expect(await inOrder(store)).toEqual(['package-bought', 'deposit', 'reserve', 'expire', 'deposit'])
    expect(await checkBooks(store, ACCOUNT)).toMatchObject({ faults: [], open: 1 })
  })

  test('a purse in which something is missing is found', async () => {
    await using under = await open()
    const { store } = under
    await buy(store, 5)
    await pursesOf(store).reserve({ ...sending, intake: 'm' })
    const row = await store.purses.get(ACCOUNT)
    await store.purses.put(ACCOUNT, row!.document.replace('"left":4', '"left":3'), row!.version)
    expect((await checkBooks(store, ACCOUNT)).faults).toEqual([
      'packages kep: 4 by the journal, 3 in the purse',
    ])
    await pursesOf(store).flush(ACCOUNT)
    const entry = await store.ledger.get(`${ACCOUNT}/000000000002`)
    await store.ledger.remove(entry!.key, entry!.version)
    expect((await checkBooks(store, ACCOUNT)).faults).toContain('the last entry is 1, the next 3')
  })
})

test('without a tariff nothing is read and nothing is written for a message', async () => {
  const documents = new Proxy({} as DocumentStore, { get: (_, name) => expect.unreachable(String(name)) })
  const store = { purses: documents, ledger: documents, reservations: documents }
  const purses = new Purses({ store, clock, events, tariff: () => undefined })
  expect(await purses.reserve({ ...sending, intake: 'm' })).toBe('free')
  expect(await purses.couldAfford(ACCOUNT, 1, 1, 0)).toBe(true)
  expect(await purses.takeSms(ACCOUNT, 'm/1')).toBe(true)
  await purses.release('free')
})
