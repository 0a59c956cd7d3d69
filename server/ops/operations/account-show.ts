import { z } from 'zod'
import { countedOctets } from '../../accounts/standard-mailboxes.ts'
import { filteredOf } from '../../search-index/filtered.ts'
import { type AccountView, viewOf } from './account-view.ts'
import { OperationError, operation } from './operation.ts'
import { addressSchema } from './schemas.ts'

export interface ShownAccount extends AccountView {
  /** Octets that count against the quota now. */
  readonly used: number
  /** Where the account has a search index: how far it is. */
  readonly indexed?: { readonly filtered: number; readonly messages: number }
}

export const accountShow = operation(
  z.strictObject({ address: addressSchema }),
  async ({ directory, store }, { address }): Promise<ShownAccount> => {
    const account = await directory.get(address.toLowerCase())
    if (account === undefined) throw new OperationError('NOT_FOUND', `there is no account ${address}`)
    const used = await countedOctets(store.mailboxes, account.address)
    const indexed = account.searchIndex && (await filteredOf(store.mailboxes, account.address))
    return { ...viewOf(account), used, ...(indexed && { indexed }) }
  },
)
