import { Base64Decoder } from '../../mail/base64-decoder.ts'
import { MimeIndexer } from '../../mail/mime-index.ts'
import type { MimeIndex, MimePart } from '../../mail/mime-part.ts'
import { type ByteRange, scratchFor } from '../../storage/port.ts'
import { OpaqueReader } from '../cms/opaque.ts'
import type { OpenRange, UserSignature } from './user-signature.ts'

/** The entity that a user signed, as MIME: its parts, and octets of it by the offsets of those parts. */
export interface SignedContent {
  readonly root: MimePart
  /** Limits that were met: parts beyond them are not seen. */
  readonly faults: MimeIndex['faults']
  readonly open: (range: ByteRange) => AsyncIterable<Uint8Array>
}

/**
 * Looks into what is signed, whichever form the signature has. An opaque one is taken apart again each time octets are
 * asked for, so that its content is nowhere held. undefined where nothing is signed.
 *
 * @param open reads octets of the message as received, which `index` is about
 */
export async function signedContent(
  index: MimeIndex,
  form: UserSignature['form'],
  open: OpenRange,
): Promise<SignedContent | undefined> {
  const [first] = index.root.children
  if (form === 'detached') return first && { root: first, faults: index.faults, open: (range) => open(range) }
  if (form !== 'opaque') return undefined
  const indexer = new MimeIndexer()
  for await (const piece of enclosed(index.root, open)) indexer.push(piece)
  const { root, faults } = indexer.end()
  return { root, faults, open: (range) => slice(enclosed(index.root, open), range) }
}

/** The octets inside an opaque signature. */
async function* enclosed(part: MimePart, open: OpenRange): AsyncGenerator<Buffer> {
  let content: Buffer[] = []
  const reader = new OpaqueReader((octets) => content.push(Buffer.from(octets)))
  const decoder = part.encoding === 'base64' ? new Base64Decoder() : undefined
  const range = { start: part.bodyStart, end: part.bodyEnd }
  for await (const piece of open(range, scratchFor(range.end - range.start))) {
    reader.write(decoder === undefined ? piece : decoder.push(piece))
    yield* content
    content = []
  }
}

async function* slice(pieces: AsyncIterable<Buffer>, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
  let at = 0
  for await (const piece of pieces) {
    const wanted = piece.subarray(Math.max(0, start - at), Math.max(0, end - at))
    at += piece.length
    if (wanted.length > 0) yield wanted
    if (at >= end) return
  }
}
