import { deflateSync } from 'node:zlib'

/** An object that has a stream. */
export class PdfStream {
  readonly entries: string
  readonly content: Buffer

  constructor(content: Buffer | string, entries = '') {
    this.entries = entries
    this.content = Buffer.from(content)
  }

  static deflated(content: Buffer | string, entries = ''): PdfStream {
    return new PdfStream(deflateSync(content), `/Filter/FlateDecode${entries}`)
  }
}

export type PdfObject = string | PdfStream

const HEAD = Buffer.from('%PDF-1.7\n')
const written = (object: PdfObject): Buffer =>
  typeof object === 'string'
    ? Buffer.from(object, 'latin1')
    : Buffer.concat([
        Buffer.from(`<<${object.entries}/Length ${object.content.length}>>stream\n`, 'latin1'),
        object.content,
        Buffer.from('\nendstream'),
      ])

/** A PDF of these objects, numbered from 1; the first is its catalog. [ISO 32000-1 §7.5.4] */
export function pdf(objects: readonly PdfObject[], trailer = ''): Buffer {
  const pieces = [HEAD]
  const offsets: number[] = []
  let at = HEAD.length
  for (const [index, object] of objects.entries()) {
    const octets = Buffer.concat([
      Buffer.from(`${index + 1} 0 obj\n`),
      written(object),
      Buffer.from('\nendobj\n'),
    ])
    offsets.push(at)
    pieces.push(octets)
    at += octets.length
  }
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  const size = objects.length + 1
  pieces.push(
    Buffer.from(
      `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<</Size ${size}/Root 1 0 R${trailer}>>\nstartxref\n${at}\n%%EOF\n`,
    ),
  )
  return Buffer.concat(pieces)
}

/** The same with all that may be in a compressed object stream, found by a cross-reference stream. [ISO 32000-1 §7.5.7–8] */
export function packedPdf(objects: readonly PdfObject[]): Buffer {
  const holder = objects.length + 1
  const pieces = [HEAD]
  let at = HEAD.length
  const entries: Buffer[] = [Buffer.from([0, 0, 0, 0, 0, 0, 0])]
  const add = (number: number, object: PdfStream) => {
    const octets = Buffer.concat([
      Buffer.from(`${number} 0 obj\n`),
      written(object),
      Buffer.from('\nendobj\n'),
    ])
    pieces.push(octets)
    at += octets.length
    return at - octets.length
  }
  const entry = (type: number, first: number, second: number) => {
    const octets = Buffer.from([type, 0, 0, 0, 0, 0, second])
    octets.writeUInt32BE(first, 1)
    entries.push(octets)
  }
  const inside: { number: number; text: string }[] = []
  for (const [index, object] of objects.entries())
    if (typeof object === 'string') {
      entry(2, holder, inside.length)
      inside.push({ number: index + 1, text: object })
    } else entry(1, add(index + 1, object), 0)
  let offset = 0
  const numbers = inside.map(({ number, text }) => {
    const begin = offset
    offset += text.length + 1
    return `${number} ${begin}`
  })
  const first = `${numbers.join(' ')} `
  const body = first + inside.map(({ text }) => `${text} `).join('')
  const packed = PdfStream.deflated(body, `/Type/ObjStm/N ${inside.length}/First ${first.length}`)
  entry(1, add(holder, packed), 0)
  const start = at
  entry(1, start, 0)
  const table = `/Type/XRef/W[1 4 2]/Size ${holder + 2}/Root 1 0 R`
  add(holder + 1, PdfStream.deflated(Buffer.concat(entries), table))
  return Buffer.concat([...pieces, Buffer.from(`startxref\n${start}\n%%EOF\n`)])
}

/** How the letters of a font are told: its objects, from a number on, and a text written with it. */
export interface PdfFont {
  objects(from: number): PdfObject[]
  show(text: string): string
}

/** One octet a letter, those of Turkish by the names of their glyphs. [ISO 32000-1 §9.6.6] */
export const simpleFont: PdfFont = {
  objects: () => [
    '<</Type/Font/Subtype/TrueType/BaseFont/Arial/Encoding<</BaseEncoding/WinAnsiEncoding/Differences[128/Gbreve/gbreve/Idotaccent/dotlessi/Scedilla/scedilla]>>>>',
  ],
  show: (text) =>
    `<${[...text]
      .map((letter) => {
        const special = 'ĞğİıŞş'.indexOf(letter)
        return (special < 0 ? letter.charCodeAt(0) : 128 + special).toString(16).padStart(2, '0')
      })
      .join('')}>Tj`,
}

/** Two octets a glyph, whose letters a map tells, as office programs write it. [ISO 32000-1 §9.10.3] */
export const mappedFont = (letters: string): PdfFont => {
  const hex = (number: number) => number.toString(16).padStart(4, '0')
  const known = [...new Set(letters)]
  const lines = known.map((letter, index) => `<${hex(index + 1)}> <${hex(letter.charCodeAt(0))}>`)
  const map = `/CIDInit /ProcSet findresource begin begincmap\n1 begincodespacerange <0000> <ffff> endcodespacerange\n${lines.length} beginbfchar\n${lines.join('\n')}\nendbfchar endcmap end`
  return {
    objects: (from) => [
      `<</Type/Font/Subtype/Type0/BaseFont/Ozel/Encoding/Identity-H/DescendantFonts[${from + 1} 0 R]/ToUnicode ${from + 3} 0 R>>`,
      `<</Type/Font/Subtype/CIDFontType2/BaseFont/Ozel/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/DW 500/FontDescriptor ${from + 2} 0 R>>`,
      '<</Type/FontDescriptor/FontName/Ozel/Flags 4/FontBBox[0 0 1000 1000]/ItalicAngle 0/Ascent 800/Descent -200/CapHeight 700/StemV 80>>',
      PdfStream.deflated(map),
    ],
    show: (text) => `<${[...text].map((letter) => hex(known.indexOf(letter) + 1)).join('')}>Tj`,
  }
}

/** The objects of a document with a page for each of these, which are the operators of its text. */
export function pagesOf(contents: readonly string[], font = simpleFont): PdfObject[] {
  const number = (index: number) => 3 + index * 2
  const fontAt = 3 + contents.length * 2
  const pages = contents.flatMap((content, index): PdfObject[] => [
    `<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents ${number(index) + 1} 0 R/Resources<</Font<</F ${fontAt} 0 R>>>>>>`,
    PdfStream.deflated(`BT /F 12 Tf 72 720 Td ${content} ET`),
  ])
  const kids = contents.map((_, index) => `${number(index)} 0 R`).join(' ')
  return [
    '<</Type/Catalog/Pages 2 0 R>>',
    `<</Type/Pages/Kids[${kids}]/Count ${contents.length}>>`,
    ...pages,
    ...font.objects(fontAt),
  ]
}

/** A PDF with these texts, each on a page. */
export const pdfOf = (...texts: readonly string[]): Buffer =>
  pdf(pagesOf(texts.map((text) => simpleFont.show(text))))
