import { DoesNotOpen } from '../encryption/sealed-octets.ts'
import type { StoreKeys } from '../encryption/store-key.ts'
import { StoreError } from '../port.ts'
import { bytes, optionalRow, type Row } from './fields.ts'

/** They open for nothing else. */
const USE = 'index'

export interface StoredOctets {
  readonly octets: Uint8Array
  readonly sealed: boolean
}

/** An index as documents and plans hold it, with the message's text filter where it has one. */
export interface StoredIndex extends StoredOctets {
  readonly filter?: StoredOctets
}

/** As it lies there: whoever copies an index needs no key. */
export const storedIndex = (row: Row, field: string): StoredIndex => {
  const filter = optionalRow(row, 'filter')
  return { ...storedOctets(row, field), ...(filter && { filter: storedOctets(filter, 'octets') }) }
}

export const storedOctets = (row: Row, field: string): StoredOctets => ({
  octets: bytes(row, field),
  sealed: row['sealed'] === true,
})

/** MIME indexes say how a message is built and what its parts are called; so they are sealed where bodies are. */
export class Indexes {
  readonly #keys: StoreKeys | undefined

  constructor(keys: StoreKeys | undefined) {
    this.#keys = keys
  }

  toStore(index: Uint8Array): StoredIndex {
    return this.#keys === undefined
      ? { octets: index, sealed: false }
      : { octets: this.#keys.wrap(index, USE), sealed: true }
  }

  /** Of a document; one that has let go of its octets has none. */
  read(row: Row): Uint8Array | undefined {
    if (row['octets'] === undefined) return undefined
    const { octets, sealed } = storedIndex(row, 'octets')
    return Uint8Array.from(sealed ? this.#open(octets) : octets)
  }

  #open(octets: Uint8Array): Uint8Array {
    if (this.#keys === undefined)
      throw new StoreError('CORRUPT', 'an index was sealed, and the store was opened without a key')
    try {
      return this.#keys.unwrap(octets, USE)
    } catch (cause) {
      if (!(cause instanceof DoesNotOpen)) throw cause
      throw new StoreError('CORRUPT', `an index does not open: ${cause.message}`, { cause })
    }
  }
}
