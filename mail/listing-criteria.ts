import { groupOf, type ListingField, type ListingGroup, type PublicListing } from './listing.ts'
import { turkishFold } from './turkish-fold.ts'

export type CriterionName = 'address' | 'identityNumber' | ListingField

/** What somebody looks for: everything that is given must fit. */
export interface Criteria {
  readonly group: ListingGroup
  readonly given: ReadonlyMap<CriterionName, string>
}

/** Criteria of the two forms; the primary ones come first, the others where too much is found. */
export const CRITERIA: Readonly<
  Record<ListingGroup, { primary: readonly (readonly CriterionName[])[]; further: readonly CriterionName[] }>
> = {
  natural: {
    primary: [['address'], ['identityNumber'], ['givenNames', 'surname'], ['title']],
    further: ['service', 'province', 'district', 'addressDetail', 'phone'],
  },
  legal: {
    primary: [['address'], ['identityNumber'], ['fullName'], ['mainActivity']],
    further: [
      'province',
      'addressDetail',
      'representativeNames',
      'representativeSurname',
      'representativeTitle',
    ],
  },
}

/** Whether one of the primary criteria is there whole. */
export const hasPrimary = ({ group, given }: Criteria): boolean =>
  CRITERIA[group].primary.some((names) => names.every((name) => given.has(name)))

/** Whether the entry fits; words are compared whole, in any order, without regard to case. */
export const fits = (listing: PublicListing, { group, given }: Criteria): boolean =>
  groupOf(listing.kind) === group && [...given].every(([name, value]) => has(listing, name, value))

function has({ address, identity, fields }: PublicListing, name: CriterionName, value: string): boolean {
  if (name === 'address') return address === value.toLowerCase()
  if (name === 'identityNumber') return identity !== undefined && identity.number === wholeNumber(value)
  const there = fields[name]
  if (there === undefined) return false
  const known = new Set(tokensOf(name, there))
  const wanted = tokensOf(name, value)
  return wanted.length > 0 && wanted.every((token) => known.has(token))
}

/** Numbers are found whole or not at all. */
export const wholeNumber = (text: string): string => text.trim().toUpperCase()

/** By what a field is found: its words; a phone number as a whole; a value of a fixed list as it is. */
export function tokensOf(field: ListingField, text: string): string[] {
  if (field === 'service') return [text]
  if (field === 'publicKey') return []
  if (field === 'phone') return phoneToken(text)
  return [
    ...new Set(
      turkishFold(text)
        .split(/[^\p{L}\p{N}\p{M}]+/u)
        .filter((word) => word !== ''),
    ),
  ]
}

/** Without the country's code and the trunk's zero. */
function phoneToken(text: string): string[] {
  const digits = text.replace(/[^0-9]/g, '').replace(/^(?:00)?90(?=[0-9]{10}$)|^0(?=[0-9]{10}$)/, '')
  return digits === '' ? [] : [digits]
}
