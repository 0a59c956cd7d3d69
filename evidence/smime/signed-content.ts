import { MimeIndexer } from '../../mail/mime-index.ts'
import type { MimeIndex, MimePart } from '../../mail/mime-part.ts'
import { octetsWithin } from '../../mail/octets-within.ts'
import { transferDecoder } from '../../mail/transfer-decoder.ts'
import { type ByteRange, scratchFor } from '../../storage/port.ts'
import { type OpaqueFrame, OpaqueReader } from '../cms/opaque.ts'
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
  return form === 'opaque' ? (await opaqueContent(index.root, open)).content : undefined
}

/**
 * Looks into one part that is CMS, wherever it stands. Octets that cannot be read to their end, or that programs undo to
 * different ones, are `broken`; content that came before that is there all the same.
 */
export async function opaqueContent(
  part: MimePart,
  open: OpenRange,
): Promise<{ frame: OpaqueFrame; content: SignedContent | undefined }> {
  const indexer = new MimeIndexer()
  const seen: { frame: OpaqueFrame } = { frame: 'broken' }
  for await (const piece of enclosed(part, open, seen)) indexer.push(piece)
  const { root, size, faults } = indexer.end()
  const slices = (range: ByteRange) => octetsWithin(enclosed(part, open, { frame: 'broken' }), range)
  return { ...seen, content: size === 0 ? undefined : { root, faults, open: slices } }
}

/** Octets of a part without its encoding in which a ContentInfo tells its type: its head has under 30. */
const HEAD = 64

/** Whether a part that does not say so begins as CMS does. [RFC 5652 §3] */
export async function beginsAsCms(part: MimePart, open: OpenRange): Promise<boolean> {
  const reader = new OpaqueReader(() => {})
  const decoder = transferDecoder(part.encoding)
  let read = 0
  for await (const piece of open({ start: part.bodyStart, end: part.bodyEnd })) {
    const octets = decoder.push(piece).subarray(0, HEAD - read)
    reader.write(octets)
    read += octets.length
    if (read === HEAD) break
  }
  return CMS_TYPE.test(reader.infoType ?? '')
}

/** The arcs of PKCS#7 and of S/MIME's content types. */
const CMS_TYPE = /^1\.2\.840\.113549\.1\.(?:7|9\.16\.1)\.\d+$/

/** The octets inside an opaque signature; `seen` is what it is, when they are at their end. */
async function* enclosed(
  part: MimePart,
  open: OpenRange,
  seen: { frame: OpaqueFrame },
): AsyncGenerator<Buffer> {
  let content: Buffer[] = []
  const reader = new OpaqueReader((octets) => content.push(Buffer.from(octets)))
  const decoder = transferDecoder(part.encoding)
  const range = { start: part.bodyStart, end: part.bodyEnd }
  for await (const piece of open(range, scratchFor(range.end - range.start))) {
    reader.write(decoder.push(piece))
    yield* content
    content = []
  }
  seen.frame = decoder.irregular ? 'broken' : reader.endOfFrame()
}
