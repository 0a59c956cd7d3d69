/** The KEP directory over a store, with accounts that need no passwords. */
import { directory as settingsSchema } from '../../config/directory.ts'
import type { StoredAccount } from '../../mail/account.ts'
import type { Clock } from '../../mail/clock.ts'
import type { ListingGroup } from '../../mail/listing.ts'
import type { CriterionName } from '../../mail/listing-criteria.ts'
import { AccountDirectory } from '../../server/accounts/directory.ts'
import { Listings } from '../../server/listings/listings.ts'
import type { DocumentStore, Store } from '../../storage/port.ts'
import { movedClock } from './moved-clock.ts'

export const DOMAIN = 'hs98.kep.tr'

export function directoryHouse(
  store: Store,
  settings: Parameters<typeof settingsSchema.parse>[0] = {},
  clock: Clock = movedClock(),
) {
  const accounts = new AccountDirectory(store, undefined as never, DOMAIN, clock)
  const outcomes: string[] = []
  const listings = new Listings({
    store,
    accounts,
    clock,
    domain: DOMAIN,
    settings: () => settingsSchema.parse(settings),
    events: { directoryQuery: (outcome) => void outcomes.push(outcome) },
  })
  return {
    listings,
    accounts,
    outcomes,
    parts: { store, listings, domain: DOMAIN },
    /** Addresses that are found; the code where it is refused. */
    find: (group: ListingGroup, given: Partial<Record<CriterionName, string>>, account?: string) =>
      listings
        .search({ group, given: new Map(Object.entries(given) as [CriterionName, string][]) }, account)
        .then(
          (found) => found.map(({ address }) => address),
          (error: { code: string }) => error.code,
        ),
  }
}

export const account = (address: string, over: Partial<StoredAccount> = {}): StoredAccount => ({
  address,
  kind: 'natural',
  service: 'send-receive',
  state: 'active',
  holder: 'Ali Veli',
  identity: { type: 'tckn', number: '10000000146' },
  quota: 1,
  persons: [],
  created: '2026-01-01T00:00:00Z',
  ...over,
})

/** As it is from now on. */
export async function putAccount(store: Store, made: StoredAccount): Promise<void> {
  const row = await store.accounts.get(made.address)
  await store.accounts.put(made.address, JSON.stringify(made), row?.version ?? 0)
}

/** Counts what is read of entries and accounts. */
export function counted(store: Store): { store: Store; reads: () => number } {
  let reads = 0
  const counting = (of: DocumentStore): DocumentStore => ({
    get: (key) => {
      reads++
      return of.get(key)
    },
    list: (after, limit) => {
      reads++
      return of.list(after, limit)
    },
    put: (key, document, expected) => of.put(key, document, expected),
    remove: (key, expected) => of.remove(key, expected),
  })
  return {
    store: { ...store, accounts: counting(store.accounts), listings: counting(store.listings) },
    reads: () => reads,
  }
}
