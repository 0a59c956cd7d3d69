import { bad, CommandError } from './failure.ts'
import { LITERAL_STALL_MS, MAX_LINE } from './limits.ts'
import type { OctetReader } from './octet-reader.ts'
import type { Output } from './output.ts'

/** A message that was announced and that nobody has agreed to receive yet. [RFC 9051 §4.3] */
export class PendingLiteral {
  readonly size: number
  readonly #sync: boolean
  readonly #input: OctetReader
  readonly #out: Output
  #left: number
  #accepted = false
  #finished = false

  constructor(announced: { size: number; sync: boolean }, input: OctetReader, out: Output) {
    this.size = announced.size
    this.#sync = announced.sync
    this.#left = announced.size
    this.#input = input
    this.#out = out
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

  /** Reads the end of the command; throws BAD where something else follows. */
  async finish(): Promise<void> {
    this.#finished = true
    const rest = await this.#input.line(MAX_LINE)
    if (rest !== '') throw bad('Something follows the message')
  }

  /** Whatever became of the command: the next line that is read is the next command. */
  async skip(): Promise<void> {
    if (this.#finished || (this.#sync && !this.#accepted)) return
    for await (const piece of this.#input.octets(this.#left)) this.#left -= piece.length
    await this.finish().catch((error: unknown) => {
      if (!(error instanceof CommandError)) throw error
    })
  }
}
