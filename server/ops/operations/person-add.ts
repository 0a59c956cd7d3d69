import { z } from 'zod'
import { withPerson } from '../../accounts/persons.ts'
import { type AccountView, viewOf } from './account-view.ts'
import { change } from './operation.ts'
import { addressSchema, handleSchema, nameSchema, permissionsSchema } from './schemas.ts'

/** Adds a person (işlem yetkilisi) without a password; with every permission where none are named. */
export const personAdd = change(
  'person add',
  z.strictObject({
    address: addressSchema,
    handle: handleSchema,
    name: nameSchema,
    /** T.C. Kimlik No: by it the signer of a message is found. */
    identityNumber: z.string().regex(/^[0-9]{11}$/, 'an identity number has 11 digits'),
    permissions: permissionsSchema.optional(),
    by: handleSchema.optional(),
  }),
  ({ address, handle, permissions, by }) => ({
    account: address.toLowerCase(),
    person: handle,
    by,
    details: { permissions: permissions ?? 'all' },
  }),
  async ({ directory }, { address, by, ...person }): Promise<AccountView> =>
    viewOf(await directory.change(address, (account) => withPerson(account, person, by))),
)
