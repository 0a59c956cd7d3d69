import {
  type Listing,
  type ListingField,
  masked,
  missingFields,
  type PublicListing,
} from '../../../mail/listing.ts'
import type { Listings } from '../../listings/listings.ts'

/** One entry as account holders see it. */
export interface FoundListing extends PublicListing {}

/** A person's number is no answer to a question that did not name it: masked, unless the setting says otherwise. */
export const foundOf = (listing: PublicListing, { settings }: Pick<Listings, 'settings'>): FoundListing =>
  listing.identity === undefined || settings.identityNumbers === 'whole'
    ? listing
    : { ...listing, identity: masked(listing.identity) }

/** One entry of ours as the operator and its holder see it. */
export interface ListingView extends Listing {
  /** What others see of it while the account is active; null where it is not in the directory. */
  readonly open: FoundListing | null
  /** Mandatory fields that nobody filled in. */
  readonly missing: readonly ListingField[]
}

export const listingViewOf = (
  listing: Listing,
  open: PublicListing | undefined,
  listings: Pick<Listings, 'settings'>,
): ListingView => ({
  ...listing,
  open: open === undefined ? null : foundOf(open, listings),
  missing: missingFields(listing, listings.settings.legalMandatory),
})
