import { z } from 'zod'
import { activated, closed, reopened } from '../../accounts/lifecycle.ts'
import { type AccountView, viewOf } from './account-view.ts'
import { requireRight } from './acting-person.ts'
import { change, type OperationParts } from './operation.ts'
import { addressSchema, handleSchema, identitySchema, reasonSchema } from './schemas.ts'

/** The contract is signed: the account sends and receives from now on, and is found where nobody is asked for consent. */
export const accountActivate = change(
  'account activate',
  z.strictObject({ address: addressSchema }),
  ({ address }) => ({ account: address.toLowerCase() }),
  async (parts, { address }): Promise<AccountView> => {
    await makeListing(parts, address)
    return viewOf(await parts.directory.change(address, activated))
  },
)

/** Neither sends nor receives from now on; readable for the term, then locked. */
export const accountClose = change(
  'account close',
  z.strictObject({
    address: addressSchema,
    reason: reasonSchema,
    /** The person who asks; must have the right to close. */
    by: handleSchema.optional(),
  }),
  ({ address, reason, by }) => ({ account: address.toLowerCase(), by, details: { reason } }),
  async ({ directory, clock, closingTerm }, { address, reason, by }): Promise<AccountView> =>
    viewOf(
      await directory.change(address, (account) => {
        requireRight(account, by, 'close')
        return closed(account, reason, clock.now(), closingTerm)
      }),
    ),
)

/** For its own holder, whose identity is compared. */
export const accountReopen = change(
  'account reopen',
  z.strictObject({ address: addressSchema, identity: identitySchema, reason: reasonSchema }),
  ({ address, reason }) => ({ account: address.toLowerCase(), details: { reason } }),
  async (parts, { address, identity }): Promise<AccountView> => {
    await makeListing(parts, address)
    return viewOf(await parts.directory.change(address, (account) => reopened(account, identity)))
  },
)

/** Before the account is active, as it is not seen until then: so no crash leaves one that is and has no entry. */
async function makeListing(
  { directory, listings }: Pick<OperationParts, 'directory' | 'listings'>,
  address: string,
): Promise<void> {
  const account = await directory.get(address.toLowerCase())
  if (account !== undefined) await listings.followOwn(account)
}
