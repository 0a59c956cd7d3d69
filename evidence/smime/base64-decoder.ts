/** Decodes base64 that arrives in pieces; white space is passed over, nothing is kept but three characters. [RFC 2045 §6.8] */
export class Base64Decoder {
  #rest = ''

  push(chunk: Uint8Array): Buffer {
    const text =
      this.#rest +
      Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
        .toString('latin1')
        .replace(/[\r\n\t ]+/g, '')
    const whole = text.length - (text.length % 4)
    this.#rest = text.slice(whole)
    return Buffer.from(text.slice(0, whole), 'base64')
  }

  end(): Buffer {
    const rest = this.#rest
    this.#rest = ''
    return Buffer.from(rest, 'base64')
  }
}
