import type { PublicListing } from '../../mail/listing.ts'
import { LISTING_FIELDS, type ListingField } from '../../mail/listing.ts'
import { type Criteria, tokensOf, wholeNumber } from '../../mail/listing-criteria.ts'

/** Fields that narrow nothing down: they are compared, not looked up. */
const NOT_INDEXED: readonly ListingField[] = ['service', 'publicKey']

const numberRow = (number: string): string => `identityNumber/${encodeURIComponent(number)}`

/** The rows by which an entry is found, each once; of what may leave alone. */
export function rowsOf({ identity, fields }: PublicListing): string[] {
  const numbers = identity === undefined ? [] : [numberRow(identity.number)]
  const words = LISTING_FIELDS.filter((field) => !NOT_INDEXED.includes(field)).flatMap((field) =>
    tokensOf(field, fields[field] ?? '').map((token) => `${field}/${token}`),
  )
  return [...numbers, ...words]
}

/** More words than these narrow nothing down any further; all of them are compared in the end. */
const MAX_WALKED = 8

/** Where the index is asked for them: the longest words, as they are the rarest. */
export function rowsWanted({ given }: Criteria): string[] {
  const number = given.get('identityNumber')
  if (number !== undefined) return [numberRow(wholeNumber(number))]
  return LISTING_FIELDS.filter((field) => !NOT_INDEXED.includes(field))
    .flatMap((field) => tokensOf(field, given.get(field) ?? '').map((token) => ({ field, token })))
    .sort((a, b) => b.token.length - a.token.length)
    .slice(0, MAX_WALKED)
    .map(({ field, token }) => `${field}/${token}`)
}
