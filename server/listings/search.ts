import type { PublicListing } from '../../mail/listing.ts'
import { type Criteria, fits } from '../../mail/listing-criteria.ts'
import type { DocumentStore } from '../../storage/port.ts'
import { addressesUnder, TooManyRows } from './join.ts'
import { rowsWanted } from './rows.ts'

/** Entries that one query compares, found or not: beyond it criteria are missing. */
export const MAX_COMPARED = 300
/** Compared at once. */
const TOGETHER = 10

/**
 * Every entry that fits, in order of address; `too-broad` where there are more than `most`, or more rows to walk than one
 * query may. The index only says where to look: each hit is compared with what may be seen of it now.
 *
 * @param open what may be seen of an entry now; undefined where nothing may
 */
export async function searchListings(
  store: DocumentStore,
  criteria: Criteria,
  most: number,
  open: (address: string) => Promise<PublicListing | undefined>,
): Promise<PublicListing[] | 'too-broad'> {
  const address = criteria.given.get('address')
  if (address !== undefined) {
    const one = await open(address.toLowerCase())
    return one !== undefined && fits(one, criteria) ? [one] : []
  }
  const found: PublicListing[] = []
  let waiting: string[] = []
  let compared = 0
  const compare = async (): Promise<void> => {
    for (const one of await Promise.all(waiting.map(open)))
      if (one !== undefined && fits(one, criteria)) found.push(one)
    waiting = []
  }
  try {
    for await (const hit of addressesUnder(store, rowsWanted(criteria))) {
      if (++compared > MAX_COMPARED) return 'too-broad'
      waiting.push(hit)
      if (waiting.length === TOGETHER) await compare()
      if (found.length > most) return 'too-broad'
    }
    await compare()
  } catch (error) {
    if (error instanceof TooManyRows) return 'too-broad'
    throw error
  }
  return found.length > most ? 'too-broad' : found
}
