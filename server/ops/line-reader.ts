/** Cuts a stream into lines and holds no more than one line of at most `limit` octets. */
export class LineReader {
  readonly #limit: number
  #pieces: Buffer[] = []
  #held = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** The lines that are complete now; undefined once a line is longer than allowed, and nothing is held then. */
  push(chunk: Buffer): string[] | undefined {
    const lines: string[] = []
    let start = 0
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      if (this.#held + end - start > this.#limit) return this.#forget()
      this.#pieces.push(chunk.subarray(start, end))
      lines.push(Buffer.concat(this.#pieces).toString('utf8'))
      this.#pieces = []
      this.#held = 0
      start = end + 1
    }
    this.#held += chunk.length - start
    if (this.#held > this.#limit) return this.#forget()
    if (start < chunk.length) this.#pieces.push(chunk.subarray(start))
    return lines
  }

  #forget(): undefined {
    this.#pieces = []
    this.#held = 0
    return undefined
  }
}
