import type { LegalDisputed } from '../../mail/listing.ts'
import { needsConsent } from '../../mail/listing.ts'
import type { DocumentStore } from '../../storage/port.ts'
import type { AccountDirectory } from '../accounts/directory.ts'
import type { Listings } from './listings.ts'

/** Accounts read at once. */
const PAGE = 200
/** For which rules the entries were made; grows when entries are made otherwise. */
const KEY = 'complete'
const VERSION = 1

/**
 * Who is listed without being asked has an entry: made for accounts that are older than the directory, and anew where other
 * fields have become mandatory. Walks the accounts once for each such rule; one that was cut off is walked again.
 */
export async function completeListings(
  parts: {
    readonly store: DocumentStore
    readonly accounts: Pick<AccountDirectory, 'list'>
    readonly listings: Pick<Listings, 'followOwn'>
    readonly legalMandatory: readonly LegalDisputed[]
  },
  signal: AbortSignal,
): Promise<void> {
  const { store, accounts, listings, legalMandatory } = parts
  const wanted = JSON.stringify({ version: VERSION, legalMandatory: [...legalMandatory].sort() })
  const done = await store.get(KEY)
  if (done?.document === wanted) return
  for (let after = ''; ; ) {
    const page = await accounts.list(after, PAGE)
    for (const account of page) {
      if (signal.aborted) return
      if (!needsConsent(account) && account.state === 'active') await listings.followOwn(account)
    }
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) break
    after = last.address
  }
  await store.put(KEY, wanted, done?.version ?? 0)
}
