import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '../../../storage/port.ts'
import { openSqliteStore } from '../../../storage/sqlite/store.ts'

/** A store under test: opened fresh, closed and opened again as a restart would, and removed. */
export interface StoreUnderTest {
  store: Store
  reopen(): Promise<Store>
  [Symbol.asyncDispose](): Promise<void>
}

export const stores: readonly { name: string; open(): Promise<StoreUnderTest> }[] = [
  { name: 'SQLite', open: openSqlite },
]

async function openSqlite(): Promise<StoreUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'openkep-store-'))
  const under: StoreUnderTest = {
    store: await openSqliteStore(folder, Date.UTC(2026, 0, 1)),
    reopen: async () => {
      await under.store[Symbol.asyncDispose]()
      under.store = await openSqliteStore(folder, Date.UTC(2026, 0, 2))
      return under.store
    },
    [Symbol.asyncDispose]: async () => {
      await under.store[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return under
}
