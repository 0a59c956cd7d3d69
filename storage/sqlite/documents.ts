import type { Collection, DocumentRow } from '../port.ts'
import { type Database, number, type Row, text } from './database.ts'

export const getDocument = (db: Database, collection: Collection, key: string): DocumentRow | undefined => {
  const row = db.get('SELECT * FROM documents WHERE collection = ? AND key = ?', collection, key)
  return row && readDocument(row)
}

export const putDocument = (
  db: Database,
  collection: Collection,
  key: string,
  document: string,
  expected: number,
): boolean =>
  expected === 0
    ? db.run('INSERT OR IGNORE INTO documents VALUES (?, ?, 1, ?)', collection, key, document) === 1
    : db.run(
        'UPDATE documents SET document = ?, version = version + 1 WHERE collection = ? AND key = ? AND version = ?',
        document,
        collection,
        key,
        expected,
      ) === 1

export const removeDocument = (
  db: Database,
  collection: Collection,
  key: string,
  expected: number,
): boolean =>
  db.run(
    'DELETE FROM documents WHERE collection = ? AND key = ? AND version = ?',
    collection,
    key,
    expected,
  ) === 1

export const listDocuments = (
  db: Database,
  collection: Collection,
  after: string,
  limit: number,
): DocumentRow[] =>
  db
    .all(
      'SELECT * FROM documents WHERE collection = ? AND key > ? ORDER BY key LIMIT ?',
      collection,
      after,
      limit,
    )
    .map(readDocument)

const readDocument = (row: Row): DocumentRow => ({
  key: text(row, 'key'),
  version: number(row, 'version'),
  document: text(row, 'document'),
})
