/** Of a tag so much is looked at: its name, and of a cell its attributes as programs write them. */
const HEAD = 100
/** The longest reference that has a meaning here, `&#x10FFFF;`, with some zeros. */
const REFERENCE = 16

/** Between what these hold words do not go on; runs and spans of letters are joined. [ECMA-376-1 §17.3, ODF 1.3-3 §5–6] */
const SEPARATES: ReadonlySet<string> = new Set(
  ['p', 'h', 'br', 'cr', 'tab', 'ptab', 's', 'line-break', 'si', 'c', 'v', 'row', 'title', 'creator'].concat([
    'subject',
    'keywords',
    'description',
    'comment',
    'note',
    'table-cell',
    'instrText',
    'Konu',
  ]),
)
const NAMED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['apos', "'"],
  ['gt', '>'],
  ['lt', '<'],
  ['quot', '"'],
])

/**
 * The characters between the tags of an XML document that comes in pieces. It checks nothing and knows no declared entity, so
 * nothing grows in it; what it holds of a piece has a bound. [XML 1.0 §2.4, §4.1]
 */
export class XmlText {
  #rest = ''
  /** What ends that which is passed over. */
  #until = ''
  #isIndex = false
  #isLiteral = false

  push(piece: string): string {
    return this.#read(piece, false)
  }

  end(): string {
    return this.#read('', true)
  }

  #read(piece: string, isLast: boolean): string {
    const text = this.#rest + piece
    const found: string[] = []
    let at = 0
    while (at < text.length) {
      if (this.#until !== '') {
        const end = text.indexOf(this.#until, at)
        const kept = end < 0 ? Math.max(at, text.length - this.#until.length + 1) : end
        if (this.#isLiteral) found.push(text.slice(at, kept))
        at = kept
        if (end < 0) break
        at += this.#until.length
        this.#until = ''
        this.#isLiteral = false
        continue
      }
      const mark = nextMark(text, at)
      this.#take(found, text.slice(at, mark))
      at = mark
      if (at === text.length) break
      const isTag = text[at] === '<'
      const head = text.slice(at, at + (isTag ? HEAD : REFERENCE))
      const end = head.indexOf(isTag ? '>' : ';')
      if (end < 0 && text.length - at < (isTag ? HEAD : REFERENCE) && !isLast) break
      if (isTag) at += this.#open(found, head)
      else if (end < 0) {
        this.#take(found, '&')
        at++
      } else {
        this.#take(found, characterOf(head.slice(1, end)) ?? '&')
        at += characterOf(head.slice(1, end)) === undefined ? 1 : end + 1
      }
    }
    this.#rest = text.slice(at)
    return found.join('')
  }

  /** Returns how many characters of the tag are done. */
  #open(found: string[], head: string): number {
    if (head.startsWith('<!--')) return this.#pass('-->', 4)
    if (head.startsWith('<?')) return this.#pass('?>', 2)
    if (head.startsWith('<![CDATA[')) {
      this.#isLiteral = !this.#isIndex
      return this.#pass(']]>', 9)
    }
    const [, closes, name = ''] = /^<(\/?)(?:[^\s/>:]*:)?([^\s/>:]*)/.exec(head) ?? []
    if (SEPARATES.has(name)) found.push('\n')
    // A cell of a sheet that only says which shared text it shows. [ECMA-376-1 §18.3.1.4]
    if (name === 'c') this.#isIndex = closes === '' && /^[^>]*\st="s"/.test(head)
    return this.#pass('>', 1)
  }

  #pass(until: string, done: number): number {
    this.#until = until
    return done
  }

  /** Line ends between tags are how a file is written, no text. */
  #take(found: string[], text: string): void {
    if (this.#isIndex || text === '' || (/[\r\n]/.test(text) && text.trim() === '')) return
    found.push(text)
  }
}

function nextMark(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 0x3c || unit === 0x26) return at
  }
  return text.length
}

function characterOf(reference: string): string | undefined {
  if (!reference.startsWith('#')) return NAMED.get(reference)
  const digits = reference.slice(1)
  const isHex = digits.startsWith('x')
  if (!(isHex ? /^x[0-9a-fA-F]+$/ : /^[0-9]+$/).test(digits)) return undefined
  const point = Number.parseInt(isHex ? digits.slice(1) : digits, isHex ? 16 : 10)
  return point <= 0x10ffff ? String.fromCodePoint(point) : undefined
}
