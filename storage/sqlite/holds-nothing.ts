import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Database } from './database.ts'
import { isEmpty } from './load.ts'

/**
 * Whether the store in a folder has no record but counters. It is looked at and not opened: its second copy must not be left
 * behind by a look. A store of an older schema holds something: it was used. UNAVAILABLE, CORRUPT where it cannot be read.
 */
export function holdsNothing(folder: string): boolean {
  const file = join(folder, 'kep.db')
  if (!existsSync(file)) return true
  using db = new Database(file, 'reader')
  return isNew(db) && isEmpty(db)
}

const isNew = (db: Database): boolean =>
  db.get(`SELECT 1 AS found FROM sqlite_schema WHERE name = 'segments'`) !== undefined
