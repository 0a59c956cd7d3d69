import type { LegalDisputed, Listing } from '../../mail/listing.ts'
import { shown } from '../../mail/listing.ts'
import type { DocumentStore } from '../../storage/port.ts'
import { entryKey, indexPrefix, type ListingDocument, parseListing, providerKey } from './document.ts'
import { rowsOf } from './rows.ts'

/** Another process may change the same entry at the same time, and each overtake the other; so often is a fault. */
const MAX_ATTEMPTS = 50

export interface ListingChange {
  readonly address: string
  readonly provider: string
  readonly legalMandatory: readonly LegalDisputed[]
  /** The import that it came with. */
  readonly run?: string | undefined
  /** What it may soon be: it is found by that too. */
  readonly also?: ((listing: Listing) => Listing | undefined) | undefined
  /** undefined: it is to be there no more. May be asked more than once; what it throws ends the change. */
  readonly to: (listing: Listing | undefined) => Listing | undefined
}

/**
 * The one way to change an entry and the rows by which it is found, without a transaction over both. The entry first names
 * every row that may come to be, then the rows are made, then it becomes what it is to be, then rows that are no longer
 * true go. So a crash anywhere leaves what the next change finds and ends, and a search, which compares each hit with its
 * entry, never shows anything of it. Answers whether anything was written; undefined where others were always first.
 */
export async function writeListing(
  store: DocumentStore,
  change: ListingChange,
): Promise<'written' | 'unchanged' | undefined> {
  let { to } = change
  const tried = new Set<string>()
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const done = await tryWriting(store, { ...change, to }, tried, attempt > 0)
    if (done === 'overtaken') continue
    // Somebody changed it while rows were taken away, which may have been rows of the change: they are made again.
    if (done === 'repair') to = (listing) => listing
    else return done
  }
  return undefined
}

async function tryWriting(
  store: DocumentStore,
  { address, provider, legalMandatory, run, also, to }: ListingChange,
  /** Rows that may have been made by attempts before this one, after another had already cleared up. */
  tried: Set<string>,
  force: boolean,
): Promise<'written' | 'unchanged' | 'overtaken' | 'repair'> {
  const key = entryKey(address)
  const row = await store.get(key)
  const before: ListingDocument = row === undefined ? { rows: [] } : parseListing(row.document)
  const listing = to(before.listing)
  const wanted = [
    ...new Set([listing, listing && also?.(listing)].flatMap((one) => foundBy(one, legalMandatory))),
  ]
  const after = documentOf(listing, wanted, run ?? before.run)
  if (row === undefined && listing === undefined) return 'unchanged'
  if (!force && row?.document === JSON.stringify(after)) return 'unchanged'

  // Only the import is another: what is there has all its rows.
  const isSame =
    !force && JSON.stringify([before.listing, before.rows]) === JSON.stringify([after.listing, after.rows])
  let version = row?.version ?? 0
  const put = async (document: ListingDocument): Promise<boolean> => {
    const isOurs = await store.put(key, JSON.stringify(document), version)
    version++
    return isOurs
  }
  const all = [...new Set([...before.rows, ...tried, ...wanted])]
  for (const one of wanted) tried.add(one)
  const isNew = all.length > before.rows.length
  if (row === undefined) await store.put(providerKey(provider, address), '', 0)
  if ((row === undefined || isNew || force) && !(await put({ ...before, rows: all }))) return 'overtaken'
  if (!isSame) await Promise.all(wanted.map((one) => store.put(indexPrefix(one) + address, '', 0)))
  if (!(await put(documentOf(listing, all, after.run)))) return 'overtaken'
  const stale = all.filter((one) => !wanted.includes(one))
  // A row is put once and never changed: its version is 1.
  await Promise.all(stale.map((one) => store.remove(indexPrefix(one) + address, 1)))
  if (listing === undefined) {
    if (!(await store.remove(key, version))) return 'repair'
    await store.remove(providerKey(provider, address), 1)
  } else if (stale.length > 0 && !(await put(after))) return 'repair'
  return 'written'
}

function foundBy(listing: Listing | undefined, legalMandatory: readonly LegalDisputed[]): string[] {
  const open = listing && shown(listing, legalMandatory)
  return open === undefined ? [] : rowsOf(open)
}

const documentOf = (
  listing: Listing | undefined,
  rows: readonly string[],
  run: string | undefined,
): ListingDocument => ({
  ...(listing === undefined ? {} : { listing }),
  rows,
  ...(run === undefined ? {} : { run }),
})
