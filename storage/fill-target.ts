import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from './make-folder.ts'
import {
  fillingBeside,
  mongodbUri,
  openStoreIn,
  STORE_FOLDER,
  type StorageSettings,
  storeKeysOf,
} from './open-store.ts'
import { type Store, StoreError } from './port.ts'
import { holdsNothing } from './sqlite/holds-nothing.ts'

/** A store that is filled with a copy, and that nobody else opens before it was filled to the end. */
export interface FillTarget extends AsyncDisposable {
  readonly store: Store
  /**
   * All of it is there, and in its place; it is closed then. What was not finished is thrown away by whoever fills it next.
   *
   * @returns where the store that was there before has gone
   */
  finish(): Promise<string | undefined>
}

export interface FillTargetOptions {
  /** ms. */
  readonly now: number
  /** For operators who find it half full: what it is filled with. */
  readonly what: string
  /** Told where it takes so long until it is sure that an earlier filler died. */
  readonly onWait?: (ms: number) => void
  /** Puts aside what a data folder holds. */
  readonly replaces?: boolean
}

/** Rejects with NOT_EMPTY; where processes share it, with IN_USE or BEING_FILLED. */
export async function openFillTarget(
  folder: string,
  settings: StorageSettings,
  options: FillTargetOptions,
): Promise<FillTarget> {
  const uri = await mongodbUri(settings)
  return uri === undefined ? beside(folder, settings, options) : inPlace(uri, settings, options)
}

/** Another folder, renamed when it is full; its second copy is made at the next start. */
async function beside(
  folder: string,
  settings: StorageSettings,
  { now, replaces = false }: FillTargetOptions,
): Promise<FillTarget> {
  const place = join(folder, STORE_FOLDER)
  const fresh = fillingBeside(place)
  const alone = { ...settings, replica: 'none' }
  const isThere = existsSync(place)
  if (isThere && !replaces && !holdsNothing(place))
    throw new StoreError('NOT_EMPTY', `${place} holds mail already`)
  await rm(fresh, { recursive: true, force: true })
  const { store } = await openStoreIn(fresh, alone, now)
  const held = new AsyncDisposableStack()
  // What failed is of no use to anybody, and would be read as the sign of a crash.
  held.defer(() => rm(fresh, { recursive: true, force: true }))
  held.use(store)
  return {
    store,
    finish: async () => {
      held.move()
      await store[Symbol.asyncDispose]()
      const before = isThere
        ? `${place}.before-${new Date(now).toISOString().replaceAll(':', '')}`
        : undefined
      if (before !== undefined) await rename(place, before)
      await rename(fresh, place)
      await syncFolder(folder)
      return before
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

async function inPlace(
  uri: string,
  settings: StorageSettings,
  { now, what, onWait }: FillTargetOptions,
): Promise<FillTarget> {
  const keys = await storeKeysOf(settings)
  const { openMongoStoreToFill } = await import('./mongodb/store.ts')
  const { store, finish } = await openMongoStoreToFill({ uri, now, what, onWait, ...(keys && { keys }) })
  return {
    store,
    finish: async () => {
      await finish()
      await store[Symbol.asyncDispose]()
      return undefined
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}
