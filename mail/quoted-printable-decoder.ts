/**
 * Decodes quoted-printable that arrives in pieces. [RFC 2045 §6.7] White space before a line's end is the transport's
 * and falls away; an escape that is none comes through as it is written. The answer to push() is one buffer, used again
 * by the next push().
 */
export class QuotedPrintableDecoder {
  #decoded: Buffer = Buffer.alloc(0)
  #length = 0
  // What is read and still means one thing or another: `=`, and behind it white space or one octet; or white space alone.
  #equals = false
  #first: number | undefined
  readonly #spaces = Buffer.alloc(MAX_SPACES)
  #spaceCount = 0
  #irregular = false

  /** Programs differ in what this says: an escape that is none, or white space at the end of a line. */
  get irregular(): boolean {
    return this.#irregular || this.#equals || this.#spaceCount > 0
  }

  push(chunk: Uint8Array): Buffer {
    const most = chunk.length + MAX_SPACES + 2
    if (this.#decoded.length < most) this.#decoded = Buffer.allocUnsafeSlow(most)
    this.#length = 0
    for (const octet of chunk) this.#take(octet)
    return this.#decoded.subarray(0, this.#length)
  }

  #take(octet: number): void {
    if (this.#first !== undefined) this.#endEscape(this.#first, octet)
    else if (octet === SPACE || octet === TAB) this.#hold(octet)
    else if (octet === CR || octet === LF) this.#endLine(octet)
    else if (this.#equals && this.#spaceCount === 0) this.#first = octet
    else {
      this.#release()
      if (octet === EQUALS) this.#equals = true
      else this.#give(octet)
    }
  }

  #endEscape(first: number, second: number): void {
    this.#first = undefined
    this.#equals = false
    if (first === CR && second === LF) return // the line goes on
    const [high = NONE, low = NONE] = [DIGITS[first], DIGITS[second]]
    if (high !== NONE && low !== NONE) this.#give(high * 16 + low)
    else {
      this.#irregular = true
      this.#give(EQUALS)
      this.#take(first)
      this.#take(second)
    }
  }

  #endLine(octet: number): void {
    if (this.#spaceCount > 0) this.#irregular = true
    this.#spaceCount = 0
    if (!this.#equals) this.#give(octet)
    else if (octet === CR) this.#first = CR
    else this.#equals = false // the line goes on
  }

  #hold(space: number): void {
    if (this.#spaceCount === MAX_SPACES) {
      this.#irregular = true
      this.#release()
    }
    this.#spaces[this.#spaceCount++] = space
  }

  /** What was held is text after all. */
  #release(): void {
    if (this.#equals) {
      this.#irregular = true
      this.#equals = false
      this.#give(EQUALS)
    }
    for (let at = 0; at < this.#spaceCount; at++) this.#give(this.#spaces[at]!)
    this.#spaceCount = 0
  }

  #give(octet: number): void {
    this.#decoded[this.#length++] = octet
  }
}

const EQUALS = 61
const CR = 13
const LF = 10
const SPACE = 32
const TAB = 9
/** No line of mail is longer, whatever its encoding. [RFC 5321 §4.5.3.1.6] */
const MAX_SPACES = 998

const NONE = 255
const DIGITS = new Uint8Array(256).fill(NONE)
for (const digits of ['0123456789abcdef', '0123456789ABCDEF'])
  for (const [value, digit] of [...digits].entries()) DIGITS[digit.charCodeAt(0)] = value
