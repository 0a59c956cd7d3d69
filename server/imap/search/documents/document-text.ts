import { fileNamesOf } from '../../../../mail/file-name.ts'
import type { MimePart } from '../../../../mail/mime-part.ts'
import { isTransferEncoding } from '../../../../mail/transfer-decoder.ts'
import { checkSizes, readEntry } from '../../../../mail/zip-content.ts'
import {
  readZipDirectory,
  type StoredOctets,
  type ZipEntry,
  ZipError,
} from '../../../../mail/zip-directory.ts'
import type { BlobRef } from '../../../../storage/port.ts'
import type { Events } from '../../../ops/events.ts'
import { decodedPieces, type OctetSource, PIECE } from '../../octet-pieces.ts'
import type { Budget } from './pdf-reader.ts'
import { newBudget, PdfText } from './pdf-text.ts'
import { Turn } from './turn.ts'
import { XmlText } from './xml-text.ts'

/** Octets of a part as it was sent; a package lies in memory while it is read, a PDF in that of its process, one at a time. */
export const MAX_DOCUMENT = 33_554_432
/** Octets of one XML file in it, whose text is held: some four thousand pages. */
export const MAX_XML = 16_777_216
/** Octets of all XML files that are read of one document, half a second of inflating. */
export const MAX_XML_IN_ALL = 67_108_864

/** Word, Excel, PowerPoint, OpenDocument, e-Yazisma. */
const PACKAGE_TYPES =
  /^vnd\.(?:openxmlformats-officedocument|oasis\.opendocument|ms-(?:word|excel|powerpoint)\.\w+\.macroenabled)\b/
const PACKAGE_NAMES = /\.(?:doc[xm]|xls[xm]|ppt[xm]|dot[xm]|od[tsp]|eyp)$/i
const PDF_TYPES = /^(?:x-)?pdf$/
const PDF_NAMES = /\.pdf$/i

/** The files of a package that hold what its readers see. [ECMA-376-1 §11–13, ODF 1.3-2 §3] */
const SHOWN = [
  /^word\/(?:document|footnotes|endnotes|comments|header\d*|footer\d*)\.xml$/i,
  /^xl\/(?:sharedStrings|comments\d*|worksheets\/[^/]+)\.xml$/i,
  /^ppt\/(?:slides|notesSlides)\/[^/]+\.xml$/i,
  /^docProps\/core\.xml$/i,
  /^(?:content|styles|meta)\.xml$/i,
  /^(?:Nihai)?Ustveri\/[^/]+\.xml$/i,
]

/** Where documents are read: a session, or who makes filters. */
export interface DocumentSource extends OctetSource {
  readonly parts: OctetSource['parts'] & { readonly events: Pick<Events, 'pdfUnread'> }
  /** Throws where nobody waits for it any more. */
  requireClient?(): void
}

const reading = new Turn()
const pdf = new PdfText()
const never = new AbortController().signal

/** What a part is by its type or, since many programs know no type, its name; undefined where no text is looked for in it. */
function kindOf(part: MimePart): 'package' | 'pdf' | undefined {
  if (part.type !== 'application') return undefined
  if (PACKAGE_TYPES.test(part.subtype)) return 'package'
  if (PDF_TYPES.test(part.subtype)) return 'pdf'
  const names = fileNamesOf(part)
  if (names.some((name) => PACKAGE_NAMES.test(name))) return 'package'
  return names.some((name) => PDF_NAMES.test(name)) ? 'pdf' : undefined
}

/** Whether a part is a document whose text is looked for. */
export const isDocument = (part: MimePart): boolean => kindOf(part) !== undefined

/**
 * The text of a document in pieces; of one that is broken or beyond the bounds that which could be read before.
 *
 * @param budget of all documents of a message
 * @throws UnknownText where it is not known what would have been found
 */
export async function* documentText(
  source: DocumentSource,
  body: BlobRef,
  part: MimePart,
  budget: Budget = newBudget(),
): AsyncGenerator<string> {
  const { bodyStart: start, bodyEnd: end, encoding } = part
  if (!isTransferEncoding(encoding) || end - start > MAX_DOCUMENT) return
  const done = await reading.take()
  try {
    // Who waited long may have left.
    source.requireClient?.()
    const pieces = decodedPieces(source, body, { start, end }, encoding)
    if (kindOf(part) === 'pdf') yield* pdf.of(pieces, `${body.hash} ${start}`, budget, source)
    else yield* textOfPackage(source, Buffer.concat(await Array.fromAsync(pieces)))
  } catch (error) {
    if (!(error instanceof ZipError)) throw error
  } finally {
    done()
  }
}

async function* textOfPackage({ slice }: OctetSource, octets: Buffer): AsyncGenerator<string> {
  const file: StoredOctets = {
    size: octets.length,
    async *open({ start, end }) {
      for (let at = start; at < end; at += PIECE) {
        yield octets.subarray(at, Math.min(at + PIECE, end))
        await slice.breathe()
      }
    },
  }
  const shown = (await readZipDirectory(file)).filter(({ name }) => SHOWN.some((each) => each.test(name)))
  checkSizes(shown)
  let size = 0
  for (const entry of shown) {
    size += entry.size
    if (size > MAX_XML_IN_ALL) return
    if (entry.size <= MAX_XML) yield* textOfEntry(file, entry)
    await slice.breathe()
  }
}

async function* textOfEntry(file: StoredOctets, entry: ZipEntry): AsyncGenerator<string> {
  const characters = new TextDecoder()
  const xml = new XmlText()
  const pieces: string[] = []
  await readEntry(file, entry, never, (piece) => {
    pieces.push(xml.push(characters.decode(piece, { stream: true })))
  })
  yield* pieces
  yield xml.push(characters.decode())
  yield `${xml.end()}\n`
}
