import type { MimeIndex } from '../../mail/mime-part.ts'
import type { MessageRow } from '../../storage/port.ts'
import { touchesContent } from '../imap/retrieval-gate.ts'
import type { DocumentSource } from '../imap/search/documents/document-text.ts'
import { UnknownText } from '../imap/search/documents/pdf-reader.ts'
import { headerSpan, SearchedTexts } from '../imap/search/texts.ts'
import { TextFilterBuilder } from './text-filter.ts'

/**
 * The filter of a message, from the very texts that a search reads.
 *
 * @param headerOctets of the longest header that is read
 */
export async function filterOf(
  source: DocumentSource,
  { body, delivery }: Pick<MessageRow, 'body' | 'delivery'>,
  index: MimeIndex,
  headerOctets: number,
): Promise<Uint8Array> {
  const filter = new TextFilterBuilder()
  try {
    await addTexts(filter, source, { body, delivery }, index, headerOctets)
  } catch (error) {
    // The next time a search may learn what it holds, and a filter stays.
    if (!(error instanceof UnknownText)) throw error
    filter.giveUp()
  }
  return filter.finish()
}

async function addTexts(
  filter: TextFilterBuilder,
  source: DocumentSource,
  { body, delivery }: Pick<MessageRow, 'body' | 'delivery'>,
  index: MimeIndex,
  headerOctets: number,
): Promise<void> {
  const texts = new SearchedTexts(source, body)
  for (const text of texts.of(index, headerSpan(index, headerOctets))) {
    const isInside = text.kind !== 'own header' && touchesContent({ delivery }, text.span)
    filter.begin()
    for await (const piece of text.folded()) {
      if (!filter.add(piece, isInside ? 'inside' : 'outside')) return
      await source.slice.breathe()
    }
  }
}
