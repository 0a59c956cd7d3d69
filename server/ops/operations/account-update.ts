import { z } from 'zod'
import type { KepAccount, StoredAccount } from '../../../mail/account.ts'
import { requireMayServe } from './account-create.ts'
import { type AccountView, viewOf } from './account-view.ts'
import { change, OperationError } from './operation.ts'
import { addressSchema, nameSchema } from './schemas.ts'

/** What a holder may change about an account, by a new application: the name, the service, the authority to serve. */
export const accountUpdate = change(
  'account update',
  z.strictObject({
    address: addressSchema,
    holder: nameSchema.optional(),
    service: z.enum(['send-receive', 'receive-only']).optional(),
    /** A body that may serve by e-Tebligat. */
    mayServe: z.boolean().optional(),
  }),
  ({ address, holder, service, mayServe }) => ({
    account: address.toLowerCase(),
    details: { holder: holder !== undefined, service, mayServe },
  }),
  async ({ directory, listings }, { address, holder, service, mayServe }): Promise<AccountView> => {
    const updated = <A extends StoredAccount | KepAccount>(account: A): A => ({
      ...account,
      holder: holder ?? account.holder,
      service: service ?? account.service,
      ...(mayServe === undefined ? {} : { mayServe }),
    })
    if (holder === undefined && service === undefined && mayServe === undefined)
      throw new OperationError('BAD_ARGUMENTS', 'değişecek bir şey yok / there is nothing to change')
    const before = await directory.get(address.toLowerCase())
    if (mayServe === true && before !== undefined) requireMayServe(before.kind)
    if (before !== undefined) await listings.followOwn(before, updated(before))
    const changed = await directory.change(address, updated)
    await listings.followOwn(changed)
    return viewOf(changed)
  },
)
