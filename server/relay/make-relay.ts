import type { Clock } from '../../mail/clock.ts'
import type { Store, WorkKey } from '../../storage/port.ts'
import type { Events } from '../ops/events.ts'
import { Relay } from './outbound/relay.ts'
import { connectPartsOf, type OutboundSettings } from './outbound/settings.ts'
import type { Peers } from './peer.ts'
import { failSend, settleSend, stillWanted } from './settle-send.ts'

/** The relay to peers as the daemon runs it, and the operator's way to give a message up. */
export function makeRelay(
  house: {
    store: Store
    clock: Clock
    events: Events
    peers: Peers
    domain: string
    clockIsCertain: () => boolean
  },
  current: () => OutboundSettings,
): { relay: Relay; failSend: (key: WorkKey) => Promise<boolean> } {
  const settling = { ...house, relay: () => current().relay }
  const relay = new Relay({
    ...house,
    dkim: () => current().dkim,
    stillWanted: (row, payload) => stillWanted(settling, row, payload),
    settleSend: (row, payload, record, result, retryAt) =>
      settleSend(settling, row, payload, record, result, retryAt),
    connect: connectPartsOf(current),
    retry: () => current().relay.retry,
    random: Math.random,
  })
  return { relay, failSend: (key) => failSend(settling, key) }
}
