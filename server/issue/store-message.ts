import { MimeIndexer } from '../../mail/mime-index.ts'
import { defaultMimeLimits, type MimeIndex } from '../../mail/mime-part.ts'
import type { StagedBlob, Store } from '../../storage/port.ts'

/**
 * Around a message that met the limits of submission stand our own header, twice, and our parts: what we compose is
 * always indexed whole.
 */
export const ENVELOPE_LIMITS = {
  parts: 2 * defaultMimeLimits.parts,
  depth: defaultMimeLimits.depth + 16,
  headerOctets: 16 * 1_048_576,
}

/** Streams a message that is being composed into the blob store and indexes it on the way; nothing stays where it fails. */
export async function storeMessage(
  store: Store,
  octets: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<{ staged: StagedBlob; index: MimeIndex }> {
  const indexer = new MimeIndexer(ENVELOPE_LIMITS)
  const writer = store.blobs.create(maxBytes)
  try {
    for await (const piece of octets) {
      indexer.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))
      await writer.write(piece)
    }
    return { staged: await writer.finish(), index: indexer.end() }
  } catch (error) {
    await writer.abort()
    throw error
  }
}
