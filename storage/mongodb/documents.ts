import type { DocumentRow, DocumentStore } from '../port.ts'
import type { Collection as Name } from '../port-copy.ts'
import type { Collection } from './collection.ts'
import type { Database } from './database.ts'
import { settled } from './failures.ts'
import { number, type Row, text } from './fields.ts'

const FIELDS = { version: 1, document: 1, by: 1 } as const

/** Documents of one kind, compare-and-set by version: one document here is one document there. */
export function documentsOf(database: Database, name: Name): DocumentStore {
  const documents = database.collection(name)
  return {
    get: async (key) => {
      const row = await documents.get({ _id: key }, FIELDS)
      return row && readDocument(row)
    },
    put: (key, document, expected) => put(database, documents, { key, document, version: expected + 1 }),
    remove: (key, expected) => documents.remove({ _id: key, version: expected }),
    list: async (after, limit) => {
      const found = await documents.all({ _id: { $gt: after } }, { sort: { _id: 1 }, limit, fields: FIELDS })
      return found.map(readDocument)
    },
  }
}

/** `by` tells our own write from another's of the same text: two who count must not both believe to have counted. */
function put(
  database: Database,
  documents: Collection,
  { key, document, version }: DocumentRow,
): Promise<boolean> {
  const by = database.nonce()
  const write = () =>
    version === 1
      ? documents.insert({ _id: key, version, document, by })
      : documents.update({ _id: key, version: version - 1 }, { $set: { version, document, by } })
  const isOurs = async () => (await documents.get({ _id: key, by }, { _id: 1 })) !== undefined
  return settled(
    async () => (await write()) || isOurs(),
    async () => ((await isOurs()) ? true : undefined),
  )
}

export const readDocument = (row: Row): DocumentRow => ({
  key: text(row, '_id'),
  version: number(row, 'version'),
  document: text(row, 'document'),
})
