import { randomId } from '../../mail/ids.ts'
import type { Store } from '../../storage/port.ts'
import { entryKey, importKey, keysUnder, parseListing, providerKey } from './document.ts'
import { ListingError } from './listing-error.ts'
import { readLine } from './listing-line.ts'
import type { Listings } from './listings.ts'

export interface LineFault {
  readonly line: number
  readonly reason: string
}

/** Entries written at once: they share commits. */
const TOGETHER = 16

export interface ImportParts {
  readonly store: Pick<Store, 'listings'>
  readonly listings: Pick<Listings, 'write'>
  /** Our own. */
  readonly domain: string
}

/** Begins the import of a provider's directory; one that is under way ends there. Rejects with OWN_DOMAIN. */
export async function beginImport({ store, domain }: ImportParts, provider: string): Promise<string> {
  if (provider === domain)
    throw new ListingError('OWN_DOMAIN', `${provider}: kendi kayıtlarımız hesaplardan oluşur / is ours`)
  const run = randomId('import')
  for (;;) {
    const row = await store.listings.get(importKey(provider))
    if (await store.listings.put(importKey(provider), run, row?.version ?? 0)) return run
  }
}

/** Each line is taken whole or not at all. Rejects with CHANGED_MEANWHILE where another import has begun. */
export async function takeLines(
  parts: ImportParts,
  provider: string,
  run: string,
  lines: readonly { readonly number: number; readonly text: string | undefined }[],
): Promise<{ taken: number; faults: LineFault[] }> {
  await requireCurrent(parts, provider, run)
  const faults: LineFault[] = []
  const entries = new Map<string, Exclude<ReturnType<typeof readLine>, string>>()
  let taken = 0
  for (const { number, text } of lines) {
    const listing = readLine(provider, text)
    if (typeof listing === 'string') faults.push({ line: number, reason: listing })
    else {
      taken++
      entries.set(listing.address, listing) // of two lines about one address the later holds
    }
  }
  const all = [...entries.values()]
  for (let at = 0; at < all.length; at += TOGETHER)
    await Promise.all(
      all
        .slice(at, at + TOGETHER)
        .map((listing) => parts.listings.write(listing.address, provider, () => listing, { run })),
    )
  return { taken, faults }
}

/**
 * What did not come with this import goes: an entry that its provider no longer vouches for may be one that somebody took
 * back. Rejects with CHANGED_MEANWHILE.
 */
export async function endImport(
  parts: ImportParts,
  provider: string,
  run: string,
  progress: (done: number) => void = () => {},
): Promise<number> {
  await requireCurrent(parts, provider, run)
  return removeEntries(parts, provider, run, progress)
}

/** Takes a provider's entries away but for those of this run; all of them where there is none. Answers how many. */
export async function removeEntries(
  { store, listings }: ImportParts,
  provider: string,
  but: string | undefined,
  progress: (done: number) => void = () => {},
): Promise<number> {
  let removed = 0
  let done = 0
  for await (const { rest: address } of keysUnder(store.listings, `provider/${provider}/`)) {
    const row = await store.listings.get(entryKey(address))
    const entry = row && parseListing(row.document)
    if (row === undefined) await store.listings.remove(providerKey(provider, address), 1)
    else if (but === undefined || entry?.run !== but) {
      await listings.write(address, provider, () => undefined)
      removed++
    }
    progress(++done)
  }
  return removed
}

async function requireCurrent({ store }: ImportParts, provider: string, run: string): Promise<void> {
  const row = await store.listings.get(importKey(provider))
  if (row?.document !== run)
    throw new ListingError('CHANGED_MEANWHILE', `another import of ${provider} has begun, or none`)
}
