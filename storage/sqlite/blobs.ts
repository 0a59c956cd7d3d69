import type { BlobRef } from '../port.ts'
import type { Database } from './database.ts'

/** A small blob on its way to the writer thread. */
export interface InlineBlob {
  readonly ref: BlobRef
  readonly inline: Uint8Array
}

/** The name is the content, so a second copy changes nothing. */
export function keepInline(db: Database, blobs: readonly InlineBlob[]): void {
  for (const { ref, inline } of blobs) db.run('INSERT OR IGNORE INTO blobs VALUES (?, ?)', ref.hash, inline)
}
