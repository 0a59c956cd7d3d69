/**
 * Decodes base64 that arrives in pieces. What is no base64 is passed over, and nothing is kept but the bits of an
 * unfinished octet, until padding ends it. [RFC 2045 §6.8] A hundred megabytes pass without garbage: the answer to
 * push() is one buffer, used again by the next push().
 */
export class Base64Decoder {
  #decoded: Buffer = Buffer.alloc(0)
  #bits = 0
  #count = 0
  /** Octets so far, and as many as there were at the first padding. */
  #seen = 0
  #padded: number | undefined
  #foreign = false

  /** Programs differ in what this says: there are other characters in it, or more behind the padding. */
  get irregular(): boolean {
    return this.#foreign || (this.#padded !== undefined && (this.#padded !== this.#seen || this.#count > 0))
  }

  push(chunk: Uint8Array): Buffer {
    if (this.#decoded.length < chunk.length) this.#decoded = Buffer.allocUnsafeSlow(chunk.length)
    const decoded = this.#decoded
    let bits = this.#bits
    let count = this.#count
    let length = 0
    for (let at = 0; at < chunk.length; at++) {
      const octet = chunk[at] ?? 0
      const value = VALUES[octet] ?? NONE
      if (value === NONE) {
        if (octet === PADDING) {
          this.#padded ??= this.#seen + length
          count = 0
        } else if (!isSpace(octet)) this.#foreign = true
        continue
      }
      bits = ((bits << 6) | value) & 0xffff
      count += 6
      if (count >= 8) {
        count -= 8
        decoded[length++] = bits >> count
      }
    }
    this.#bits = bits
    this.#count = count
    this.#seen += length
    return decoded.subarray(0, length)
  }
}

const PADDING = 61
const isSpace = (octet: number): boolean => octet === 32 || octet === 9 || octet === 10 || octet === 13

const NONE = 255
const VALUES = new Uint8Array(256).fill(NONE)
for (const [value, letter] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
].entries())
  VALUES[letter.charCodeAt(0)] = value
