import type { StoredAccount } from '../../mail/account.ts'
import { parseKepAddress, reservedLocals } from '../../mail/kep-address.ts'
import type { Listing, ListingFields } from '../../mail/listing.ts'
import { turkishFold } from '../../mail/turkish-fold.ts'

type Holder = Pick<StoredAccount, 'address' | 'kind' | 'holder' | 'identity' | 'service'>

/**
 * The entry of an account of ours: what was filled in, and over it what the account itself says, so that there is one truth
 * about names and numbers. undefined for the operator's box, which is nobody's.
 */
export function ownListing(account: Holder, filledIn: Listing | undefined): Listing | undefined {
  const { address, kind, holder, identity, service } = account
  const kep = parseKepAddress(address)
  if (kep === undefined || reservedLocals.has(kep.local)) return undefined
  const { givenNames, surname, ...fields } = filledIn?.fields ?? {}
  const names =
    kind === 'natural' ? { ...namesOf(holder, { givenNames, surname }), service } : { fullName: holder }
  return {
    address,
    provider: kep.provider,
    kind,
    ...(identity === undefined ? {} : { identity }),
    listed: filledIn?.listed ?? false,
    fields: { ...fields, ...names },
    consent: filledIn?.consent ?? [],
  }
}

/** As they were filled in, where they are the holder's; else the last word is the surname. */
function namesOf(
  holder: string,
  { givenNames, surname }: { givenNames: string | undefined; surname: string | undefined },
): ListingFields {
  if (givenNames !== undefined && surname !== undefined && areNamesOf(holder, givenNames, surname))
    return { givenNames, surname }
  const words = holder.trim().split(/\s+/)
  const last = words.pop() ?? ''
  return words.length === 0 ? { surname: last } : { givenNames: words.join(' '), surname: last }
}

/** Nobody is listed under another name. */
export const areNamesOf = (holder: string, givenNames: string, surname: string): boolean =>
  oneSpaced(`${givenNames} ${surname}`) === oneSpaced(holder)

const oneSpaced = (text: string): string => turkishFold(text).trim().replace(/\s+/g, ' ')
