import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { openSqliteStore } from '../../../../storage/sqlite/store.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'
import { message, newIntake } from '../material.ts'
import { checkSqlite } from '../stores.ts'

/** File format of SQLite's log: a header of 32 octets, then frames of 24 and a page; the last frame of a commit says so. */
const WAL_HEADER = 32
const FRAME_HEADER = 24

async function commitsIn(folder: TemporaryFolder): Promise<number> {
  const wal = await readFile(folder.file('kep.db-wal'))
  const frame = FRAME_HEADER + wal.readUInt32BE(8)
  const salts = wal.subarray(16, 24)
  let commits = 0
  for (let at = WAL_HEADER; at + frame <= wal.length; at += frame) {
    if (!wal.subarray(at + 8, at + 16).equals(salts)) break // left over from before the log began again
    if (wal.readUInt32BE(at + 4) !== 0) commits++
  }
  return commits
}

test('group commit: sixty-four submissions at once share a few commits; one after another has its own', async () => {
  using folder = new TemporaryFolder()
  await using store = await openSqliteStore(folder.path, 1)
  const intakes = await Promise.all(Array.from({ length: 64 }, (_, i) => newIntake(store, `i${i}`, 1)))
  const before = await commitsIn(folder)
  await Promise.all(intakes.map((intake) => store.accept(intake)))
  const shared = (await commitsIn(folder)) - before
  expect(shared).toBeGreaterThan(0)
  expect(shared).toBeLessThanOrEqual(8)
  for (let i = 0; i < 5; i++) await store.accept(await newIntake(store, `alone${i}`, 1))
  expect((await commitsIn(folder)) - before).toBe(shared + 5)
})

test('a request that fails takes nothing along from the commit that it shares', async () => {
  using folder = new TemporaryFolder()
  await using store = await openSqliteStore(folder.path, 1)
  const box = await store.mailboxes.create('a', 'A', {})
  const messages = await Promise.all(Array.from({ length: 20 }, (_, i) => message(store, `${i}`)))
  const appended = await Promise.allSettled(
    messages.map((one, i) => store.mailboxes.append(i % 4 === 0 ? 'none' : box.id, one)),
  )
  expect(appended.filter(({ status }) => status === 'rejected')).toHaveLength(5)
  expect((await store.mailboxes.head(box.id))?.exists).toBe(15)
})

test('two stores of one folder, four threads: nobody waits for ever, nobody fails, nothing is lost', async () => {
  using folder = new TemporaryFolder()
  {
    await using one = await openSqliteStore(folder.path, 1)
    await using two = await openSqliteStore(folder.path, 1)
    const box = await one.mailboxes.create('a', 'A', {})
    await Promise.all(
      [one, two].map(async (store, side) => {
        for (let i = 0; i < 60; i++) {
          const [own, intake] = [
            await message(store, `${side}/${i}`),
            await newIntake(store, `${side}/${i}`, 1),
          ]
          await Promise.all([
            store.mailboxes.append(box.id, own),
            store.accept(intake),
            store.mailboxes.changes(box.id, 0, 1000),
          ])
        }
      }),
    )
    for (const store of [one, two]) expect((await store.mailboxes.head(box.id))?.exists).toBe(120)
    expect(await one.work.claim(['accepted'], { now: 9, limit: 999, leaseMs: 1 })).toHaveLength(120)
  }
  await checkSqlite(folder.path)
})
