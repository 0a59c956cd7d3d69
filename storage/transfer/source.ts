import type { BlobRef, Store, StoreRecord } from '../port.ts'

/** Where a whole store can be read from: another store, or a backup. Octets of blobs are asked for in the order of their records. */
export interface Source {
  records(): AsyncIterable<StoreRecord>
  open(ref: BlobRef): AsyncIterable<Uint8Array>
}

export const storeSource = ({ copy, blobs }: Pick<Store, 'copy' | 'blobs'>): Source => ({
  records: () => copy.records(),
  open: (ref) => blobs.open(ref),
})

/** What has been done so far; told every now and then. */
export type TransferProgress = (done: { readonly records: number; readonly octets: number }) => void
