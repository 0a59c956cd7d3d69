import type { Config } from '../config/schema.ts'
import {
  CertificateValidator,
  type StatusSettings,
  type StatusSource,
  type TrustRole,
} from '../evidence/index.ts'
import type { Clock } from '../mail/clock.ts'
import { Pipeline } from '../plugins/pipeline.ts'
import type { Store } from '../storage/port.ts'
import type { AccountDirectory } from './accounts/directory.ts'
import { countedOctets } from './accounts/standard-mailboxes.ts'
import type { Events } from './ops/events.ts'
import type { PeerServerParts } from './relay/inbound/parts.ts'
import type { PeerDirectory } from './relay/peers.ts'
import { servicesOf } from './services.ts'
import { MessageRate } from './smtp/message-rate.ts'
import { HOUR_MS, TokenBuckets } from './token-buckets.ts'
import type { Trusted, TrustedRoles } from './trusted.ts'

/** How status of certificates is asked for. */
export const statusSettingsOf = ({ revocation, trust }: Config): StatusSettings => ({
  maxAgeMs: revocation.maxAge,
  ocsp: revocation.ocsp,
  privateHosts: trust.privateHosts,
  aiaHosts: trust.aiaHosts,
})

/** Whom we believe among providers and among those who stamp for them, as it is when something is judged. */
export function peerTrustOf(
  trusted: () => TrustedRoles,
  status: StatusSource,
  furtherLists: () => readonly string[],
): Pick<PeerServerParts, 'providersTrust' | 'tsasTrust'> {
  const validator = (role: TrustRole) =>
    new CertificateValidator({ anchors: (at) => trusted()[role].at(at), status, furtherLists })
  return { providersTrust: validator('providers'), tsasTrust: validator('tsas') }
}

/** Everything of a submission's decision that a reload takes over. */
export function policyOf(
  config: Config,
  house: {
    store: Store
    directory: AccountDirectory
    clock: Clock
    events: Events
    status: StatusSource
    peers: PeerDirectory
    users: Trusted
  },
) {
  const { store, directory, clock, events, status, peers, users } = house
  const services = servicesOf(config, {
    accountOf: (address) => directory.get(address),
    usageOf: (address) => countedOctets(store.mailboxes, address),
    isPeer: (provider) => peers.of(provider) !== undefined,
    scratch: store.blobs,
    noticed: (plugin, code) => events.noticed(plugin, code),
  })
  return {
    pipeline: new Pipeline(config.plugins, services, (...failure) => events.pluginFailed(...failure)),
    validator: new CertificateValidator({
      anchors: (at) => users.at(at),
      status,
      furtherLists: config.trust.crls,
    }),
    rejections: new TokenBuckets(config.submission.rejectionsPerHour, HOUR_MS, clock),
    messageRate: new MessageRate(config.limits.messagesPerMinute, clock),
    profile: services.profile,
    domain: services.domain,
    revocation: config.revocation.policy,
    dedupWindowMs: config.submission.dedupWindow,
    personId: config.evidence.personId,
    sizeLimit: config.submission.sizeLocal,
    mimeLimits: {
      parts: config.limits.mimeParts,
      depth: config.limits.mimeDepth,
      headerOctets: config.limits.headerOctets,
    },
    minimumRate: config.limits.minimumRate,
    windowMs: config.limits.rateWindow,
    idleMs: config.limits.idleTime,
    loginTimeMs: config.limits.loginTime,
    maxErrors: config.limits.smtpErrors,
  }
}
