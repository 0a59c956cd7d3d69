import type { Config } from '../../config/schema.ts'
import type { KepAccount } from '../../mail/account.ts'
import type { Clock } from '../../mail/clock.ts'
import { type Listing, needsConsent, type PublicListing, shown } from '../../mail/listing.ts'
import type { Criteria } from '../../mail/listing-criteria.ts'
import type { Store } from '../../storage/port.ts'
import type { AccountDirectory } from '../accounts/directory.ts'
import { MINUTE_MS, TokenBuckets } from '../token-buckets.ts'
import { entryKey, keysUnder, parseListing } from './document.ts'
import { ListingError } from './listing-error.ts'
import { ownListing } from './own.ts'
import { searchListings } from './search.ts'
import { Turns } from './turns.ts'
import { type ListingChange, writeListing } from './write-listing.ts'

export interface ListingParts {
  readonly store: Pick<Store, 'listings'>
  readonly accounts: Pick<AccountDirectory, 'get' | 'list'>
  readonly clock: Clock
  /** Our own. */
  readonly domain: string
  readonly settings: () => Config['directory']
  readonly events: ListingEvents
}

export interface ListingEvents {
  directoryQuery(outcome: QueryOutcome): void
}
export type QueryOutcome = 'found' | 'nothing' | 'too-broad' | 'too-fast'

/** An account of ours, and what of it may leave. */
export interface OwnEntry {
  readonly listing: Listing
  readonly open: PublicListing | undefined
}

/**
 * The KEP directory (KEP rehberi): entries of our accounts and of other providers', and the index by which account holders
 * find them. What an account is, its own document says, at the time of the question; so nothing here must follow it.
 */
export class Listings {
  readonly #parts: ListingParts
  readonly #turns = new Turns()
  #rate: { readonly perMinute: number; readonly buckets: TokenBuckets } | undefined

  constructor(parts: ListingParts) {
    this.#parts = parts
  }

  /** As they are now. */
  get settings(): Config['directory'] {
    return this.#parts.settings()
  }

  /** Of an account of ours in whatever state; undefined for an address that can have no entry. */
  async own(account: KepAccount): Promise<OwnEntry | undefined> {
    const { listings } = this.#parts.store
    const row = await listings.get(entryKey(account.address))
    const listing = ownListing(account, row && parseListing(row.document).listing)
    return listing && { listing, open: this.#shown(listing) }
  }

  /** Changes what was filled in; `to` may be asked more than once. The operator's box has no entry, and gets none. */
  async changeOwn(account: KepAccount, to: (listing: Listing) => Listing): Promise<void> {
    const empty = ownListing(account, undefined)
    if (empty === undefined) return
    await this.write(empty.address, empty.provider, (stored) => {
      const listing = ownListing(account, stored)
      return listing && ownListing(account, to(listing))
    })
  }

  /**
   * Makes an account be found by what it says; who is listed without being asked gets an entry, others keep theirs.
   *
   * @param ahead what the account is about to say: until this is called again it is found by either, so that no crash comes
   *   between the account and its rows
   */
  async followOwn(account: KepAccount, ahead?: KepAccount): Promise<void> {
    const empty = ownListing(account, undefined)
    if (empty === undefined) return
    const { address, provider } = empty
    await this.write(
      address,
      provider,
      (stored) => (stored === undefined && needsConsent(empty) ? undefined : ownListing(account, stored)),
      { also: (stored) => ahead && ownListing(ahead, stored) },
    )
  }

  /** The one way in for every entry; undefined takes it away. Rejects with CHANGED_MEANWHILE. */
  async write(
    address: string,
    provider: string,
    to: (listing: Listing | undefined) => Listing | undefined,
    more: Pick<ListingChange, 'run' | 'also'> = {},
  ): Promise<void> {
    const { legalMandatory } = this.settings
    const change = { address, provider, legalMandatory, to, ...more }
    const done = await this.#turns.take(address, () => writeListing(this.#parts.store.listings, change))
    if (done === undefined)
      throw new ListingError('CHANGED_MEANWHILE', `${address} is being changed by somebody else`)
  }

  /** What anybody may see of an address now: nothing of an account of ours that is not active. */
  async open(address: string): Promise<PublicListing | undefined> {
    const row = await this.#parts.store.listings.get(entryKey(address))
    const stored = row && parseListing(row.document).listing
    if (stored === undefined) return undefined
    if (stored.provider !== this.#parts.domain) return this.#shown(stored)
    const account = await this.#parts.accounts.get(address)
    if (account?.state !== 'active') return undefined
    const listing = ownListing(account, stored)
    return listing && this.#shown(listing)
  }

  /**
   * Every entry that fits, in order of address. Rejects with TOO_BROAD, and with TOO_FAST where an account asks too often.
   *
   * @param account who asks; absent for the operator
   */
  async search(criteria: Criteria, account: string | undefined): Promise<PublicListing[]> {
    const { store, events } = this.#parts
    const { maxResults, queriesPerMinute } = this.settings
    if (account !== undefined && !this.#buckets(queriesPerMinute).take(account)) {
      events.directoryQuery('too-fast')
      throw new ListingError(
        'TOO_FAST',
        `Dakikada en çok ${queriesPerMinute} sorgu yapılabilir. / At most ${queriesPerMinute} queries a minute.`,
      )
    }
    const found = await searchListings(store.listings, criteria, maxResults, (address) => this.open(address))
    if (found === 'too-broad') {
      events.directoryQuery('too-broad')
      throw new ListingError('TOO_BROAD', 'Sorgu kriterlerini artırınız. / Add search criteria.')
    }
    events.directoryQuery(found.length === 0 ? 'nothing' : 'found')
    return found
  }

  /** The addresses of a provider's entries in order, each with what others may be given of it. */
  async *listed(
    provider: string,
    after: string,
  ): AsyncGenerator<readonly [string, PublicListing | undefined]> {
    for await (const { rest } of keysUnder(this.#parts.store.listings, `provider/${provider}/`, after))
      yield [rest, await this.open(rest)]
  }

  #shown(listing: Listing): PublicListing | undefined {
    return shown(listing, this.settings.legalMandatory)
  }

  #buckets(perMinute: number): TokenBuckets {
    if (this.#rate?.perMinute !== perMinute)
      this.#rate = { perMinute, buckets: new TokenBuckets(perMinute, MINUTE_MS, this.#parts.clock) }
    return this.#rate.buckets
  }
}
