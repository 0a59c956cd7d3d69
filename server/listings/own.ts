import type { StoredAccount } from '../../mail/account.ts'
import { parseKepAddress, reservedLocals } from '../../mail/kep-address.ts'
import type { Listing, ListingField, ListingFields } from '../../mail/listing.ts'
import { turkishFold } from '../../mail/turkish-fold.ts'

/** What the account says, and nobody can say otherwise in the directory. */
export const ACCOUNT_FIELDS: readonly ListingField[] = ['fullName', 'service']

type Holder = Pick<StoredAccount, 'address' | 'kind' | 'holder' | 'identity' | 'service'>

/**
 * The entry of an account of ours: what was filled in, and over it what the account itself says, so that there is one truth
 * about names and numbers. undefined for the operator's box, which is nobody's.
 */
export function ownListing(account: Holder, filledIn: Listing | undefined): Listing | undefined {
  const { address, kind, holder, identity, service } = account
  const kep = parseKepAddress(address)
  if (kep === undefined || reservedLocals.has(kep.local)) return undefined
  const fields = { ...filledIn?.fields }
  return {
    address,
    provider: kep.provider,
    kind,
    ...(identity === undefined ? {} : { identity }),
    listed: filledIn?.listed ?? false,
    fields: kind === 'natural' ? { ...fields, ...namesOf(holder, fields), service } : { ...fields, fullName: holder },
    consent: filledIn?.consent ?? [],
  }
}

/** As they were filled in, where they are the holder's; else the last word is the surname. */
function namesOf(holder: string, { givenNames, surname }: ListingFields): ListingFields {
  if (givenNames !== undefined && surname !== undefined && areNamesOf(holder, givenNames, surname))
    return { givenNames, surname }
  const words = holder.trim().split(/\s+/)
  const last = words.pop() ?? ''
  return { givenNames: words.join(' '), surname: last }
}

/** Nobody is listed under another name. */
export const areNamesOf = (holder: string, givenNames: string, surname: string): boolean =>
  oneSpaced(`${givenNames} ${surname}`) === oneSpaced(holder)

const oneSpaced = (text: string): string => turkishFold(text).trim().replace(/\s+/g, ' ')
