import { getDocument, type PDFDocumentProxy, type PDFPageProxy } from 'unpdf/pdfjs'

/** UTF-16 units of the text of a page, far more than fits on one. */
const MAX_PAGE = 1_048_576
/** Of all pages: some four thousand of them, as of other documents. */
const MAX_TEXT = 16_777_216

/** Nothing is fetched, drawn or run; a font whose letters only a file beside it would tell has none. */
const SETTINGS = {
  verbosity: 0,
  disableAutoFetch: true,
  disableFontFace: true,
  disableStream: true,
  enableXfa: false,
  isOffscreenCanvasSupported: false,
  useSystemFonts: false,
  useWasm: false,
  useWorkerFetch: false,
}

/**
 * What a reader of a PDF sees, page by page: its title, text, what is written in the fields of forms. Where a line ends a space
 * stands, since it says nothing of the text. Ends where the document cannot be read further. [ISO 32000-1 §9.10]
 */
export async function* textsOfPdf(data: Uint8Array): AsyncGenerator<string, void> {
  const loading = getDocument({ ...SETTINGS, data })
  try {
    const document = await loading.promise
    yield await readOr(() => titlesOf(document))
    let size = 0
    for (let number = 1; number <= document.numPages && size < MAX_TEXT; number++) {
      const text = await readOr(async () => textOfPage(await document.getPage(number)))
      size += text.length
      yield text
    }
  } catch {
    // Broken, or encrypted with a password.
  } finally {
    await loading.destroy()
  }
}

/** A page that is broken hides no other. */
async function readOr(read: () => Promise<string>): Promise<string> {
  try {
    return await read()
  } catch {
    return ''
  }
}

async function titlesOf(document: PDFDocumentProxy): Promise<string> {
  const { info } = await document.getMetadata()
  const values = new Map(Object.entries(info))
  return linesOf(['Title', 'Subject', 'Author', 'Keywords'].map((name) => values.get(name)))
}

async function textOfPage(page: PDFPageProxy): Promise<string> {
  const pieces: string[] = []
  let size = 0
  const reader = page.streamTextContent().getReader()
  for (let read = await reader.read(); !read.done && size < MAX_PAGE; read = await reader.read())
    for (const item of read.value.items) {
      if (!('str' in item)) continue
      pieces.push(item.str, item.hasEOL ? ' ' : '')
      size += item.str.length
    }
  const filled = (await page.getAnnotations()).map(({ fieldValue }) => fieldValue)
  page.cleanup()
  const text = pieces.join('').replace(/\s+/g, ' ')
  return linesOf([text, ...filled])
}

const linesOf = (values: readonly unknown[]): string =>
  values
    .flat()
    .filter((value) => typeof value === 'string' && value !== '')
    .map((value) => `${value}\n`)
    .join('')
    .slice(0, MAX_PAGE)
