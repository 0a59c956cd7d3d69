import type { Keeper, StoreRecord } from '../port.ts'
import type { Database } from './database.ts'
import { number, type Row, text } from './fields.ts'

/**
 * Blobs that somebody keeps now. Messages were read before: which mailbox keeps what is for whoever fills a store to find out
 * from them.
 */
export async function* blobRecords(database: Database): AsyncGenerator<StoreRecord> {
  const blobs = database.collection('blobs').each({ state: { $ne: 'dead' } }, { size: 1 })
  for await (const page of pagesOf(blobs)) {
    const hashes = page.map((row) => text(row, '_id'))
    const keepers = new Map<string, Keeper[]>(hashes.map((hash) => [hash, []]))
    for (const row of await database
      .collection('keepers')
      .all({ hash: { $in: hashes } }, { fields: { hash: 1, keeper: 1 } }))
      keepers.get(text(row, 'hash'))?.push(text(row, 'keeper') as Keeper)
    for (const row of page) {
      const found = keepers.get(text(row, '_id')) ?? []
      const ref = { hash: text(row, '_id'), size: number(row, 'size') }
      if (found.length > 0) yield { kind: 'blob', ref, keepers: found }
    }
  }
}

/** Blobs at a time, with all of their keepers. */
const PAGE = 200

async function* pagesOf(rows: AsyncIterable<Row>): AsyncGenerator<readonly Row[]> {
  let page: Row[] = []
  for await (const row of rows) {
    page.push(row)
    if (page.length < PAGE) continue
    yield page
    page = []
  }
  yield page
}
