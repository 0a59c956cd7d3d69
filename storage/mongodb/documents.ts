import type { DocumentRow, DocumentStore } from '../port.ts'
import type { Collection as Name } from '../port-copy.ts'
import { type Collection, type Database, number, optionalText, type Row, text } from './database.ts'
import { settled } from './failures.ts'

const FIELDS = { version: 1, document: 1, by: 1 } as const

/** Documents of one kind, compare-and-set by version: one document here is one document there. */
export class Documents implements DocumentStore {
  readonly #database: Database
  readonly #documents: Collection

  constructor(database: Database, name: Name) {
    this.#database = database
    this.#documents = database.collection(name)
  }

  async get(key: string): Promise<DocumentRow | undefined> {
    const row = await this.#documents.get({ _id: key }, FIELDS)
    return row && readDocument(row)
  }

  /** `by` tells our own write from another's of the same text: two who count must not both believe to have counted. */
  put(key: string, document: string, expected: number): Promise<boolean> {
    const by = this.#database.nonce()
    const version = expected + 1
    const write = () =>
      expected === 0
        ? this.#documents.insert({ _id: key, version, document, by })
        : this.#documents.update({ _id: key, version: expected }, { $set: { version, document, by } })
    const isOurs = async () => {
      const row = await this.#documents.get({ _id: key }, FIELDS)
      return row !== undefined && optionalText(row, 'by') === by
    }
    return settled(
      async () => (await write()) || isOurs(),
      async () => ((await isOurs()) ? true : undefined),
    )
  }

  remove(key: string, expected: number): Promise<boolean> {
    return this.#documents.remove({ _id: key, version: expected })
  }

  async list(after: string, limit: number): Promise<DocumentRow[]> {
    const found = await this.#documents.all(
      { _id: { $gt: after } },
      { sort: { _id: 1 }, limit, fields: FIELDS },
    )
    return found.map(readDocument)
  }
}

export const readDocument = (row: Row): DocumentRow => ({
  key: text(row, '_id'),
  version: number(row, 'version'),
  document: text(row, 'document'),
})
