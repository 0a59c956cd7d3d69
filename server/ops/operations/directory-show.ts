import { z } from 'zod'
import { type ListingView, listingViewOf } from './listing-view.ts'
import { OperationError, type OperationParts, operation } from './operation.ts'
import { addressSchema } from './schemas.ts'

/** The entry of an account of ours, with what nobody else sees of it. */
export const directoryShow = operation(
  z.strictObject({ address: addressSchema }),
  (parts, { address }): Promise<ListingView> => viewOfEntry(parts, address),
)

/** Rejects with NOT_FOUND where the address has no account, or is the operator's own. */
export async function viewOfEntry(
  { directory, listings }: Pick<OperationParts, 'directory' | 'listings'>,
  address: string,
): Promise<ListingView> {
  const account = await directory.get(address.toLowerCase())
  const entry = account && (await listings.own(account))
  if (entry === undefined) throw new OperationError('NOT_FOUND', `there is no entry of ${address}`)
  return listingViewOf(entry.listing, entry.open, listings)
}
