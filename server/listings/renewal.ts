import type { Config } from '../../config/schema.ts'
import type { Store } from '../../storage/port.ts'
import type { AccountDirectory } from '../accounts/directory.ts'
import { completeListings } from './complete.ts'
import type { Listings } from './listings.ts'
import { ListingSources, type SourceEvents, type SourceParts } from './sources.ts'

export interface RenewalParts extends Omit<SourceParts, 'listings' | 'events'> {
  readonly store: Pick<Store, 'listings'>
  readonly accounts: Pick<AccountDirectory, 'list'>
  readonly listings: Listings
  readonly events: SourceEvents & { internalError(where: 'ops', error: unknown): void }
}

/**
 * What the directory does by itself at a start and after a reload: entries of who is listed without being asked, then other
 * providers' directories. In the background; nothing waits for it but the end.
 */
export class ListingRenewal {
  readonly #parts: RenewalParts
  readonly #sources: ListingSources
  readonly #stopping = new AbortController()
  #renewing: Promise<void> = Promise.resolve()

  constructor(parts: RenewalParts) {
    this.#parts = parts
    this.#sources = new ListingSources(parts)
  }

  /** Never rejects. One renewal follows the other. */
  renew({ legalMandatory, sources }: Config['directory']): Promise<void> {
    const { store, accounts, listings, events } = this.#parts
    this.#renewing = this.#renewing.then(async () => {
      try {
        await completeListings(
          { store: store.listings, accounts, listings, legalMandatory },
          this.#stopping.signal,
        )
      } catch (error) {
        events.internalError('ops', error)
      }
      await this.#sources.read(sources)
    })
    return this.#renewing
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#sources.stop()
    await this.#renewing
  }
}
