import { decodeHeaderText } from '../../../mail/encoded-word.ts'
import { fileNamesOf } from '../../../mail/file-name.ts'
import { FoldedPieces } from '../../../mail/folded-pieces.ts'
import type { MimeIndex, MimePart } from '../../../mail/mime-part.ts'
import { turkishCasemap } from '../../../mail/turkish-fold.ts'
import type { BlobRef } from '../../../storage/port.ts'
import { HtmlText } from '../html-text.ts'
import { PIECE, piecesOf } from '../octet-pieces.ts'
import { partText, partTextIn } from '../part-text.ts'
import type { Span } from '../retrieval-gate.ts'
import { type DocumentSource, documentText, isDocument } from './documents/document-text.ts'
import { newBudget } from './documents/pdf-text.ts'

/** Characters of documents of one message that are kept while it is looked at: a thousand pages. */
const MAX_KEPT = 2_097_152

/** One of the texts of a message. */
export interface SearchedText {
  readonly span: Span
  /** The fields of a part are searched by TEXT and not by BODY; those of a message within the message are its text. [RFC 9051 §6.4.4] */
  readonly kind: 'own header' | 'part header' | 'body'
  /** Folded, in pieces. */
  folded(): AsyncIterable<string>
}

/**
 * All that TEXT looks at, folded: the header, those of parts with the names of their files, those of nested messages, text parts,
 * HTML as it is written and as it is shown, the text of documents. [RFC 9051 §6.4.4] Whoever searches and whoever makes filters read the same, cut at the same places.
 */
export class SearchedTexts {
  readonly #source: DocumentSource
  readonly #body: BlobRef
  readonly #budget = newBudget()
  /** Folded. */
  readonly #documents = new Map<MimePart, readonly string[]>()
  #kept = 0
  #whole: Buffer | undefined

  constructor(source: DocumentSource, body: BlobRef) {
    this.#source = source
    this.#body = body
  }

  /** @param ownHeader a header has a bound even where its message has none */
  *of({ root }: MimeIndex, ownHeader: Span): Generator<SearchedText> {
    yield { span: ownHeader, kind: 'own header', folded: () => this.#header(ownHeader) }
    const pending: MimePart[] = [root]
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      pending.push(...part.children.toReversed())
      const leaf = part
      const header = { start: leaf.headerStart, end: leaf.bodyStart }
      if (leaf !== root) {
        const kind = leaf.envelope === undefined ? 'part header' : 'body'
        yield { span: header, kind, folded: () => this.#header(header) }
      }
      const names = fileNamesOf(leaf)
      if (names.length > 0)
        yield {
          span: header,
          kind: leaf === root ? 'own header' : 'part header',
          folded: () => foldedPieces([names.join('\n')]),
        }
      const span = { start: leaf.bodyStart, end: leaf.bodyEnd }
      const readings: (() => AsyncGenerator<string>)[] = []
      if (leaf.type === 'text' && leaf.children.length === 0) {
        readings.push(() => this.#part(leaf))
        if (leaf.subtype === 'html') readings.push(() => foldedPieces(this.#shown(leaf)))
      } else if (isDocument(leaf)) readings.push(() => this.#document(leaf))
      for (const folded of readings) yield { span, kind: 'body', folded }
    }
  }

  /** A document that was read to its end is not read again for the next words; all of them together have one budget. */
  async *#document(part: MimePart): AsyncGenerator<string> {
    const known = this.#documents.get(part)
    if (known !== undefined) {
      yield* known
      return
    }
    const pieces: string[] = []
    let size = 0
    for await (const piece of foldedPieces(documentText(this.#source, this.#body, part, this.#budget))) {
      size += piece.length
      if (this.#kept + size <= MAX_KEPT) pieces.push(piece)
      yield piece
    }
    if (this.#kept + size > MAX_KEPT) return
    this.#documents.set(part, pieces)
    this.#kept += size
  }

  async *#header(span: Span): AsyncGenerator<string> {
    if (this.#isSmall) {
      const octets = (await this.#octets()).subarray(span.start, span.end)
      if (octets.length > 0) yield turkishCasemap(headerText(octets))
      return
    }
    const folded = new FoldedPieces()
    for await (const piece of piecesOf(this.#source, this.#body, span)) yield folded.push(headerText(piece))
    yield folded.end()
  }

  async *#part(part: MimePart): AsyncGenerator<string> {
    if (this.#isSmall) {
      const text = partTextIn(await this.#octets(), part)
      if (text !== undefined) yield turkishCasemap(text)
      return
    }
    yield* foldedPieces(partText(this.#source, this.#body, part))
  }

  /** What readers of an HTML part see. */
  async *#shown(part: MimePart): AsyncGenerator<string> {
    const html = new HtmlText()
    if (this.#isSmall) yield html.push(partTextIn(await this.#octets(), part) ?? '')
    else for await (const piece of partText(this.#source, this.#body, part)) yield html.push(piece)
    yield html.end()
  }

  /** Read once, whatever of it is looked at. */
  get #isSmall(): boolean {
    return this.#body.size <= PIECE
  }

  async #octets(): Promise<Buffer> {
    if (this.#whole !== undefined) return this.#whole
    const { buffer, byteOffset, byteLength } = await this.#source.parts.store.blobs.read(this.#body)
    this.#whole = Buffer.from(buffer, byteOffset, byteLength)
    return this.#whole
  }
}

async function* foldedPieces(pieces: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  const folded = new FoldedPieces()
  for await (const piece of pieces) yield folded.push(piece)
  yield folded.end()
}

/** A header has a bound even where its message has none. */
export const headerSpan = ({ root }: MimeIndex, most: number): Span => ({
  start: root.headerStart,
  end: Math.min(root.bodyStart, root.headerStart + most),
})

const headerText = (octets: Buffer): string =>
  decodeHeaderText(octets.toString('latin1').replace(/\r?\n(?=[ \t])/g, ''))
