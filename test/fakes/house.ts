import { directory as directorySettings } from '../../config/directory.ts'
import { systemClock } from '../../mail/clock.ts'
import { AccountDirectory } from '../../server/accounts/directory.ts'
import { EventLog } from '../../server/event-log/event-log.ts'
import { Listings } from '../../server/listings/listings.ts'
import type { OperationParts } from '../../server/ops/operations/operation.ts'
import { Purses } from '../../server/purse/purses.ts'
import { PeerDirectory } from '../../server/relay/peers.ts'
import type { Store } from '../../storage/port.ts'

/** What operations work with in a house that knows no other provider yet, and where everything is free. */
export const houseOf = async (
  store: Store,
  domain = 'hs98.kep.tr',
): Promise<Omit<OperationParts, 'directory' | 'defaultQuota'>> => ({
  store,
  clock: systemClock,
  mode: 'development',
  searchIndex: 'account',
  domain,
  eventLog: new EventLog({
    store,
    clock: systemClock,
    keepYears: 20,
    lost: (error) => {
      throw error
    },
  }),
  closingTerm: { months: 3, zone: 'Europe/Istanbul' },
  addressForms: 'free',
  operator: 'test',
  peers: await PeerDirectory.open(store.peers, domain, []),
  purses: new Purses({
    store,
    clock: systemClock,
    events: { purse: () => {} },
    tariff: () => undefined,
  }),
  listings: new Listings({
    store,
    // Reads alone: nobody's password is hashed.
    accounts: new AccountDirectory(store, undefined as never, domain, systemClock),
    clock: systemClock,
    domain,
    settings: () => directorySettings.parse(undefined),
    events: { directoryQuery: () => {} },
  }),
  probePeer: async () => {
    throw new Error('nobody asked for this')
  },
})
