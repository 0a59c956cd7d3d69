import type { MimeIndex, MimePart } from '../../../mail/mime-part.ts'
import type { MessageRow } from '../../../storage/port.ts'
import { HtmlText } from '../html-text.ts'
import { partText } from '../part-text.ts'
import { touchesContent } from '../retrieval-gate.ts'
import type { Session } from '../session.ts'

/** Characters. [RFC 8970 §3.1] */
const MAX_PREVIEW = 200
/** Of the part's text; a page of markup may stand before its first words. */
const LOOKED_AT = 16_384

/**
 * The first words of a message. [RFC 8970 §3] Nothing is retrieved for them: of a delivery that nobody has read they are
 * those of the introduction, afterwards those of the original.
 */
export async function previewOf(
  session: Session,
  row: MessageRow,
  index: MimeIndex | undefined,
): Promise<string> {
  if (index === undefined) return ''
  const parts = [...textParts(index.root)]
  const inContent = (part: MimePart): boolean =>
    touchesContent(row, { start: part.bodyStart, end: part.bodyEnd })
  const wasRead = row.delivery !== undefined && (await session.parts.retrievals.wasRead(row.delivery))
  const shown = parts.filter((part) => inContent(part) === wasRead)
  const part = shown.find(({ subtype }) => subtype === 'plain') ?? shown[0]
  if (part === undefined) return ''
  let text = ''
  for await (const piece of partText(session, row.body, part)) {
    text += piece
    if (text.length >= LOOKED_AT) break
  }
  const words = wordsOf(part.subtype, text.slice(0, LOOKED_AT))
  return Buffer.from([...words].slice(0, MAX_PREVIEW).join('').trimEnd()).toString('latin1')
}

function* textParts(part: MimePart): Generator<MimePart> {
  if (part.type === 'text' && part.children.length === 0) yield part
  for (const child of part.children) yield* textParts(child)
}

function wordsOf(subtype: string, text: string): string {
  const html = new HtmlText(['title'])
  const plain = subtype === 'html' ? html.push(text) + html.end() : text
  return plain.replace(/[\s\p{Cc}]+/gu, ' ').trim()
}
