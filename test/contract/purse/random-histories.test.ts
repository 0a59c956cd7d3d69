import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tariff as tariffSchema } from '../../../config/tariff.ts'
import { readPositions } from '../../../mail/positions.ts'
import { costOf } from '../../../mail/tariff.ts'
import { checkBooks } from '../../../server/purse/check-books.ts'
import type { Purse } from '../../../server/purse/document.ts'
import { documentsOf, type LedgerEntry, readEntry } from '../../../server/purse/ledger.ts'
import { type Held, Purses } from '../../../server/purse/purses.ts'
import { PurseSweep } from '../../../server/purse/sweep.ts'
import { type Store, StoreError } from '../../../storage/port.ts'
import { dyingStore } from '../../fakes/dying-store.ts'
import { Disk } from '../../fakes/memory-store/disk.ts'
import { Crashed, type Crasher, crashesWith, seeded } from '../../fakes/memory-store/documents.ts'
import { openMemoryStore } from '../../fakes/memory-store.ts'
import { TARIFF } from '../../fakes/tariff.ts'
import { newIntake } from '../store/material.ts'
import { stores } from '../store/stores.ts'

const tariff = tariffSchema.parse(TARIFF)
const ACCOUNT = 'a@hs98.kep.tr'
const MINUTE = 60_000
const CRASH_PROBABILITY = 0.06

type Command =
  | { do: 'buy'; units: number; minutes: number | undefined }
  | { do: 'deposit' | 'refund'; amount: number }
  | { do: 'send'; recipients: number; ends: 'accepted' | 'lost' | 'duplicate' }
  | { do: 'settle'; message: number; position: number }
  | { do: 'sms' | 'sms-back'; key: number }
  | { do: 'sweep' }
  | { do: 'pass'; minutes: number }

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('buy' as const),
      units: fc.integer({ min: 1, max: 4 }),
      minutes: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('deposit' as const, 'refund' as const),
      amount: fc.integer({ min: 1, max: 1500 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      recipients: fc.integer({ min: 1, max: 4 }),
      ends: fc.constantFrom('accepted' as const, 'accepted' as const, 'lost' as const, 'duplicate' as const),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      message: fc.nat(9),
      position: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('sms' as const, 'sms' as const, 'sms-back' as const),
      key: fc.nat(5),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'sweep' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass' as const), minutes: fc.integer({ min: 1, max: 6 }) }),
  },
)

interface House {
  /** A process of its own, which the crasher may end. */
  open(crasher: Crasher, seed: number): Promise<Store>
}

/** Whether position n of a message is reached: known in advance, so that repeating says the same. */
const isReached = (message: number, position: number) => (message + position) % 3 !== 0

class History {
  readonly #house: House
  readonly #numbers: () => number
  #now = Date.UTC(2026, 10, 22)
  #asked = 0
  readonly clock = { now: () => new Date(this.#now), monotonic: () => this.#now }
  /** Recipients by message, in order of their number. */
  readonly sent: number[] = []
  readonly bought: { units: number; money: number } = { units: 0, money: 0 }
  readonly notices = new Set<number>()
  crashes = 0

  constructor(house: House, seed: number) {
    this.#house = house
    this.#numbers = seeded(seed)
  }

  /** A machine whose process dies all the time. */
  machine(): (act: (store: Store, purses: Purses) => Promise<unknown>, again: boolean) => Promise<void> {
    let running: { store: Store; purses: Purses } | undefined
    return async (act, again) => {
      for (;;)
        try {
          const store =
            running?.store ??
            (await this.#house.open(
              crashesWith(CRASH_PROBABILITY, this.#numbers),
              Math.floor(this.#numbers() * 1e9),
            ))
          running ??= { store, purses: this.purses(store) }
          await act(store, running.purses)
          return
        } catch (error) {
          if (!(error instanceof Crashed)) throw error
          this.crashes++
          running = undefined
          if (!again) return
        }
    }
  }

  purses(store: Store): Purses {
    return new Purses({ store, clock: this.clock, events: { purse: () => {} }, tariff: () => tariff })
  }

  async sweep(store: Store, purses: Purses): Promise<void> {
    const events = {
      purse: () => {},
      internalError: (_: string, error: unknown) => expect(error).toBeUndefined(),
    }
    const sweep = new PurseSweep({ store, clock: this.clock, events, purses, clockIsCertain: () => true })
    await sweep.round()
  }

  pass(minutes: number): void {
    this.#now += minutes * MINUTE
  }

  async run(one: Command, machine: ReturnType<History['machine']>): Promise<void> {
    const booking = { by: 'operator', receipt: `r${this.#asked++}` }
    switch (one.do) {
      case 'buy': {
        const until =
          one.minutes === undefined ? undefined : new Date(this.#now + one.minutes * MINUTE).toISOString()
        await machine(
          (_, purses) =>
            purses.buyPackage(ACCOUNT, { unit: 'kep', units: one.units, price: 0, until }, booking),
          true,
        )
        this.bought.units += one.units
        return
      }
      case 'deposit':
        await machine((_, purses) => purses.deposit(ACCOUNT, one.amount, booking), true)
        this.bought.money += one.amount
        return
      case 'refund':
        return machine((_, purses) => purses.refund(ACCOUNT, one.amount, booking), true)
      case 'send':
        return this.#send(this.sent.push(one.recipients) - 1, one, machine)
      case 'settle':
        return machine(async (store, purses) => {
          if ((await store.intake(`m${one.message}`)) === undefined) return
          if (one.position <= (this.sent[one.message] ?? 0))
            await this.settle(purses, one.message, one.position)
        }, true)
      case 'sms':
        return machine(async (_, purses) => {
          if (await purses.takeSms(ACCOUNT, `${one.key}`)) this.notices.add(one.key)
        }, true)
      case 'sms-back':
        return machine((_, purses) => purses.giveBackSms(ACCOUNT, `${one.key}`), true)
      case 'sweep':
        return machine((store, purses) => this.sweep(store, purses), false)
      case 'pass':
        return this.pass(one.minutes)
    }
  }

  async settle(purses: Purses, message: number, position: number): Promise<void> {
    await purses.settle(ACCOUNT, `m${message}`, position, { delivered: isReached(message, position), to: '' })
  }

  /** As a submission does it. */
  #send(
    message: number,
    { recipients, ends }: Extract<Command, { do: 'send' }>,
    machine: ReturnType<History['machine']>,
  ) {
    const intake = `m${message}`
    return machine(async (store, purses) => {
      const about = {
        account: ACCOUNT,
        intake,
        messageId: `<${intake}>`,
        type: 'standart',
        size: 1,
        by: 'ayse',
      } as const
      let held: Held | undefined
      try {
        held = await purses.reserve({ ...about, recipients })
        if (held === undefined || ends === 'lost') return
        if (ends === 'duplicate') return await purses.release(held)
        await store.accept(await newIntake(store, intake, this.#now))
      } catch (error) {
        if (!(error instanceof StoreError && error.code === 'VOIDED')) throw error
        await purses.release(held ?? 'free')
      }
    }, false)
  }
}

const journalOf = async (store: Store): Promise<LedgerEntry[]> => {
  const entries: LedgerEntry[] = []
  for await (const page of documentsOf(store.ledger, ACCOUNT)) entries.push(...page.map(readEntry))
  return entries
}

async function tell(house: House, commands: readonly Command[], seed: number): Promise<number> {
  const history = new History(house, seed)
  const machines = [history.machine(), history.machine()] as const
  const calm = await house.open(() => {}, seed)
  for (let i = 0; i < commands.length; i += 2) {
    await Promise.all(commands.slice(i, i + 2).map((one, j) => history.run(one, machines[j]!)))
    expect((await checkBooks(calm, ACCOUNT)).faults).toEqual([])
  }

  // Every outcome becomes known, on both machines; then the time of all that was never accepted is up.
  const accepted: number[] = []
  for (const message of history.sent.keys())
    if ((await calm.intake(`m${message}`)) !== undefined) accepted.push(message)
  await Promise.all(
    machines.map((machine) =>
      machine(async (_, purses) => {
        for (const message of accepted)
          for (let position = 1; position <= history.sent[message]!; position++)
            await history.settle(purses, message, position)
      }, true),
    ),
  )
  history.pass(11)
  const purses = history.purses(calm)
  await history.sweep(calm, purses)
  await purses.flush(ACCOUNT)
  expect(await checkBooks(calm, ACCOUNT)).toMatchObject({ faults: [], open: 0 })
  expect(await calm.reservations.list('@', 9).then((rows) => rows.filter(({ key }) => key < 'A'))).toEqual([])

  const journal = await journalOf(calm)
  const fate = (message: number, kind: string) =>
    journal
      .filter((entry) => entry.subject === `m${message}` && entry.kind === kind)
      .flatMap(({ recipients }) => readPositions(recipients ?? ''))
      .sort((a, b) => a - b)
  const { price } = costOf(tariff, 'standart', 1)
  let worth = 0 // recipients that were paid for
  for (const [message, recipients] of history.sent.entries()) {
    const all = Array.from({ length: recipients }, (_, index) => index + 1)
    const isAccepted = accepted.includes(message)
    const reached = all.filter((position) => isAccepted && isReached(message, position))
    expect(fate(message, 'settle')).toEqual(reached)
    if (isAccepted) expect(fate(message, 'give-back')).toEqual(all.filter((n) => !reached.includes(n)))
    worth += reached.length
  }
  const sum = (book: string, unit: string) =>
    journal
      .flatMap(({ lines }) => lines)
      .reduce((all, line) => all + (line.book === book && line.unit === unit ? line.amount : 0), 0)
  const row = await calm.purses.get(ACCOUNT)
  const purse: Purse | undefined = row && JSON.parse(row.document)
  const about = (prefix: string) =>
    journal.flatMap(({ subject = '' }) => (subject.startsWith(prefix) ? [subject.slice(prefix.length)] : []))
  const [texts, back] = [about('sms/'), about('sms-back/')]
  expect(texts).toEqual([...new Set(texts)])
  for (const key of history.notices) expect(texts).toContain(`${key}`)
  expect(back).toEqual([...new Set(back)])
  for (const key of back) expect(texts).toContain(key)
  const moneyForMail = sum('used', 'kurus') - (texts.length - back.length) * tariff.sms.price
  expect(sum('used', 'kep') + moneyForMail / price).toBe(worth)
  const of = (kind: string) => journal.filter((entry) => entry.kind === kind).flatMap(({ lines }) => lines)
  const outside = (kind: string) =>
    of(kind).reduce((all, { book, amount }) => all + (book === 'outside' ? amount : 0), 0)
  expect(history.bought.units + outside('package-bought')).toBe(0)
  expect(history.bought.money + outside('deposit')).toBe(0)
  const left = purse?.packages.reduce((all, one) => all + one.left, 0) ?? 0
  expect(left + sum('used', 'kep') + outside('expire')).toBe(history.bought.units)
  expect((purse?.balance ?? 0) + sum('used', 'kurus') + outside('refund')).toBe(history.bought.money)
  return history.crashes
}

const histories = (runs: number, house: () => Promise<House & AsyncDisposable>) =>
  test.each([1, 2])('seed %i', async (seed) => {
    let crashes = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { minLength: 20, maxLength: 60 }),
        fc.nat(),
        async (commands, numbers) => {
          await using under = await house()
          crashes += await tell(under, commands, numbers)
        },
      ),
      { seed, numRuns: runs, endOnFailure: true },
    )
    expect(crashes).toBeGreaterThan(runs) // a history without deaths shows nothing
  })

describe('processes that die after any write leave books that sum: memory', () =>
  histories(60, async () => {
    const disk = new Disk()
    return {
      open: (crasher, seed) => openMemoryStore(disk, { crasher, seed }),
      [Symbol.asyncDispose]: async () => {},
    }
  }))

describe('processes that die after any write leave books that sum: SQLite', () =>
  histories(4, async () => {
    const under = await stores[0]!.open()
    return {
      open: async (crasher) => dyingStore(under.store, crasher),
      [Symbol.asyncDispose]: () => under[Symbol.asyncDispose](),
    }
  }))
