import { z } from 'zod'
import { providerDomain } from '../../../config/values.ts'
import { lineOf } from '../../listings/listing-line.ts'
import { change } from './operation.ts'

export interface ListingPage {
  /** One JSON object each, as `directory import` takes them. */
  readonly lines: readonly string[]
  /** Where the next page begins; undefined on the last. */
  readonly next: string | undefined
}

/** Entries looked at for one page. */
const PAGE = 500

/**
 * A provider's directory, ours where none is named, for exchange with others: what may be seen, and the identity number
 * whole, as it is mandatory and found by. It changes nothing, but what leaves is recorded.
 */
export const directoryExport = change(
  'directory export',
  z.strictObject({ provider: providerDomain.optional(), after: z.string().max(254).default('') }),
  ({ provider }) => ({ details: { provider } }),
  async ({ listings, domain }, { provider = domain, after }): Promise<ListingPage> => {
    const lines: string[] = []
    let seen = 0
    for await (const [address, listing] of listings.listed(provider, after)) {
      if (listing?.identity !== undefined) lines.push(lineOf(listing))
      if (++seen === PAGE) return { lines, next: address }
    }
    return { lines, next: undefined }
  },
)
