import type { Needle, TextFilter } from '../../search-index/text-filter.ts'
import { touchesContent } from '../retrieval-gate.ts'
import type { Session } from '../session.ts'
import { UnknownText } from './documents/pdf-reader.ts'
import type { SearchedMessage } from './searched-message.ts'

/**
 * Whether the decoded text of a message holds the needle, its header and those of its parts too where asked. Of a delivered message that nobody has read
 * nothing is looked at that lies in its content, because a search that finds a word has read it.
 */
export async function textMatches(
  message: SearchedMessage,
  needle: Needle,
  headers: boolean,
): Promise<boolean> {
  const filter = needle.trigrams.length === 0 ? undefined : await message.textFilter()
  if (filter !== undefined && !(await mayMatch(message, filter, needle))) return false
  const index = await message.index()
  if (index === undefined) return false
  let inside: boolean | undefined
  for (const text of message.texts.of(index, message.headerSpan(index))) {
    // Thousands of parts may be passed over.
    await message.session.slice.breathe()
    if (text.kind !== 'body' && !headers) continue
    if (text.kind !== 'own header' && touchesContent(message.row, text.span)) {
      inside ??= await message.mayLookInside()
      if (!inside) continue
    }
    if (await holds(message.session, text.folded(), needle.folded)) return true
  }
  return false
}

/** What the filter says of content decides nothing, not even how long it takes, before somebody has read it. */
async function mayMatch(message: SearchedMessage, filter: TextFilter, needle: Needle): Promise<boolean> {
  if (filter.mayHoldOutside(needle)) return true
  return filter.hasInside && (await message.mayLookInside()) && filter.mayHoldInside(needle)
}

/** Looks for a text that may begin in one piece and end in the next; what cannot be known is not found. */
async function holds(session: Session, pieces: AsyncIterable<string>, folded: string): Promise<boolean> {
  let before = ''
  try {
    for await (const piece of pieces) {
      session.requireClient()
      const text = before + piece
      if (text.includes(folded)) return true
      before = folded.length < 2 ? '' : text.slice(1 - folded.length)
    }
  } catch (error) {
    if (!(error instanceof UnknownText)) throw error
  }
  return false
}
