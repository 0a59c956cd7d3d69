import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { type BlobRef, StoreError } from '../../../../storage/port.ts'
import { MIGRATIONS, SCHEMA_VERSION } from '../../../../storage/sqlite/schema.ts'
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

/** A store as the program of that schema left it: a mailbox of two messages of which one has gone, an account, work in hand. */
async function storeOfSchema(
  version: number,
  folder: TemporaryFolder,
): Promise<{ body: BlobRef; dispatch: BlobRef }> {
  const [octets, octetsOfDispatch] = [Buffer.alloc(100_000, 1), Buffer.alloc(200_000, 2)]
  const [body, dispatch] = [octets, octetsOfDispatch].map((of) => ({
    hash: createHash('sha256').update(of).digest('hex'),
    size: of.length,
    of,
  }))
  if (body === undefined || dispatch === undefined) throw new Error('unreachable: there are two')
  for (const { hash, of } of [body, dispatch]) {
    const path = folder.file('blobs', hash.slice(0, 2), hash.slice(2, 4))
    await mkdir(path, { recursive: true })
    await writeFile(join(path, hash), of)
  }
  using db = new DatabaseSync(folder.file('kep.db'))
  for (const step of MIGRATIONS.slice(0, version)) db.exec(step)
  const insert = (table: string, row: Record<string, string | number>) =>
    db
      .prepare(`INSERT INTO ${table} (${Object.keys(row)}) VALUES (${Object.keys(row).map(() => '?')})`)
      .run(...Object.values(row))
  insert('counters', { name: 'uid_validity', value: 1 })
  insert('mailboxes', {
    account: 'a',
    name: 'A',
    fixed: 0,
    uid_validity: 1,
    uid_next: 3,
    modseq: 4,
    total: 1,
    unseen: 1,
    bytes: 100_000,
  })
  const message = { mailbox: 1, uid: 2, modseq: 3, flags: 0, keywords: '', size: 100_000, date: 5, saved: 6 }
  insert('messages', { ...message, body: body.hash, body_size: 100_000, origin: 'client', op_id: '2' })
  insert('indexes', { mailbox: 1, uid: 2, bytes: 'index' })
  db.exec('UPDATE indexes SET bytes = CAST(bytes AS BLOB)')
  insert('vanished', { mailbox: 1, modseq: 4, uid: 1, ...(version >= 2 && { op_id: '1' }) })
  if (version < 6) db.exec("INSERT INTO blobs (hash, bytes) VALUES ('inline', x'6162')")
  else {
    db.exec("INSERT INTO blobs (hash, size, bytes) VALUES ('inline', 2, x'6162')")
    for (const { hash, size } of [body, dispatch]) insert('blobs', { hash, size, file: hash })
    insert('kept', { hash: 'inline', keeper: 'archive' })
    insert('kept', { hash: body.hash, keeper: 'mailbox/1' })
    for (const { hash } of [body, dispatch]) insert('kept', { hash, keeper: 'intake/i' })
  }
  const intake = { body: body.hash, body_size: 100_000, envelope: 'inline', envelope_size: 2 }
  insert('intakes', { id: 'i', at: 1, ...intake })
  const payload = JSON.stringify({ dispatch: { hash: dispatch.hash, size: 200_000 } })
  insert('work', {
    intake: 'i',
    recipient: 0,
    slot: 'fanout',
    kind: 'fanout',
    due: 7,
    payload,
    ...(version >= 3 && { since: 7 }),
  })
  const account = { version: 7, document: '{}' }
  if (version < 4) insert('accounts', { address: 'x', ...account })
  else insert('documents', { collection: 'account', key: 'x', ...account })
  db.exec(`PRAGMA user_version = ${version}`)
  return { body, dispatch }
}

test.each(MIGRATIONS.slice(1).map((_, i) => i + 1))(
  'a store of schema %i is brought up to date with what it holds',
  async (version) => {
    using folder = new TemporaryFolder()
    const { body, dispatch } = await storeOfSchema(version, folder)
    await using store = await openSqliteStore(folder.path, 1)
    expect([...(await store.mailboxes.uids('1'))]).toEqual([2])
    expect(await store.mailboxes.index('1', 2)).toEqual(new Uint8Array(Buffer.from('index')))
    expect((await store.mailboxes.changes('1', 0, 9)).vanished).toEqual([1])
    expect(await store.mailboxes.withoutTextFilter('1', 0, 9)).toEqual({ uids: [2], next: undefined })
    expect(await store.mailboxes.append('1', await message(store, '2'))).toMatchObject({
      uid: 2,
      added: false,
    })
    expect(await store.accounts.get('x')).toEqual({ key: 'x', version: 7, document: '{}' })
    expect(await store.work.get('i', 0, 'fanout')).toMatchObject({ due: 7, since: 7, state: 'pending' })
    // What was there is kept by those who need it, and by nobody else: a sweep takes nothing.
    await store.blobs.sweep(100)
    for (const ref of [body, dispatch]) expect((await store.blobs.read(ref)).length).toBe(ref.size)
    expect(
      Buffer.from(await store.blobs.read({ hash: 'inline', size: 2 }, { start: 0, end: 1 })).toString(),
    ).toBe('a')
    await store.blobs.release('mailbox/1')
    expect((await store.blobs.read(body)).length).toBe(100_000)
    await store.blobs.release('intake/i')
    await expect(store.blobs.read(body)).rejects.toMatchObject({ code: 'NO_SUCH_BLOB' })
    await expect(store.blobs.read(dispatch)).rejects.toMatchObject({ code: 'NO_SUCH_BLOB' })
  },
)
