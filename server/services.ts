import type { Config } from '../config/schema.ts'
import { DEFAULT_PROFILE, type EvidenceProfile } from '../evidence/index.ts'
import type { Services } from '../plugins/api.ts'
import type { OwnAddresses } from './fit-to-sign.ts'

export const serviceAddressOf = ({ provider }: Pick<Config, 'provider'>): string =>
  provider.serviceAddress ?? `kep@${provider.domain}`

export const ownAddressesOf = (config: Pick<Config, 'provider'>): OwnAddresses => ({
  domain: config.provider.domain,
  serviceAddress: serviceAddressOf(config),
})

export const profileOf = ({ evidence }: Config): EvidenceProfile => ({
  ...DEFAULT_PROFILE,
  version: evidence.version,
  policyIds: evidence.policyIds,
})

/** What plugins may ask of the house, from the configuration and the parts that answer. */
export const servicesOf = (
  config: Config,
  house: Pick<Services, 'accountOf' | 'usageOf' | 'isPeer' | 'scratch' | 'noticed'>,
): Services => ({
  domain: config.provider.domain,
  provider: { name: config.provider.name, serviceAddress: serviceAddressOf(config) },
  profile: profileOf(config),
  settings: {
    sizeLocal: config.submission.sizeLocal,
    sizePeer: config.submission.sizePeer,
    recipients: config.limits.recipients,
    localUnavailable: config.recipients.localUnavailable,
    requireBes: config.submission.requireBes,
    certificates: config.submission.certificates,
    signerMustBeLogin: config.submission.signerMustBeLogin,
    otherSigners: config.submission.otherSigners,
    revocation: config.revocation.policy,
    eypContainer: config.eyp.container,
  },
  ...house,
})
