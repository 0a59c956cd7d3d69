import type { Keeper, StoreRecord } from '../port.ts'
import type { AcceptancesRead } from './acceptances-read.ts'
import type { Database } from './database.ts'
import { number, text } from './fields.ts'
import { keeperId } from './keepers.ts'

/** Blobs at a time, with all of their keepers. */
const PAGE = 200

/**
 * Blobs that are kept by something of which the copy tells.
 *
 * @param leftOut ids of keepers whose messages were left out
 */
export async function* blobRecords(
  database: Database,
  read: AcceptancesRead,
  leftOut: ReadonlySet<string>,
): AsyncGenerator<StoreRecord> {
  let page: BlobRecord[] = []
  for await (const row of database.collection('blobs').each({ state: { $ne: 'dead' } }, { size: 1 })) {
    const hash = text(row, '_id')
    const keepers = (await database.collection('keepers').all({ hash }, { fields: { keeper: 1 } }))
      .map((one) => text(one, 'keeper') as Keeper)
      .filter((keeper) => !leftOut.has(keeperId(hash, keeper)))
    page.push({ kind: 'blob', ref: { hash, size: number(row, 'size') }, keepers })
    if (page.length < PAGE) continue
    yield* keptIn(read, page)
    page = []
  }
  yield* keptIn(read, page)
}

type BlobRecord = Extract<StoreRecord, { kind: 'blob' }>

/** Those that somebody keeps who is told of. */
async function* keptIn(read: AcceptancesRead, page: readonly BlobRecord[]): AsyncGenerator<StoreRecord> {
  const missed = await read.missed(page.flatMap(({ keepers }) => keepers.flatMap(intakeOf)))
  for (const blob of page) {
    const keepers = blob.keepers.filter((keeper) => !intakeOf(keeper).some((id) => missed.has(id)))
    if (keepers.length > 0) yield { ...blob, keepers }
  }
}

const intakeOf = (keeper: Keeper): string[] =>
  keeper.startsWith('intake/') ? [keeper.slice('intake/'.length)] : []
