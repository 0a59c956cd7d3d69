import type { Collection } from './collection.ts'
import type { Database } from './database.ts'

/**
 * From `live` to `dead`: first `trash`, under a number of its own, then a look at the keepers, and only then for good. Whoever
 * puts a keeper down makes the blob live again after that, or finds it dead; so one of the two always sees the other, and there
 * is no other way to take octets away.
 *
 * @param isKept whether anybody keeps these octets
 * @returns false where somebody does, or another was faster
 */
export async function letDie(
  database: Database,
  blobs: Collection,
  { _id, file }: { readonly _id: string; readonly file: string },
  isKept: () => Promise<boolean>,
): Promise<boolean> {
  const sweep = database.nonce()
  const alive = { _id, file, state: { $ne: 'dead' } }
  if (!(await blobs.update(alive, { $set: { state: 'trash', sweep } }))) return false
  const mine = { _id, file, sweep, state: 'trash' }
  if (!(await isKept())) return blobs.update(mine, { $set: { state: 'dead' } })
  await blobs.update(mine, { $set: { state: 'live' }, $unset: { sweep: '' } })
  return false
}
