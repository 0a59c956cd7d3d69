import { randomInt } from 'node:crypto'
import type { Config } from '../../config/schema.ts'
import type { Clock } from '../../mail/clock.ts'
import type { Store } from '../../storage/port.ts'
import type { RelaySettings } from '../issue/steps.ts'
import { readPem, readTls } from '../key-files.ts'
import type { Events } from '../ops/events.ts'
import type { DkimKey } from './outbound/dkim.ts'
import { Relay } from './outbound/relay.ts'
import { type NameResolver, nameResolver, recordResolver } from './outbound/resolver.ts'
import { SMTP_TIMES } from './outbound/smtp-times.ts'
import type { Peers } from './peer.ts'
import { settleSend, stillWanted } from './settle-send.ts'

/** What of the configuration the relay uses; a reload replaces all of it. */
export interface RelayIdentity {
  /** What we show as a client. */
  readonly client: { readonly key: string; readonly cert: string }
  readonly dkim: DkimKey | undefined
  readonly resolver: NameResolver
  /** DNS for DKIM, SPF and DMARC of what comes in. */
  readonly records: ReturnType<typeof recordResolver>
  readonly settings: RelaySettings & Config['relay']
}

/** Reads what the configuration names. Rejects with KeyFileError. */
export async function readRelayIdentity({ relay, tls, provider }: Config): Promise<RelayIdentity> {
  const { dkim } = relay
  return {
    client: await readTls(relay.client ?? tls),
    dkim: dkim && {
      selector: dkim.selector,
      domain: dkim.domain ?? provider.domain,
      key: await readPem(dkim.key),
    },
    resolver: nameResolver(relay.resolver),
    records: recordResolver(relay.resolver),
    settings: relay,
  }
}

/** The relay to peers, as the daemon runs it. */
export function makeRelay(
  house: { store: Store; clock: Clock; events: Events; peers: Peers; domain: string },
  identity: () => RelayIdentity,
): Relay {
  const { domain } = house
  const settling = { ...house, relay: () => identity().settings }
  return new Relay({
    ...house,
    dkim: () => identity().dkim,
    stillWanted: (row, payload) => stillWanted(settling, row, payload),
    settleSend: (row, payload, record, result, retryAt) =>
      settleSend(settling, row, payload, record, result, retryAt),
    connect: {
      domain,
      client: () => identity().client,
      resolver: () => identity().resolver,
      random,
      times: SMTP_TIMES,
    },
    retry: () => identity().settings.retry,
    random,
  })
}

/** From 0 up to 1. */
const random = (): number => randomInt(2 ** 32) / 2 ** 32
