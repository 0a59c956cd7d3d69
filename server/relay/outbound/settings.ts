import type { Config } from '../../../config/schema.ts'
import { readPem, readTls } from '../../key-files.ts'
import type { Peer } from '../peer.ts'
import type { ConnectParts } from './connect.ts'
import type { DkimKey } from './dkim.ts'
import { type ProbeReport, probePeer } from './probe.ts'
import { type NameResolver, nameResolver, recordResolver } from './resolver.ts'
import { SMTP_TIMES } from './smtp-times.ts'

/** What the configuration says about mail to peers, with its files read; a reload replaces all of it. */
export interface OutboundSettings {
  readonly domain: string
  readonly client: { readonly key: string; readonly cert: string }
  readonly dkim: DkimKey | undefined
  readonly resolver: NameResolver
  /** DNS for DKIM, SPF and DMARC of what comes in. */
  readonly records: ReturnType<typeof recordResolver>
  readonly relay: Config['relay']
}

/** Rejects with KeyFileError. */
export async function readOutbound(config: Config): Promise<OutboundSettings> {
  const { relay, provider, tls } = config
  const { dkim } = relay
  return {
    domain: provider.domain,
    client: await readTls(relay.client ?? tls),
    dkim: dkim && {
      selector: dkim.selector,
      domain: dkim.domain ?? provider.domain,
      key: await readPem(dkim.key),
    },
    resolver: nameResolver(relay.resolver),
    records: recordResolver(relay.resolver),
    relay,
  }
}

/** @param current asked at each connection, so that a reload is taken over */
export const connectPartsOf = (current: () => OutboundSettings): ConnectParts => ({
  domain: current().domain,
  client: () => current().client,
  resolver: () => current().resolver,
  random: Math.random,
  times: SMTP_TIMES,
})

/** For operators: with the settings as they are when it is asked. */
export const probeWith =
  (config: () => Config): ((peer: Peer) => Promise<ProbeReport>) =>
  async (peer) => {
    const settings = await readOutbound(config())
    return probePeer(
      peer,
      connectPartsOf(() => settings),
    )
  }
