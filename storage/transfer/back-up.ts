import { randomUUID } from 'node:crypto'
import type { StoreKeys } from '../encryption/store-key.ts'
import { type Store, StoreError } from '../port.ts'
import { SWEEP_LEASE, SWEEP_LEASE_MS } from '../port-copy.ts'
import type { Manifest } from './manifest.ts'
import { type Source, storeSource, type TransferProgress } from './source.ts'
import { writeBackup } from './write-backup.ts'

export interface BackUpOptions {
  readonly keys: StoreKeys | undefined
  /** ms. */
  readonly now: () => number
  readonly progress?: TransferProgress
}

/** A backup of a store in use: nothing is swept meanwhile. UNAVAILABLE where something is being swept, or copied, just now. */
export async function backUp(
  store: Pick<Store, 'copy' | 'blobs' | 'chain'>,
  folder: string,
  { keys, now, progress }: BackUpOptions,
): Promise<Manifest> {
  const owner = randomUUID()
  const lease = (ms: number) => store.chain.lease(SWEEP_LEASE, owner, now(), ms)
  if ((await lease(SWEEP_LEASE_MS)) === undefined)
    throw new StoreError(
      'UNAVAILABLE',
      'old octets are being swept, or another backup is being made: try again soon',
    )
  let isLost = false
  const renew = async () => {
    if ((await lease(SWEEP_LEASE_MS)) === undefined) isLost = true
  }
  const renewal = setInterval(() => void renew().catch(() => {}), SWEEP_LEASE_MS / 4)
  const whole = storeSource(store)
  const source: Source = {
    open: (ref) => whole.open(ref),
    records: async function* () {
      for await (const record of whole.records()) {
        if (isLost) throw lost()
        yield record
      }
      await renew()
      if (isLost) throw lost()
    },
  }
  try {
    return await writeBackup(source, folder, { keys, now: now(), ...(progress && { progress }) })
  } finally {
    clearInterval(renewal)
    await lease(0)
  }
}

const lost = () =>
  new StoreError(
    'UNAVAILABLE',
    'old octets were swept while the backup was made, so it is not whole: the store did not answer for a minute; make it again',
  )

/** For operators: where it is, and what is in it. */
export const backUpOf =
  (store: Store, keys: StoreKeys | undefined, now: () => number) =>
  async (folder: string, progress: (state: { done: number; of: undefined }) => void) => {
    const { madeAt, counts, bodies, sealed } = await backUp(store, folder, {
      keys,
      now,
      progress: ({ records }) => progress({ done: records, of: undefined }),
    })
    return { folder, madeAt, counts, octets: bodies.size, ...(sealed && { sealedUnder: sealed.under }) }
  }
