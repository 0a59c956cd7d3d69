import { randomBytes } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { environment } from '../../../config/environment.ts'
import { checkSqlite } from '../../../scripts/soak/power-loss/check-sums.ts'
import { StoreKeys } from '../../../storage/encryption/store-key.ts'
import type { BlobRef, Store } from '../../../storage/port.ts'
import { openSqliteStore, type SqliteSettings } from '../../../storage/sqlite/store.ts'
import { Disk } from '../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../fakes/memory-store.ts'
import { TemporaryFolder } from '../../fakes/temporary-folder.ts'
import { openAt, openOnFake, openOnJavaServer } from './mongodb-under-test.ts'

export { checkSqlite }

/**
 * A store under test: opened fresh, closed and opened again as a restart would, and removed. Its end is a test of its
 * own: what it leaves behind must add up.
 */
export interface StoreUnderTest extends AsyncDisposable {
  store: Store
  reopen(): Promise<Store>
  /** As a disk would: to what `to` makes of the octets, or to nothing. */
  damage(ref: BlobRef, to?: (octets: Uint8Array) => Uint8Array): Promise<void>
}

const KEYS = new StoreKeys([randomBytes(32)])

/** Another server is a run of its own: `npm run test:interop` takes the contract to it. */
export const stores: readonly { name: string; open(): Promise<StoreUnderTest> }[] =
  environment.contractServer === 'mongo-java-server'
    ? [{ name: 'mongo-java-server', open: openOnJavaServer }]
    : ownStores()

function ownStores(): readonly { name: string; open(): Promise<StoreUnderTest> }[] {
  return [
    { name: 'SQLite', open: () => openSqlite(() => ({})) },
    {
      name: 'SQLite, sealed and with a second copy',
      open: () => openSqlite((folder) => ({ keys: KEYS, replica: folder.file('copy') })),
    },
    { name: 'memory', open: openMemory },
    { name: 'MongoDB', open: openOnFake },
    ...atUri(environment.mongodb),
  ]
}

/** A real replica set, where one is given. */
function atUri(uri: string | undefined) {
  return uri === undefined ? [] : [{ name: 'MongoDB at MONGODB_URI', open: openAt(uri) }]
}

const FIRST_START = Date.UTC(2026, 0, 1)
const SECOND_START = Date.UTC(2026, 0, 2)

async function openSqlite(settingsIn: (folder: TemporaryFolder) => SqliteSettings): Promise<StoreUnderTest> {
  const folder = new TemporaryFolder()
  const settings = settingsIn(folder)
  let isDamaged = false
  const under: StoreUnderTest = {
    store: await openSqliteStore(folder.path, FIRST_START, settings),
    reopen: async () => {
      await under.store[Symbol.asyncDispose]()
      under.store = await openSqliteStore(folder.path, SECOND_START, settings)
      return under.store
    },
    damage: async (ref, to) => {
      isDamaged = true
      using db = new DatabaseSync(folder.file('kep.db'))
      const row = db.prepare('SELECT bytes, file FROM blobs WHERE hash = ?').get(ref.hash)
      const before = row?.['bytes']
      if (before instanceof Uint8Array) {
        if (to === undefined) db.prepare('DELETE FROM blobs WHERE hash = ?').run(ref.hash)
        else db.prepare('UPDATE blobs SET bytes = ? WHERE hash = ?').run(to(before), ref.hash)
        return
      }
      const name = String(row?.['file'])
      const path = folder.file('blobs', name.slice(0, 2), name.slice(2, 4), name)
      if (to === undefined) await rm(path)
      else await writeFile(path, to(await readFile(path)))
    },
    [Symbol.asyncDispose]: async () => {
      await under.store[Symbol.asyncDispose]()
      try {
        await checkSqlite(folder.path)
        if (settings.replica !== undefined && !isDamaged) await checkCopy(folder.path, settings.replica)
      } finally {
        folder[Symbol.dispose]()
      }
    },
  }
  return under
}

/** Rows that are there in one database are there in the other, and so are the files that they name. */
async function checkCopy(folder: string, copy: string): Promise<void> {
  await checkSqlite(copy)
  using db = new DatabaseSync(join(folder, 'kep.db'))
  db.exec(`ATTACH '${join(copy, 'kep.db')}' AS copy`)
  const tables = db.prepare(`SELECT name FROM main.sqlite_schema WHERE type = 'table'`).all()
  for (const table of tables.map(({ name }) => String(name))) {
    // Each copy wraps keys and seals indexes by itself.
    const isSealed = table === 'indexes' || table === 'text_filters'
    const columns = table === 'kept' ? 'hash, keeper' : isSealed ? 'mailbox, uid' : '*'
    for (const [one, other] of ['main copy', 'copy main'].map((pair) => pair.split(' ')))
      if (
        db
          .prepare(`SELECT ${columns} FROM ${one}.${table} EXCEPT SELECT ${columns} FROM ${other}.${table}`)
          .get()
      )
        throw new Error(`the two copies differ in ${table}`)
  }
  for (const { file } of db.prepare('SELECT file FROM blobs WHERE file IS NOT NULL').all()) {
    const name = String(file)
    const path = join('blobs', name.slice(0, 2), name.slice(2, 4), name)
    const [one, other] = [folder, copy].map((root) => readFile(join(root, path)).catch(() => undefined))
    const [first, second] = [await one, await other]
    if (first === undefined || second === undefined || !first.equals(second))
      throw new Error(`the two copies of ${name} differ`)
  }
}

async function openMemory(): Promise<StoreUnderTest> {
  const disk = new Disk()
  const under: StoreUnderTest = {
    store: await openMemoryStore(disk),
    reopen: async () => {
      await under.store[Symbol.asyncDispose]()
      under.store = await openMemoryStore(disk)
      return under.store
    },
    damage: async (ref, to) => {
      const octets = disk.blobs.get(ref.hash)
      if (to === undefined || octets === undefined) disk.blobs.delete(ref.hash)
      else disk.blobs.set(ref.hash, to(octets))
    },
    [Symbol.asyncDispose]: async () => {
      await under.store[Symbol.asyncDispose]()
      checkMemory(disk)
    },
  }
  return under
}

/** As {@link checkSqlite}, and that nothing is left half done. */
export function checkMemory(disk: Disk): void {
  const faults: string[] = []
  for (const intake of disk.intakes.values())
    if (intake.first !== undefined) faults.push(`intake ${intake.id} waits for its first work`)
  for (const { id, pend, leaving, gone, ...head } of disk.boxes.values()) {
    if (pend !== undefined || leaving !== undefined || gone) faults.push(`mailbox ${id} is half changed`)
    const rows = [...disk.messages.values()].filter(({ mailbox }) => mailbox === id).map(({ now }) => now)
    const there = rows.filter((row) => !row.gone)
    const sums = [
      there.length,
      there.filter((row) => !row.flags.includes('\\Seen')).length,
      there.filter((row) => row.flags.includes('\\Deleted')).length,
      there.reduce((sum, row) => sum + row.size, 0),
    ]
    if (String(sums) !== String([head.exists, head.unseen, head.deleted, head.bytes]))
      faults.push(`mailbox ${id} has ${sums} and counts otherwise`)
    if (rows.some((row) => row.uid >= head.uidNext || row.modseq > head.modseq))
      faults.push(`mailbox ${id} holds what lies beyond its head`)
  }
  for (const { mailbox } of disk.messages.values())
    if (!disk.boxes.has(mailbox)) faults.push(`a message of the mailbox ${mailbox}, which is not there`)
  if (faults.length > 0) throw new Error(faults.join('; '))
}
