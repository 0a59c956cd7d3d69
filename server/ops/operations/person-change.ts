import { z } from 'zod'
import type { Permission } from '../../../mail/account.ts'
import { withActive, withNetworks, withPermissions } from '../../accounts/persons.ts'
import { type AccountView, viewOf } from './account-view.ts'
import { change, OperationError, operation } from './operation.ts'
import { addressSchema, handleSchema, permissionsSchema } from './schemas.ts'

const one = { address: addressSchema, handle: handleSchema, by: handleSchema.optional() }

/** Yetki verme ve alma: exactly these from now on. */
export const personPermit = change(
  'person permit',
  z.strictObject({ ...one, permissions: permissionsSchema }),
  ({ address, handle, by, permissions }) => ({
    account: address.toLowerCase(),
    person: handle,
    by,
    details: { permissions },
  }),
  async ({ directory }, { address, handle, by, permissions }): Promise<AccountView> =>
    viewOf(
      await directory.change(address, (account) =>
        withPermissions(account, handle, permissions as readonly Permission[], by),
      ),
    ),
)

/** Pasif: neither logs in nor signs from now on. The record of what was done stays. */
export const personRevoke = change(
  'person revoke',
  z.strictObject(one),
  ({ address, handle, by }) => ({ account: address.toLowerCase(), person: handle, by }),
  async ({ directory }, { address, handle, by }): Promise<AccountView> =>
    viewOf(await directory.change(address, (account) => withActive(account, handle, false, by))),
)

export const personRestore = change(
  'person restore',
  z.strictObject(one),
  ({ address, handle, by }) => ({ account: address.toLowerCase(), person: handle, by }),
  async ({ directory }, { address, handle, by }): Promise<AccountView> =>
    viewOf(await directory.change(address, (account) => withActive(account, handle, true, by))),
)

/** IP Kısıtlama: logs in from these networks only; from everywhere where there are none. */
export const personIpLimit = change(
  'person ip-limit',
  z.strictObject({
    address: addressSchema,
    handle: handleSchema,
    networks: z.array(z.string().max(50)).max(50),
  }),
  ({ address, handle, networks }) => ({
    account: address.toLowerCase(),
    person: handle,
    details: { networks },
  }),
  async ({ directory }, { address, handle, networks }): Promise<AccountView> =>
    viewOf(await directory.change(address, (account) => withNetworks(account, handle, networks))),
)

export const personList = operation(
  z.strictObject({ address: addressSchema }),
  async ({ directory }, { address }): Promise<AccountView['persons']> => {
    const account = await directory.get(address.toLowerCase())
    if (account === undefined) throw new OperationError('NOT_FOUND', `there is no account ${address}`)
    return viewOf(account).persons
  },
)
