import type { OperationParts } from '../../server/ops/operations/operation.ts'
import { PeerDirectory } from '../../server/relay/peers.ts'
import type { Store } from '../../storage/port.ts'

/** A house that knows no other provider yet. */
export const noPeers = async (
  store: Store,
  domain = 'hs98.kep.tr',
): Promise<Pick<OperationParts, 'domain' | 'peers' | 'probePeer'>> => ({
  domain,
  peers: await PeerDirectory.open(store.peers, domain, []),
  probePeer: async () => {
    throw new Error('nobody asked for this')
  },
})
