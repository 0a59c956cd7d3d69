/** The front of SignedData while it is still arriving: definite and indefinite frames, up to the content. */
import { Asn1Error } from '../asn1/error.ts'
import { Reader, readHeader } from '../asn1/reader.ts'
import { contextConstructed } from '../asn1/tag.ts'
import { CmsError } from './failure.ts'

/** Everything before the first content octet: version, digest names, content type. Real ones have under 100 octets. */
export const MAX_HEAD_OCTETS = 4096

/** Where an open constructed element ends: an absolute offset, or at its end-of-contents octets. */
export type End = number | 'indefinite'

/** Walks the head, and says undefined or false where it needs octets that have not come yet. */
export class HeadCursor {
  readonly #head: Uint8Array
  readonly #open: End[]
  at = 0

  constructor(head: Uint8Array, open: End[]) {
    this.#head = head
    this.#open = open
  }

  /** Steps into a constructed element; its end may lie far beyond the head. */
  enter(tag: number): boolean {
    const header = this.#header(tag)
    if (header === undefined) return false
    const end = header.contentLength === undefined ? 'indefinite' : header.contentStart + header.contentLength
    this.#open.push(end)
    this.at = header.contentStart
    return true
  }

  /** A small element that must lie in the head as a whole. */
  whole(tag: number): Reader | undefined {
    const header = this.#header(tag)
    if (header === undefined) return undefined
    const end = header.contentStart + (header.contentLength ?? MAX_HEAD_OCTETS)
    if (header.contentLength === undefined || end > MAX_HEAD_OCTETS)
      throw new CmsError('MALFORMED', 'an unusual head of signed-data')
    if (end > this.#head.length) return undefined
    const reader = new Reader(this.#head, 'ber', this.at, end)
    this.at = end
    return reader
  }

  /** Whether encapContentInfo holds a content; undefined where the next octet has not come. */
  peekContent(): 'some' | 'none' | undefined {
    if (this.#open.at(-1) === this.at) return 'none'
    if (this.at >= this.#head.length) return undefined
    return this.#head[this.at] === contextConstructed(0) ? 'some' : 'none'
  }

  /** undefined: identifier or length octets are not complete yet. */
  #header(tag: number): ReturnType<typeof readHeader> | undefined {
    const found = this.#head[this.at]
    const first = this.#head[this.at + 1]
    if (found === undefined || first === undefined) return undefined
    if (found !== tag)
      throw new Asn1Error('UNEXPECTED_TAG', `0x${found.toString(16)} in the head of signed-data`)
    if (first > 0x80 && this.at + 2 + (first & 0x7f) > this.#head.length && (first & 0x7f) <= 6)
      return undefined
    return readHeader(this.#head, this.at, Infinity, 'ber')
  }
}
