/**
 * Cuts a stream of octets into lines without keeping them. A line that crosses chunks is joined up to
 * {@link LINE_HEAD} octets; of a longer one only its beginning and its length are told, so a message that is
 * one endless line costs no memory.
 */

/** Header lines and boundary lines are far shorter; 64 KiB is the most of one line that anyone gets to see. */
export const LINE_HEAD = 65_536

export interface LineSink {
  /**
   * One line. `bytes[from, to)` is its content without the line end (cut at LINE_HEAD where it is longer);
   * `start` and `end` are its offsets in the stream, `end` without the line end; `ending` is 2 for CRLF,
   * 1 for a bare LF, 0 at the end of the stream.
   */
  line(bytes: Uint8Array, from: number, to: number, start: number, end: number, ending: 0 | 1 | 2): void
}

const CR = 13
const LF = 10

export class LineScanner {
  readonly #sink: LineSink
  #offset = 0
  #carry: Buffer[] = []
  #carried = 0
  #lineStart = 0
  #lastOctet = -1

  constructor(sink: LineSink) {
    this.#sink = sink
  }

  /** Octets taken so far. */
  get offset(): number {
    return this.#offset
  }

  /** Where the line begins that is not finished yet. */
  get lineStart(): number {
    return this.#lineStart
  }

  push(chunk: Buffer): void {
    let position = 0
    while (position < chunk.length) {
      const feed = chunk.indexOf(LF, position)
      if (feed < 0) {
        this.#keep(chunk.subarray(position))
        break
      }
      const end = this.#offset + feed
      const before = feed > position ? chunk[feed - 1] : position === 0 ? this.#lastOctet : -1
      const crlf = before === CR && end > this.#lineStart
      const ending = crlf ? 2 : 1
      const contentEnd = crlf ? end - 1 : end
      if (this.#carry.length === 0) {
        // Cut here as well: what is seen of a line must not depend on the pieces in which it comes.
        const to = Math.min(crlf ? feed - 1 : feed, position + LINE_HEAD)
        this.#sink.line(chunk, position, to, this.#lineStart, contentEnd, ending)
      } else {
        this.#keep(chunk.subarray(position, feed))
        const joined = Buffer.concat(this.#carry, Math.min(this.#carried, LINE_HEAD))
        this.#sink.line(
          joined,
          0,
          Math.min(joined.length, contentEnd - this.#lineStart),
          this.#lineStart,
          contentEnd,
          ending,
        )
        this.#carry = []
        this.#carried = 0
      }
      position = feed + 1
      this.#lineStart = this.#offset + position
    }
    this.#offset += chunk.length
    if (chunk.length > 0) this.#lastOctet = chunk[chunk.length - 1] ?? -1
  }

  /** Hands on the last line where it has no end. */
  end(): void {
    if (this.#offset === this.#lineStart) return
    const joined = Buffer.concat(this.#carry, Math.min(this.#carried, LINE_HEAD))
    this.#sink.line(joined, 0, joined.length, this.#lineStart, this.#offset, 0)
    this.#lineStart = this.#offset
  }

  #keep(piece: Buffer): void {
    const room = LINE_HEAD - this.#carried
    if (room > 0 && piece.length > 0) this.#carry.push(Buffer.from(piece.subarray(0, room)))
    else if (this.#carry.length === 0) this.#carry.push(Buffer.alloc(0))
    this.#carried = Math.min(LINE_HEAD, this.#carried + piece.length)
  }
}
