import { decodeHTML } from 'entities/decode'

/** Of a tag so much is looked at, which is its name. */
const HEAD = 24
/** The longest reference that has a meaning, `&CounterClockwiseContourIntegral;`, or a number with some zeros. */
const REFERENCE = 40

/** Elements that stand by themselves: what is before and behind them is no word. [HTML §15.3] */
const SEPARATES: ReadonlySet<string> = new Set(
  [
    'address article aside blockquote body br button caption center dd details dialog dir div dl dt fieldset',
    'figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol',
    'optgroup option p pre search section select summary table tbody td textarea tfoot th thead title tr ul xmp',
  ].flatMap((names) => names.split(' ')),
)
/** Elements whose text nobody is shown, and in which no tag begins. [HTML §13.2.5] */
const UNSHOWN: ReadonlySet<string> = new Set(['script', 'style'])

const COMMENT_ENDS = /--!?>/g
const DECLARATION_ENDS = />/g

/** Where more has to come before it can be told what this is. */
const WAITS = -1

/**
 * The text of an HTML document as its readers are shown it, from pieces: without tags, comments, scripts and styles, with
 * references resolved, runs of white space as one space. Whatever comes it holds but a few characters of it. [HTML §13.2.5]
 */
export class HtmlText {
  #rest = ''
  #in: 'text' | 'tag' | 'comment' | 'declaration' | 'unshown' = 'text'
  /** The element that is not shown, from its tag to that which ends it. */
  #unshown = ''
  /** What ends the value of an attribute. */
  #quote = ''
  #isBeforeValue = false
  #endsInSpace = false
  readonly #left: ReadonlySet<string>

  /** @param left elements beside scripts and styles that are left out; of those alone whose text has no tags */
  constructor(left: readonly 'title'[] = []) {
    this.#left = left.length === 0 ? UNSHOWN : new Set([...UNSHOWN, ...left])
  }

  push(piece: string): string {
    return this.#read(piece, false)
  }

  end(): string {
    return this.#read('', true)
  }

  #read(piece: string, isLast: boolean): string {
    const text = this.#rest + piece
    const shown: string[] = []
    let at = 0
    while (at < text.length) {
      if (this.#in === 'text') at = this.#showText(text, at, shown, isLast)
      const next = at < text.length ? this.#step(text, at, shown, isLast) : at
      if (next === WAITS) break
      at = next
    }
    this.#rest = this.#in === 'comment' ? text.slice(at).slice(-3) : text.slice(at)
    return this.#spaced(shown.join(''))
  }

  /** Returns where the next tag begins, or a reference that is cut off. */
  #showText(text: string, from: number, shown: string[], isLast: boolean): number {
    const mark = text.indexOf('<', from)
    let end = mark < 0 ? text.length : mark
    if (mark < 0 && !isLast) {
      const reference = text.lastIndexOf('&')
      const isCut = reference > text.length - REFERENCE && !text.includes(';', reference)
      if (reference >= from && isCut) end = reference
    }
    shown.push(decodeHTML(text.slice(from, end)))
    return end
  }

  /** Returns where it goes on, or WAITS. */
  #step(text: string, at: number, shown: string[], isLast: boolean): number {
    if (this.#in === 'text') return text[at] === '<' ? this.#open(text, at, shown, isLast) : WAITS
    if (this.#in === 'tag') return this.#passTag(text, at)
    if (this.#in === 'unshown') return this.#passUnshown(text, at)
    const isComment = this.#in === 'comment'
    const mark = isComment ? COMMENT_ENDS : DECLARATION_ENDS
    mark.lastIndex = at
    if (!mark.test(text)) return isComment ? WAITS : text.length
    this.#in = 'text'
    return mark.lastIndex
  }

  #open(text: string, at: number, shown: string[], isLast: boolean): number {
    const head = text.slice(at, at + HEAD)
    if (!isLast && head.length < HEAD && !/^<[^>]*[\s>]/.test(head)) return WAITS
    if (/^<(?:[!?]|\/[^a-z])/i.test(head)) {
      const isComment = head.startsWith('<!--')
      this.#in = isComment ? 'comment' : 'declaration'
      // Its dashes may be those that end it.
      return at + 2
    }
    const [all = '<', closes = '', name = ''] = /^<(\/?)([a-z][^\s/>]*)/i.exec(head) ?? []
    if (name === '') shown.push('<')
    else {
      const element = name.toLowerCase()
      if (SEPARATES.has(element)) shown.push(' ')
      this.#in = 'tag'
      this.#unshown = closes === '' && this.#left.has(element) ? element : ''
    }
    return at + all.length
  }

  /** A mark in the value of an attribute ends no tag. */
  #passTag(text: string, from: number): number {
    for (let at = from; at < text.length; at++) {
      const each = text[at]!
      if (this.#quote !== '') {
        const end = text.indexOf(this.#quote, at)
        if (end < 0) return text.length
        at = end
        this.#quote = ''
      } else if (each === '>') {
        this.#isBeforeValue = false
        this.#in = this.#unshown === '' ? 'text' : 'unshown'
        return at + 1
      } else if (this.#isBeforeValue && (each === '"' || each === "'")) {
        this.#quote = each
        this.#isBeforeValue = false
      } else this.#isBeforeValue = each === '=' || (this.#isBeforeValue && each.trim() === '')
    }
    return text.length
  }

  #passUnshown(text: string, from: number): number {
    const length = this.#unshown.length + 2
    for (let at = text.indexOf('<', from); at >= 0; at = text.indexOf('<', at + 1)) {
      if (text.length - at <= length) {
        this.#in = 'unshown'
        return at === from ? WAITS : at
      }
      if (text.slice(at, at + length).toLowerCase() !== `</${this.#unshown}`) continue
      // Another element may begin like it.
      if (!/[\s/>]/.test(text[at + length]!)) continue
      this.#in = 'text'
      return at
    }
    return text.length
  }

  #spaced(text: string): string {
    const spaced = text.replace(/[\u00ad\u200b\u2060]/g, '').replace(/\s+/g, ' ')
    const joined = this.#endsInSpace && spaced.startsWith(' ') ? spaced.slice(1) : spaced
    if (spaced !== '') this.#endsInSpace = spaced.endsWith(' ')
    return joined
  }
}
