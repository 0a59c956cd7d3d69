import type { Config } from '../../config/schema.ts'
import type { OperationParts } from './operations/operation.ts'

/** What operations take from the configuration. */
export const operationSettings = (
  config: Config,
): Pick<
  OperationParts,
  'mode' | 'searchIndex' | 'defaultQuota' | 'domain' | 'closingTerm' | 'addressForms'
> => ({
  mode: config.mode,
  searchIndex: config.search.index,
  defaultQuota: config.quota.default,
  domain: config.provider.domain,
  closingTerm: { months: config.accounts.closedMonths, zone: config.accounts.zone },
  addressForms: config.accounts.addressForms,
})
