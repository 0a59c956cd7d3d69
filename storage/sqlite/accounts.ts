import type { AccountRow } from '../port.ts'
import { type Database, number, type Row, text } from './database.ts'

export const getAccount = (db: Database, address: string): AccountRow | undefined => {
  const row = db.get('SELECT * FROM accounts WHERE address = ?', address)
  return row && readAccount(row)
}

export const putAccount = (db: Database, address: string, document: string, expected: number): boolean =>
  expected === 0
    ? db.run('INSERT OR IGNORE INTO accounts VALUES (?, 1, ?)', address, document) === 1
    : db.run(
        'UPDATE accounts SET document = ?, version = version + 1 WHERE address = ? AND version = ?',
        document,
        address,
        expected,
      ) === 1

export const listAccounts = (db: Database, after: string, limit: number): AccountRow[] =>
  db.all('SELECT * FROM accounts WHERE address > ? ORDER BY address LIMIT ?', after, limit).map(readAccount)

const readAccount = (row: Row): AccountRow => ({
  address: text(row, 'address'),
  version: number(row, 'version'),
  document: text(row, 'document'),
})
