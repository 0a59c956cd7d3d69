/** An operator's acts on a running test provider, as kepctl asks the daemon for them. */
import {
  type InputOf,
  type OperationName,
  perform,
  type ResultOf,
} from '../../server/ops/operations/catalog.ts'
import type { OperationParts } from '../../server/ops/operations/operation.ts'
import { probePeer } from '../../server/relay/outbound/probe.ts'
import { nameResolver } from '../../server/relay/outbound/resolver.ts'
import { clientOf } from './peer-sink.ts'
import type { TestProvider } from './provider.ts'
import { shortTimes } from './relay-times.ts'

/** Rejects as the operation does. */
export const operate = async <N extends OperationName>(
  kep: TestProvider,
  name: N,
  args: InputOf<N>,
  over: Partial<OperationParts> = {},
): Promise<ResultOf<N>> => (await perform({ ...partsOf(kep), ...over }, name, args, () => {})) as ResultOf<N>

export const partsOf = ({ provider, domain, tls, clock }: TestProvider): OperationParts => ({
  store: provider.store,
  directory: provider.directory,
  eventLog: provider.eventLog,
  clock,
  mode: 'development',
  searchIndex: 'account',
  closingTerm: { months: 3, zone: 'Europe/Istanbul' },
  addressForms: 'free',
  operator: 'test',
  defaultQuota: 100_000_000,
  domain,
  peers: provider.peers,
  purses: provider.purses,
  listings: provider.listings,
  probePeer: (peer) =>
    probePeer(peer, {
      domain,
      client: () => clientOf(tls),
      resolver: () => nameResolver(undefined),
      random: Math.random,
      times: shortTimes(),
    }),
  relay: provider.relay,
  failSend: provider.failSend,
  archiveDesk: provider.archiveDesk,
  exportPack: provider.archiveDesk.export.bind(provider.archiveDesk),
})
