import type { Database } from './database.ts'
import { optionalNumber } from './fields.ts'

/** Where the server tells nothing of its disks (mongos, a service), the operator watches them: no mail is refused by a guess. */
const PLENTY = 2 ** 50

/** Of the file system of the primary; the other members need as much. */
export async function spaceOf(database: Database): Promise<{ free: number; total: number }> {
  const stats = (await database.stats()) ?? {}
  const total = optionalNumber(stats, 'fsTotalSize')
  const used = optionalNumber(stats, 'fsUsedSize')
  if (total === undefined || used === undefined || total <= 0) return { free: PLENTY, total: PLENTY }
  return { free: Math.max(0, total - used), total }
}
