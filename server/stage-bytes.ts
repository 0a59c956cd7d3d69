import type { StagedBlob, Store } from '../storage/port.ts'

/** A blob of octets that are at hand. */
export async function stageBytes(store: Pick<Store, 'blobs'>, octets: Uint8Array): Promise<StagedBlob> {
  const writer = store.blobs.create(octets.length)
  await writer.write(octets)
  return writer.finish()
}
