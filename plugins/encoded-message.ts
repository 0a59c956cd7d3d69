import type { SignedContent } from '../evidence/index.ts'
import { MimeIndexer } from '../mail/mime-index.ts'
import type { MimePart } from '../mail/mime-part.ts'
import { octetsWithin } from '../mail/octets-within.ts'
import { transferDecoder } from '../mail/transfer-decoder.ts'

/** No message may stand in these encodings, but some programs write it so, and most read it. [RFC 2046 §5.2.1] */
export const isEncodedMessage = ({ type, subtype, encoding }: MimePart): boolean =>
  type === 'message' &&
  (subtype === 'rfc822' || subtype === 'global') &&
  (encoding === 'base64' || encoding === 'quoted-printable')

/** A message that the index passes over because it is encoded; `irregular`: programs differ in what it is. */
export async function encodedMessage(
  part: MimePart,
  open: SignedContent['open'],
): Promise<SignedContent & { readonly irregular: boolean }> {
  const indexer = new MimeIndexer()
  const decoder = transferDecoder(part.encoding)
  for await (const piece of decoded(part, open, decoder)) indexer.push(piece)
  return {
    ...indexer.end(),
    irregular: decoder.irregular,
    open: (range) => octetsWithin(decoded(part, open), range),
  }
}

async function* decoded(
  { bodyStart, bodyEnd, encoding }: MimePart,
  open: SignedContent['open'],
  decoder = transferDecoder(encoding),
): AsyncGenerator<Buffer> {
  for await (const piece of open({ start: bodyStart, end: bodyEnd })) yield Buffer.from(decoder.push(piece))
}
