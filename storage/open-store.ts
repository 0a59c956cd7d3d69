import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type KeySource, readStoreKeys } from './encryption/read-keys.ts'
import type { StoreKeys } from './encryption/store-key.ts'
import { type Store, StoreError } from './port.ts'
import { openSqliteStore } from './sqlite/store.ts'

/** As the configuration has it. */
export interface StorageSettings {
  readonly mongodb?: string | undefined
  readonly mongodbFile?: string | undefined
  readonly replica?: string | undefined
  readonly keys: readonly KeySource[]
  readonly checkAtStart: 'always' | 'small' | 'never'
}

export interface OpenedStore {
  readonly store: Store
  /** For backups, which are sealed as the store is. */
  readonly keys: StoreKeys | undefined
  /** Whether other processes may have it open too; then nothing that they do is known here but through it. */
  readonly shared: boolean
}

/**
 * The store of these settings: MongoDB where an address is given, else SQLite under the data folder.
 *
 * @param folder the data folder
 */
export const openStore = (
  folder: string,
  settings: StorageSettings,
  now: number,
  onFault?: (error: unknown) => void,
): Promise<OpenedStore> => openStoreIn(join(folder, STORE_FOLDER), settings, now, onFault)

/**
 * @param place where SQLite keeps it, where it does
 * @param onFault hears of what fails where nobody waits for an answer
 */
export async function openStoreIn(
  place: string,
  settings: StorageSettings,
  now: number,
  onFault?: (error: unknown) => void,
): Promise<OpenedStore> {
  const keys = await storeKeysOf(settings)
  const uri = await mongodbUri(settings)
  if (uri !== undefined) {
    // The driver is loaded where it is needed alone: it takes as long as the rest of a start.
    const { openMongoStore } = await import('./mongodb/store.ts')
    const store = await openMongoStore({ uri, now, ...(keys && { keys }), ...(onFault && { onFault }) })
    return { store, keys, shared: true }
  }
  refuseHalfFilled(place)
  const replica = settings.replica === 'none' ? undefined : settings.replica
  const { checkAtStart } = settings
  const store = await openSqliteStore(place, now, { keys, replica, checkAtStart })
  return { store, keys, shared: false }
}

export const storeKeysOf = ({ keys }: StorageSettings): Promise<StoreKeys | undefined> => readStoreKeys(keys)

/** Of the embedded store, in the data folder. */
export const STORE_FOLDER = 'store'

/** Where what is to be at `place` is made whole before. */
export const fillingBeside = (place: string): string => `${place}.filling`

/** A copy that never came to its place must not be passed over by a new, empty store. */
function refuseHalfFilled(place: string): void {
  const filling = fillingBeside(place)
  if (existsSync(place) || !existsSync(filling)) return
  throw new StoreError(
    'BEING_FILLED',
    `${place} is not there, but ${filling}: a restoration or a migration did not come to its end. Repeat that command; to give up, remove ${filling}, and put ${place}.before-<time> back in its place where there is one`,
  )
}

/** Undefined where the store is the embedded one. */
export async function mongodbUri({ mongodb, mongodbFile }: StorageSettings): Promise<string | undefined> {
  if (mongodbFile === undefined) return mongodb
  try {
    return (await readFile(mongodbFile, 'utf8')).trim()
  } catch (cause) {
    throw new StoreError(
      'UNAVAILABLE',
      `${mongodbFile}, which holds the address of MongoDB, cannot be read`,
      { cause },
    )
  }
}
