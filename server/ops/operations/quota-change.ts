import { z } from 'zod'
import { withSpace } from '../../accounts/lifecycle.ts'
import { type AccountView, viewOf } from './account-view.ts'
import { requireRight } from './acting-person.ts'
import { change, OperationError } from './operation.ts'
import { addressSchema, handleSchema, octetsSchema, untilSchema } from './schemas.ts'

/** The part that is free of charge. */
export const quotaSet = change(
  'quota set',
  z.strictObject({ address: addressSchema, quota: octetsSchema }),
  ({ address, quota }) => ({ account: address.toLowerCase(), details: { quota } }),
  async ({ directory }, { address, quota }): Promise<AccountView> =>
    viewOf(await directory.change(address, (account) => ({ ...account, quota }))),
)

/** Alan artırımı: octets beside the free ones, until a time; what was bought before ends. */
export const quotaAdd = change(
  'quota add',
  z.strictObject({
    address: addressSchema,
    octets: octetsSchema.min(1),
    until: untilSchema,
    by: handleSchema.optional(),
  }),
  ({ address, octets, until, by }) => ({
    account: address.toLowerCase(),
    by,
    details: { octets, until: new Date(until).toISOString() },
  }),
  async ({ directory, clock }, { address, octets, until, by }): Promise<AccountView> => {
    if (until <= clock.now().getTime())
      throw new OperationError('BAD_ARGUMENTS', 'bitiş zamanı geçmiş / the time is over already')
    return viewOf(
      await directory.change(address, (account) => {
        requireRight(account, by, 'buy-tariff')
        return withSpace(account, octets, new Date(until))
      }),
    )
  },
)
