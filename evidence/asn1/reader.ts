/**
 * A bounded reader of DER and BER. It walks by offset over the caller's octets and copies nothing, so what was
 * signed can be sliced out exactly as it arrived. DER is strict: one way to write each length. BER also takes
 * indefinite lengths, which S/MIME senders that stream their output write. [X.690 §8.1.3] [X.690 §10.1]
 *
 * Failure: Asn1Error, nothing else. Limits: nesting MAX_DEPTH; a length never reaches past its parent.
 */
import { Asn1Error } from './error.ts'
import { CONSTRUCTED } from './tag.ts'

export type Encoding = 'der' | 'ber'

/** Certificates nest 9 deep, a time-stamped CMS with its token 20; 32 leaves room and bounds every descent. */
export const MAX_DEPTH = 32

/** Four length octets say 4 GiB: more than any structure that is held in memory here. */
const MAX_LENGTH_OCTETS = 4

/** One tag, length and value, by offset into the source. */
export class Element {
  readonly source: Uint8Array
  readonly encoding: Encoding
  readonly depth: number
  readonly tag: number
  readonly start: number
  readonly contentStart: number
  readonly contentEnd: number
  readonly end: number

  constructor(
    source: Uint8Array,
    encoding: Encoding,
    depth: number,
    at: { tag: number; start: number; contentStart: number; contentEnd: number; end: number },
  ) {
    this.source = source
    this.encoding = encoding
    this.depth = depth
    this.tag = at.tag
    this.start = at.start
    this.contentStart = at.contentStart
    this.contentEnd = at.contentEnd
    this.end = at.end
  }

  /** The whole element with its header, as it arrived. */
  get octets(): Uint8Array {
    return this.source.subarray(this.start, this.end)
  }

  get content(): Uint8Array {
    return this.source.subarray(this.contentStart, this.contentEnd)
  }

  get constructed(): boolean {
    return (this.tag & CONSTRUCTED) !== 0
  }

  /** Reads the elements inside. Throws TOO_DEEP past MAX_DEPTH, UNEXPECTED_TAG for a primitive. */
  open(): Reader {
    if (!this.constructed) throw new Asn1Error('UNEXPECTED_TAG', `a primitive was opened at ${this.start}`)
    return new Reader(this.source, this.encoding, this.contentStart, this.contentEnd, this.depth + 1)
  }
}

/** Reads sibling elements from left to right. */
export class Reader {
  readonly #source: Uint8Array
  readonly #encoding: Encoding
  readonly #depth: number
  readonly #end: number
  #at: number

  constructor(source: Uint8Array, encoding: Encoding, start = 0, end = source.length, depth = 0) {
    if (depth > MAX_DEPTH) throw new Asn1Error('TOO_DEEP', `nested past ${MAX_DEPTH}`)
    this.#source = source
    this.#encoding = encoding
    this.#depth = depth
    this.#at = start
    this.#end = end
  }

  get done(): boolean {
    return this.#at >= this.#end
  }

  /** The next identifier octet, or undefined at the end. */
  peek(): number | undefined {
    return this.#at < this.#end ? this.#source[this.#at] : undefined
  }

  next(): Element {
    const header = readHeader(this.#source, this.#at, this.#end, this.#encoding)
    const indefinite = header.contentLength === undefined
    const contentEnd = indefinite
      ? endOfContents(this.#source, header.contentStart, this.#end)
      : header.contentStart + (header.contentLength ?? 0)
    const end = indefinite ? contentEnd + 2 : contentEnd
    const at = { tag: header.tag, start: this.#at, contentStart: header.contentStart, contentEnd, end }
    this.#at = end
    return new Element(this.#source, this.#encoding, this.#depth, at)
  }

  /** The next element, which must carry this tag. */
  expect(tag: number): Element {
    const found = this.peek()
    if (found !== tag) {
      const what = found === undefined ? 'the end' : `tag 0x${found.toString(16)}`
      throw new Asn1Error(
        'UNEXPECTED_TAG',
        `0x${tag.toString(16)} was expected at ${this.#at}, ${what} was found`,
      )
    }
    return this.next()
  }

  /** The next element if it carries this tag. */
  optional(tag: number): Element | undefined {
    return this.peek() === tag ? this.next() : undefined
  }

  /** Nothing may follow: octets nobody reads are where a second meaning hides. */
  finish(): void {
    if (!this.done) throw new Asn1Error('TRAILING_OCTETS', `octets follow at ${this.#at}`)
  }

  /** All that are left. Throws TOO_MANY: two octets are enough for an element that takes a hundred in memory. */
  rest(most: number): Element[] {
    const elements: Element[] = []
    while (!this.done) {
      if (elements.length === most)
        throw new Asn1Error('TOO_MANY', `over ${most} elements before ${this.#at}`)
      elements.push(this.next())
    }
    return elements
  }

  *[Symbol.iterator](): Generator<Element> {
    while (!this.done) yield this.next()
  }
}

/** The only element of these octets, with this tag. */
export function readWhole(source: Uint8Array, encoding: Encoding, tag: number): Element {
  const reader = new Reader(source, encoding)
  const element = reader.expect(tag)
  reader.finish()
  return element
}

export interface Header {
  readonly tag: number
  readonly contentStart: number
  /** undefined: indefinite, ended by two zero octets. */
  readonly contentLength: number | undefined
}

/** Reads identifier and length octets at `at`, and proves that a definite content ends by `limit`. */
export function readHeader(source: Uint8Array, at: number, limit: number, encoding: Encoding): Header {
  if (at + 2 > limit) throw new Asn1Error('TRUNCATED', `no header at ${at}`)
  const tag = source[at]!
  // Tag numbers over 30 occur in nothing that is read here; [X.690 §8.1.2.4] is left out on purpose.
  if ((tag & 0x1f) === 0x1f || tag === 0) throw new Asn1Error('BAD_TAG', `tag 0x${tag.toString(16)} at ${at}`)
  const first = source[at + 1]!
  if (first < 0x80) return sized(tag, at + 2, first, limit)
  if (first === 0x80) {
    if (encoding === 'der' || (tag & CONSTRUCTED) === 0)
      throw new Asn1Error('BAD_LENGTH', `an indefinite length at ${at}`)
    return { tag, contentStart: at + 2, contentLength: undefined }
  }
  const octets = first & 0x7f
  if (octets > MAX_LENGTH_OCTETS) throw new Asn1Error('BAD_LENGTH', `${octets} length octets at ${at}`)
  if (at + 2 + octets > limit) throw new Asn1Error('TRUNCATED', `length at ${at}`)
  let length = 0
  for (let i = 0; i < octets; i++) length = length * 256 + source[at + 2 + i]!
  if (encoding === 'der' && (length < 0x80 || source[at + 2] === 0))
    throw new Asn1Error('BAD_LENGTH', `a length that is not the shortest at ${at}`)
  return sized(tag, at + 2 + octets, length, limit)
}

function sized(tag: number, contentStart: number, contentLength: number, limit: number): Header {
  if (contentStart + contentLength > limit)
    throw new Asn1Error('TRUNCATED', `a content of ${contentLength} octets at ${contentStart}`)
  return { tag, contentStart, contentLength }
}

/** Finds the two zero octets that close an indefinite content; definite elements inside are stepped over. */
function endOfContents(source: Uint8Array, from: number, limit: number): number {
  let at = from
  let open = 1
  for (;;) {
    if (at + 2 > limit) throw new Asn1Error('TRUNCATED', 'an indefinite length without its end')
    if (source[at] === 0 && source[at + 1] === 0) {
      open--
      if (open === 0) return at
      at += 2
      continue
    }
    const header = readHeader(source, at, limit, 'ber')
    if (header.contentLength === undefined) {
      open++
      if (open > MAX_DEPTH) throw new Asn1Error('TOO_DEEP', `nested past ${MAX_DEPTH}`)
      at = header.contentStart
    } else at = header.contentStart + header.contentLength
  }
}
