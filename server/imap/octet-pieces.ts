import { transferDecoder } from '../../mail/transfer-decoder.ts'
import type { BlobRef, BlobStore } from '../../storage/port.ts'
import type { Span } from './retrieval-gate.ts'
import type { Slice } from './slice.ts'

/** Where octets are read: a session, or who reads for none. */
export interface OctetSource {
  readonly parts: { readonly store: { readonly blobs: Pick<BlobStore, 'open' | 'read'> } }
  readonly slice: Slice
}

/**
 * Work on one piece stays far below a slice of time. Of a store's larger pieces some forty MiB lie about before the
 * collector looks (measured), of these a tenth.
 */
export const PIECE = 65_536

/** Octets of a body in small pieces, with room for others in between. */
export async function* piecesOf(source: OctetSource, body: BlobRef, span: Span): AsyncGenerator<Buffer> {
  if (span.start >= span.end) return
  const scratch = Buffer.allocUnsafeSlow(Math.min(PIECE, span.end - span.start))
  for await (const { buffer, byteOffset, byteLength } of source.parts.store.blobs.open(body, span, scratch)) {
    const octets = Buffer.from(buffer, byteOffset, byteLength)
    // A socket holds it still when the next one is read.
    yield buffer === scratch.buffer ? Buffer.from(octets) : octets
    await source.slice.breathe()
  }
}

/** The same, decoded. What a decoder answers is gone with its next piece, and ours may wait for a slow client: so it is copied. */
export async function* decodedPieces(
  source: OctetSource,
  body: BlobRef,
  span: Span,
  encoding: string,
): AsyncGenerator<Buffer> {
  const decoder = transferDecoder(encoding)
  for await (const piece of piecesOf(source, body, span)) yield Buffer.from(decoder.push(piece))
}
