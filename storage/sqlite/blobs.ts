import type { StagedBlob } from '../port.ts'
import type { Database } from './database.ts'

/** Writes what is staged inline; the name is the content, so a second copy changes nothing. */
export function keepInline(db: Database, staged: readonly StagedBlob[]): void {
  for (const { ref, inline } of staged)
    if (inline !== undefined) db.run('INSERT OR IGNORE INTO blobs VALUES (?, ?)', ref.hash, inline)
}
