import { createHash } from 'node:crypto'
import { SignedPartDigest } from '../evidence/index.ts'
import { MimeIndexer } from '../mail/mime-index.ts'
import type { MimeIndex, MimeLimits } from '../mail/mime-part.ts'
import { WireFactScanner, type WireFacts } from '../mail/wire-facts.ts'
import type { Tap } from '../plugins/api.ts'
import type { BlobStore, StagedBlob } from '../storage/port.ts'

/** Everything that is taken of a message in the one pass in which it streams to the blob store. */
export interface ReceivedMessage {
  readonly staged: StagedBlob
  readonly index: MimeIndex
  readonly wire: WireFacts
  /** Digest of the first part of an outermost multipart/signed, where micalg let us guess the algorithm. */
  readonly signedDigest: ReturnType<SignedPartDigest['end']>
  /** Hex SHA-256 over the octets after the outermost header: joins a client's own copy to ours. */
  readonly bodyDigest: string
}

/**
 * Streams DATA to the blob store; no octet is held longer than it takes to pass it on. Rejects with BLOB_TOO_LARGE
 * beyond `maxBytes`, and then nothing is left behind.
 */
export async function receiveMessage(
  source: AsyncIterable<Uint8Array>,
  options: { blobs: BlobStore; maxBytes: number; limits: MimeLimits; taps: readonly Tap[] },
): Promise<ReceivedMessage> {
  const indexer = new MimeIndexer(options.limits)
  const signed = new SignedPartDigest(indexer)
  const wire = new WireFactScanner()
  const body = new BodyDigest(indexer)
  const writer = options.blobs.create(options.maxBytes)
  try {
    for await (const octets of source) {
      const chunk = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
      indexer.push(chunk)
      signed.push(chunk)
      body.push(chunk)
      wire.push(chunk)
      for (const tap of options.taps) await tap.write(chunk)
      await writer.write(chunk)
    }
    for (const tap of options.taps) await tap.end()
    const staged = await writer.finish()
    const index = indexer.end()
    const [first] = index.root.subtype === 'signed' ? index.root.children : []
    return {
      staged,
      index,
      wire: wire.end(),
      signedDigest: signed.end(first && { start: first.headerStart, end: first.bodyEnd }),
      bodyDigest: body.end(),
    }
  } catch (error) {
    await writer.abort()
    throw error
  }
}

/** Hashes what follows the outermost header. */
class BodyDigest {
  readonly #indexer: MimeIndexer
  readonly #hash = createHash('sha256')
  #seen = 0

  constructor(indexer: MimeIndexer) {
    this.#indexer = indexer
  }

  push(chunk: Buffer): void {
    const start = this.#indexer.bodyStart
    const from = this.#seen
    this.#seen += chunk.length
    if (start === undefined || start >= this.#seen) return
    this.#hash.update(chunk.subarray(Math.max(0, start - from)))
  }

  end(): string {
    return this.#hash.digest('hex')
  }
}
