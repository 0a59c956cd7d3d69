import type { Config } from '../../config/schema.ts'
import type { OperationParts } from './operations/operation.ts'

/** What operations take from the configuration. */
export const operationSettings = (
  config: Config,
): Pick<OperationParts, 'mode' | 'defaultQuota' | 'domain' | 'closingTerm' | 'addressForms'> => ({
  mode: config.mode,
  defaultQuota: config.quota.default,
  domain: config.provider.domain,
  closingTerm: { months: config.accounts.closedMonths, zone: config.accounts.zone },
  addressForms: config.accounts.addressForms,
})
