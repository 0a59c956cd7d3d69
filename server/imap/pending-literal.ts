import { ConnectionLost, Farewell } from './failure.ts'
import { LITERAL_STALL_MS, MAX_LINE, MAX_NON_SYNC_LITERAL } from './limits.ts'
import type { OctetReader } from './octet-reader.ts'
import type { Output } from './output.ts'

/** A literal that was announced and that nobody has agreed to receive yet. [RFC 9051 §4.3] */
export class PendingLiteral {
  readonly size: number
  readonly #sync: boolean
  readonly #input: OctetReader
  readonly #out: Output
  #left: number
  #accepted = false

  constructor(announced: { size: number; sync: boolean }, input: OctetReader, out: Output) {
    this.size = announced.size
    this.#sync = announced.sync
    this.#left = announced.size
    this.#input = input
    this.#out = out
  }

  /**
   * What a line of a command ends with; undefined where it ends the command. Throws {@link Farewell} where so much comes
   * without our word.
   */
  static announcedBy(line: string, input: OctetReader, out: Output): PendingLiteral | undefined {
    // The longest announcement is ~{9223372036854775807+}.
    const found = /\{([0-9]{1,19})(\+?)\}$/.exec(line.slice(-23))
    if (found === null) return undefined
    const announced = { size: Number(found[1]), sync: found[2] === '' }
    if (!announced.sync && announced.size > MAX_NON_SYNC_LITERAL)
      throw new Farewell('A literal of that size must wait for our answer')
    return new PendingLiteral(announced, input, out)
  }

  /** Asks for the octets and hands them on as they come. */
  async *octets(): AsyncGenerator<Buffer> {
    this.#accepted = true
    if (this.#sync) this.#out.raw('+ OK\r\n')
    const silence = this.#input.silenceMs
    this.#input.silenceMs = LITERAL_STALL_MS
    try {
      for await (const piece of this.#input.octets(this.#left)) {
        this.#left -= piece.length
        yield piece
      }
    } finally {
      this.#input.silenceMs = silence
    }
  }

  /** Once the octets are read: the line behind them. A client that stalls here holds what came before. */
  async line(): Promise<string> {
    const silence = this.#input.silenceMs
    this.#input.silenceMs = LITERAL_STALL_MS
    try {
      const line = await this.#input.line(MAX_LINE)
      if (line === undefined) throw new ConnectionLost('ended in a command')
      return line
    } finally {
      this.#input.silenceMs = silence
    }
  }

  /** Whatever became of the command: the next line that is read is the next command, also behind further literals. */
  async skip(): Promise<void> {
    for (let next: PendingLiteral | undefined = this; next !== undefined; ) {
      if (next.#sync && !next.#accepted) return
      for await (const piece of next.#input.octets(next.#left)) next.#left -= piece.length
      next = PendingLiteral.announcedBy(await next.line(), next.#input, next.#out)
    }
  }
}
