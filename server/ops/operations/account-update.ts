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
    /** Filters beside its messages, which make searching them faster. */
    searchIndex: z.enum(['on', 'off']).optional(),
  }),
  ({ address, holder, service, mayServe, searchIndex }) => ({
    account: address.toLowerCase(),
    details: { holder: holder !== undefined, service, mayServe, searchIndex },
  }),
  async (parts, { address, holder, service, mayServe, searchIndex }): Promise<AccountView> => {
    const { directory, listings, clock } = parts
    const updated = <A extends StoredAccount | KepAccount>(account: A): A => ({
      ...account,
      ...(searchIndex === undefined ? {} : chosen(account, searchIndex, clock.now())),
      holder: holder ?? account.holder,
      service: service ?? account.service,
      ...(mayServe === undefined ? {} : { mayServe }),
    })
    if ([holder, service, mayServe, searchIndex].every((given) => given === undefined))
      throw new OperationError('BAD_ARGUMENTS', 'değişecek bir şey yok / there is nothing to change')
    if (searchIndex === 'on' && parts.searchIndex === 'off')
      throw new OperationError(
        'WRONG_STATE',
        'arama dizini yapılandırmada kapalı / search indexes are switched off in the configuration (search.index)',
      )
    const before = await directory.get(address.toLowerCase())
    if (mayServe === true && before !== undefined) requireMayServe(before.kind)
    if (before !== undefined) await listings.followOwn(before, updated(before))
    const changed = await directory.change(address, updated)
    await listings.followOwn(changed)
    return viewOf(changed)
  },
)

/** What is chosen already stays as it is. */
function chosen(
  { searchIndex }: Pick<StoredAccount, 'searchIndex'>,
  choice: 'on' | 'off',
  now: Date,
): Pick<StoredAccount, 'searchIndex'> {
  const state = choice === 'on' ? 'on' : 'removing'
  if (searchIndex?.state === state || (searchIndex === undefined && choice === 'off')) return {}
  return { searchIndex: { state, since: now.toISOString() } }
}
