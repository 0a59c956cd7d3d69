import type { MimePart } from '../../mail/mime-part.ts'
import { isTransferEncoding } from '../../mail/transfer-decoder.ts'
import type { MessageRow } from '../../storage/port.ts'
import { decodedPieces } from './octet-pieces.ts'
import type { Session } from './session.ts'

/** The characters of a text part in pieces; none where its encoding is unknown. */
export async function* partText(session: Session, row: MessageRow, part: MimePart): AsyncGenerator<string> {
  if (!isTransferEncoding(part.encoding)) return
  const characters = textDecoder(part.params.get('charset') ?? 'utf-8')
  const span = { start: part.bodyStart, end: part.bodyEnd }
  for await (const piece of decodedPieces(session, row.body, span, part.encoding))
    yield characters.decode(piece, { stream: true })
  yield characters.decode()
}

/** An unknown charset is read as UTF-8 rather than not at all. */
function textDecoder(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset)
  } catch {
    return new TextDecoder('utf-8')
  }
}
