import { readFile, writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { StoreError } from '../../../../storage/port.ts'
import { SCHEMA_VERSION } from '../../../../storage/sqlite/schema.ts'
import { openSqliteStore } from '../../../../storage/sqlite/store.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'
import { message } from '../material.ts'

test('a file of a newer program is refused with both numbers and what to do, and is not touched', async () => {
  using folder = new TemporaryFolder()
  await (await openSqliteStore(folder.path, 1))[Symbol.asyncDispose]()
  const newer = SCHEMA_VERSION + 1
  using db = new DatabaseSync(folder.file('kep.db'))
  db.exec(`PRAGMA user_version = ${newer}`)
  const refusal = await openSqliteStore(folder.path, 1).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(StoreError)
  expect(refusal).toMatchObject({
    code: 'NEWER_SCHEMA',
    message: expect.stringMatching(`schema ${newer}, this program knows ${SCHEMA_VERSION}: start the newer`),
  })
  expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: newer })
})

test('what is no database is refused, not overwritten', async () => {
  using folder = new TemporaryFolder()
  await writeFile(folder.file('kep.db'), 'this is a letter, not a database. '.repeat(100))
  await expect(openSqliteStore(folder.path, 1)).rejects.toBeInstanceOf(StoreError)
  expect((await readFile(folder.file('kep.db'), 'utf8')).startsWith('this is a letter')).toBe(true)
})

test('a file of the first schema is brought up to date with what it holds', async () => {
  using folder = new TemporaryFolder()
  const first = await openSqliteStore(folder.path, 1)
  const box = await first.mailboxes.create('a', 'A', {})
  for (const op of ['1', '2'])
    await first.mailboxes.append(box.id, await message(first, op, { flags: ['\\Deleted'] }))
  await first.mailboxes.expunge(box.id, [1])
  await first[Symbol.asyncDispose]()
  const db = new DatabaseSync(folder.file('kep.db'))
  db.exec(
    `DROP TABLE voided; DROP INDEX work_queue; DROP INDEX work_queue_held; ALTER TABLE work DROP COLUMN queue; DROP TABLE documents;
    CREATE TABLE accounts (address TEXT PRIMARY KEY, version INTEGER NOT NULL, document TEXT NOT NULL) WITHOUT ROWID;
    INSERT INTO accounts VALUES ('x', 7, '{}');
    DROP INDEX work_retried; ALTER TABLE work DROP COLUMN since; DROP INDEX vanished_op; DROP INDEX work_leased; ALTER TABLE vanished DROP COLUMN op_id; PRAGMA user_version = 1`,
  )
  db.close()
  await using store = await openSqliteStore(folder.path, 1)
  expect([...(await store.mailboxes.uids(box.id))]).toEqual([2])
  expect(await store.accounts.get('x')).toEqual({ key: 'x', version: 7, document: '{}' })
  expect((await store.mailboxes.changes(box.id, 0, 9)).vanished).toEqual([1])
  expect(await store.mailboxes.append(box.id, await message(store, '2'))).toMatchObject({
    uid: 2,
    added: false,
  })
})
