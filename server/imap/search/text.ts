import { decodeHeaderText } from '../../../mail/encoded-word.ts'
import type { MimeIndex, MimePart } from '../../../mail/mime-part.ts'
import { turkishCasemap } from '../../../mail/turkish-fold.ts'
import { piecesOf } from '../octet-pieces.ts'
import { partText } from '../part-text.ts'
import { type Span, touchesContent } from '../retrieval-gate.ts'
import type { SearchedMessage } from './searched-message.ts'

/**
 * Whether the decoded text of a message holds `folded`. [RFC 9051 §6.4.4] Looks at the header (where asked), at the
 * headers of nested messages and at text parts; of a delivered message that nobody has read, at nothing that lies in
 * its content, because a search that finds a word has read it.
 */
export async function textMatches(
  message: SearchedMessage,
  folded: string,
  headers: boolean,
): Promise<boolean> {
  const index = await message.index()
  if (index === undefined) return false
  if (headers && (await matches(headerText(message, message.headerSpan(index)), folded))) return true
  const inside = await message.mayLookInside()
  for (const { span, text } of texts(message, index)) {
    if (!inside && touchesContent(message.row, span)) continue
    if (await matches(text(), folded)) return true
  }
  return false
}

function* texts(
  message: SearchedMessage,
  index: MimeIndex,
): Generator<{ span: Span; text: () => AsyncIterable<string> }> {
  const pending: MimePart[] = [index.root]
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    pending.push(...part.children.toReversed())
    if (part.envelope !== undefined && part !== index.root) {
      const span = { start: part.headerStart, end: part.bodyStart }
      yield { span, text: () => headerText(message, span) }
    }
    const leaf = part
    if (leaf.type === 'text' && leaf.children.length === 0)
      yield {
        span: { start: leaf.bodyStart, end: leaf.bodyEnd },
        text: () => partText(message.session, message.row, leaf),
      }
  }
}

async function* headerText({ session, row }: SearchedMessage, span: Span): AsyncGenerator<string> {
  for await (const piece of piecesOf(session, row.body, span))
    yield decodeHeaderText(piece.toString('latin1').replace(/\r?\n(?=[ \t])/g, ''))
}

/** Looks for a text that may begin in one piece and end in the next. */
async function matches(pieces: AsyncIterable<string>, folded: string): Promise<boolean> {
  // Folding may drop a character of two, so more is kept than the text is long.
  const keep = folded.length * 4 + 16
  let before = ''
  for await (const piece of pieces) {
    const window = before + piece
    if (turkishCasemap(window).includes(folded)) return true
    before = window.slice(-keep)
  }
  return false
}
