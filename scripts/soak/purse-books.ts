import { join } from 'node:path'
import { systemClock } from '../../mail/clock.ts'
import { readPositions } from '../../mail/positions.ts'
import { checkBooks } from '../../server/purse/check-books.ts'
import { documentsOf, readEntry } from '../../server/purse/ledger.ts'
import { HOLD_MS } from '../../server/purse/marker.ts'
import { Purses } from '../../server/purse/purses.ts'
import { PurseSweep } from '../../server/purse/sweep.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'

/** Faults in the books of an account whose daemon does not run, however it ended. */
export async function faultsOf(folder: string, account: string): Promise<readonly string[]> {
  await using store = await openSqliteStore(join(folder, 'store'), Date.now())
  return (await checkBooks(store, account)).faults
}

/** What a journal says, by our message id. */
export interface PurseBooks {
  /** How often each position was charged. */
  readonly charged: ReadonlyMap<string, readonly number[]>
  readonly givenBack: ReadonlyMap<string, readonly number[]>
  /** Messages that were never accepted and of which the sweep took back what was set aside. */
  readonly swept: number
  /** Messages of which something is still set aside. */
  readonly open: number
  /** Kuruş. */
  readonly deposited: number
  readonly faults: readonly string[]
}

/** As everything stands once the time of all that was not accepted is up. */
export async function purseBooksOf(folder: string, account: string): Promise<PurseBooks> {
  await using store = await openSqliteStore(join(folder, 'store'), Date.now())
  const clock = { ...systemClock, now: () => new Date(Date.now() + 2 * HOLD_MS) }
  let swept = 0
  const events = {
    purse: (what: string) => {
      if (what === 'swept') swept++
    },
    internalError: (_: string, error: unknown) => {
      throw error
    },
  }
  const purses = new Purses({ store, clock, events, tariff: () => undefined })
  await new PurseSweep({ store, clock, events, purses, clockIsCertain: () => true }).round()
  await purses.flush(account)
  const { faults, open } = await checkBooks(store, account)
  const charged = new Map<string, number[]>()
  const givenBack = new Map<string, number[]>()
  let deposited = 0
  for await (const page of documentsOf(store.ledger, account))
    for (const { kind, messageId = '', recipients = '', lines } of page.map(readEntry)) {
      const positions = kind === 'settle' ? charged : kind === 'give-back' ? givenBack : undefined
      positions?.set(messageId, [...(positions.get(messageId) ?? []), ...readPositions(recipients)])
      if (kind === 'deposit') deposited -= lines.find(({ book }) => book === 'outside')?.amount ?? 0
    }
  return { charged, givenBack, swept, open, deposited, faults }
}
