import type { Listing } from '../../mail/listing.ts'
import type { DocumentStore } from '../../storage/port.ts'

/** What stands under `entry/<address>`. */
export interface ListingDocument {
  /** undefined while it is being made, and while it is being taken away. */
  readonly listing?: Listing
  /** Every row of the index that may exist for it, as `<field>/<token>`: whoever writes next finds what a crash left. */
  readonly rows: readonly string[]
  /** The import that it came with last. */
  readonly run?: string
}

export const entryKey = (address: string): string => `entry/${address}`
/** One for each entry, made before it and removed after it: what a provider has is found by them. */
export const providerKey = (provider: string, address: string): string => `provider/${provider}/${address}`
export const indexPrefix = (row: string): string => `index/${row}/`
/** Which import of a provider is the last that began. */
export const importKey = (provider: string): string => `import/${provider}`
/** What was read last of a source that stands in the configuration. */
export const sourceKey = (provider: string): string => `source/${provider}`

export const parseListing = (document: string): ListingDocument => JSON.parse(document)

/** Rows read at once. */
const PAGE = 200

/** What stands behind a prefix, in order, a page at a time. */
export async function* keysUnder(
  store: DocumentStore,
  prefix: string,
  after = '',
): AsyncGenerator<{ readonly rest: string; readonly version: number; readonly document: string }> {
  for (let from = prefix + after; ; ) {
    const rows = await store.list(from, PAGE)
    for (const { key, version, document } of rows) {
      if (!key.startsWith(prefix)) return
      yield { rest: key.slice(prefix.length), version, document }
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE) return
    from = last.key
  }
}
