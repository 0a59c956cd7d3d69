/**
 * Decodes quoted-printable that arrives in pieces; what stands for nothing comes through as it is written. [RFC 2045 §6.7]
 * The answer to push() is one buffer, used again by the next push().
 */
export class QuotedPrintableDecoder {
  #decoded: Buffer = Buffer.alloc(0)
  /** How much of an escape is there: nothing, `=`, or `=` and `#first`. */
  #escape: 0 | 1 | 2 = 0
  #first = 0
  #last = 0
  #irregular = false

  /** Programs differ in what this says: an escape that is none, or white space at the end of a line. */
  get irregular(): boolean {
    return this.#irregular || this.#escape > 0
  }

  push(chunk: Uint8Array): Buffer {
    if (this.#decoded.length < chunk.length + 2) this.#decoded = Buffer.allocUnsafeSlow(chunk.length + 2)
    const decoded = this.#decoded
    let length = 0
    for (const octet of chunk) {
      if (this.#escape === 0) {
        if (octet === EQUALS) {
          this.#escape = 1
          continue
        }
        const ends = octet === CR || octet === LF
        if (ends && (this.#last === SPACE || this.#last === TAB)) this.#irregular = true
        decoded[length++] = octet
        this.#last = octet
      } else if (this.#escape === 1 && octet !== LF) {
        this.#first = octet
        this.#escape = 2
      } else {
        const first = this.#escape === 1 ? CR : this.#first
        this.#escape = 0
        this.#last = 0
        if (first === CR && octet === LF) continue // the line goes on
        const [high = NONE, low = NONE] = [DIGITS[first], DIGITS[octet]]
        if (high !== NONE && low !== NONE) decoded[length++] = high * 16 + low
        else {
          this.#irregular = true
          decoded[length++] = EQUALS
          decoded[length++] = first
          decoded[length++] = octet
        }
      }
    }
    return decoded.subarray(0, length)
  }
}

const EQUALS = 61
const CR = 13
const LF = 10
const SPACE = 32
const TAB = 9

const NONE = 255
const DIGITS = new Uint8Array(256).fill(NONE)
for (const digits of ['0123456789abcdef', '0123456789ABCDEF'])
  for (const [value, digit] of [...digits].entries()) DIGITS[digit.charCodeAt(0)] = value
