import type { MimePart } from '../../mail/mime-part.ts'
import { isTransferEncoding, transferDecoder } from '../../mail/transfer-decoder.ts'
import type { BlobRef } from '../../storage/port.ts'
import { decodedPieces, type OctetSource } from './octet-pieces.ts'

/** The characters of a text part in pieces; none where its encoding is unknown. */
export async function* partText(source: OctetSource, body: BlobRef, part: MimePart): AsyncGenerator<string> {
  if (!isTransferEncoding(part.encoding)) return
  const characters = new TextDecoder(charsetOf(part))
  const span = { start: part.bodyStart, end: part.bodyEnd }
  for await (const piece of decodedPieces(source, body, span, part.encoding))
    yield characters.decode(piece, { stream: true })
  yield characters.decode()
}

/** The same of a body that lies here as a whole. */
export function partTextIn(octets: Buffer, part: MimePart): string | undefined {
  if (!isTransferEncoding(part.encoding)) return undefined
  const span = octets.subarray(part.bodyStart, part.bodyEnd)
  return decoderOf(charsetOf(part)).decode(transferDecoder(part.encoding).push(span))
}

/** Each costs more to make than a short text to decode; there are some two hundred names of charsets, in each case of letters. */
const MOST_DECODERS = 500
const decoders = new Map<string, TextDecoder>()

function decoderOf(charset: string): TextDecoder {
  const known = decoders.get(charset)
  if (known !== undefined) return known
  const decoder = new TextDecoder(charset)
  if (decoders.size < MOST_DECODERS) decoders.set(charset, decoder)
  return decoder
}

/** An unknown charset is read as UTF-8 rather than not at all. */
function charsetOf(part: MimePart): string {
  const charset = part.params.get('charset') ?? 'utf-8'
  if (decoders.has(charset)) return charset
  try {
    return new TextDecoder(charset).encoding
  } catch {
    return 'utf-8'
  }
}
