import { describe, expect, test } from 'vitest'
import { documentText, isDocument } from '../../../../server/imap/search/documents/document-text.ts'
import { frame, framesOf, MAX_FRAME } from '../../../../server/imap/search/documents/frames.ts'
import { GivenUp } from '../../../../server/imap/search/documents/given-up.ts'
import { attachedDocument } from '../../../fakes/attached-document.ts'
import { mappedFont, packedPdf, pagesOf, pdf, pdfOf, simpleFont } from '../../../fakes/pdf.ts'

const TURKISH = 'İhale şartnamesi ÇĞIİÖŞÜ çğıiöşü'

async function textOf(octets: Buffer, type = 'application/pdf', name?: string): Promise<string> {
  const { part, source, body } = attachedDocument(octets, type, name)
  return (await Array.fromAsync(documentText(source, body, part))).join('').trim()
}

describe('ISO 32000-1 §9.10: the text of a PDF', () => {
  const mapped = mappedFont(TURKISH)
  const onPage = (operators: string) => pdf(pagesOf([operators]))
  const cases: [string, Buffer, string][] = [
    ['letters by the names of their glyphs', pdfOf(TURKISH), TURKISH],
    ['letters by a ToUnicode map', pdf(pagesOf([mapped.show(TURKISH)], mapped)), TURKISH],
    ['§7.5.7: compressed object streams', packedPdf(pagesOf([mapped.show(TURKISH)], mapped)), TURKISH],
    ['pages, each by itself', pdfOf('birinci', 'ikinci'), 'birinci\nikinci'],
    ['letters that are moved', onPage('[(ke) -10 (li) 20 (me)] TJ'), 'kelime'],
    ['a line that ends', onPage('(ihale) Tj 0 -14 Td (sartnamesi) Tj'), 'ihale sartnamesi'],
    ['title and author', pdf(pagesOf(['()Tj']), '/Info<</Title(Teklif)/Author(Birim)>>'), 'Teklif\nBirim'],
    ['a page that is broken between two', brokenPage(), 'once\nsonra'],
    ['a field of a form', formWith('yazilan'), 'yazilan'],
    ['§7.6: encrypted with a password', encrypted(), ''],
  ]
  test.each(cases)('%s', async (_, octets, expected) => {
    expect(await textOf(octets)).toBe(expected)
  })

  test.each([
    ['application/x-pdf', undefined],
    ['application/octet-stream', 'Teklif.PDF'],
  ])('%s, %s', async (type, name) => {
    expect(await textOf(pdfOf('metin'), type, name)).toBe('metin')
  })

  test('an image that is called so is none', () => {
    expect(isDocument(attachedDocument(Buffer.of(), 'image/png', 'a.pdf').part)).toBe(false)
  })
})

function brokenPage(): Buffer {
  const objects = pagesOf(['once', 'x', 'sonra'].map((text) => simpleFont.show(text)))
  objects[4] = '<</Type/Page/Parent 2 0 R/Contents 999 0 R/Resources 7>>'
  return pdf(objects)
}

function formWith(value: string): Buffer {
  const [catalog, pages, page = '', ...rest] = pagesOf(['()Tj'])
  const at = rest.length + 4
  return pdf([
    String(catalog).replace('>>', `/AcroForm<</Fields[${at} 0 R]>>>>`),
    pages ?? '',
    String(page).replace('/Contents', `/Annots[${at} 0 R]/Contents`),
    ...rest,
    `<</Type/Annot/Subtype/Widget/FT/Tx/T(alan)/V(${value})/Rect[0 0 100 20]/P 3 0 R>>`,
  ])
}

function encrypted(): Buffer {
  const keys = `/O<${'11'.repeat(32)}>/U<${'22'.repeat(32)}>`
  return pdf(
    pagesOf(['(gizli)Tj']),
    `/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -44${keys}>>/ID[<aa><aa>]`,
  )
}

describe('frames', () => {
  const cut = async function* (octets: Buffer, size: number) {
    for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size)
  }
  const read = async (octets: Buffer, size: number) =>
    (await Array.fromAsync(framesOf(cut(octets, size)))).map(({ kind, content }) => [
      kind,
      content.toString(),
    ])

  test.each([1, 2, 5, 7, 1_000])('cut every %i octets', async (size) => {
    const octets = Buffer.concat([frame(1, Buffer.from('bir')), frame(2), frame(3, Buffer.from('iki'))])
    expect(await read(octets, size)).toEqual([
      [1, 'bir'],
      [2, ''],
      [3, 'iki'],
    ])
  })

  test('one that is longer than any may be, and one that is cut short, end it', async () => {
    const long = frame(1)
    long.writeUInt32BE(MAX_FRAME + 1)
    expect(await read(Buffer.concat([frame(1), long, frame(1)]), 10)).toEqual([[1, '']])
    expect(await read(frame(1, Buffer.from('bir')).subarray(0, 6), 10)).toEqual([])
  })
})

test('of documents that were given up the latest thousand are known, and how far they were read', () => {
  const givenUp = new GivenUp()
  for (let number = 0; number <= 1_000; number++) givenUp.add(`${number}`, number)
  expect([givenUp.textsOf('0'), givenUp.textsOf('1'), givenUp.textsOf('1000')]).toEqual([undefined, 1, 1_000])
})
