import { Cursor } from '../cursor.ts'
import { bad, no } from '../failure.ts'
import { MAX_ARGUMENT_LITERAL } from '../limits.ts'
import { PendingLiteral } from '../pending-literal.ts'
import type { Session } from '../session.ts'

/**
 * A command from its first message on: lines that come one at a time, with literals between them. The literal at which the
 * text stops is the session's, so that whoever refuses the command knows what is still to be passed over.
 */
export class CommandTail {
  readonly #session: Session
  #cursor: Cursor

  constructor(session: Session, cursor: Cursor) {
    this.#session = session
    this.#cursor = cursor
  }

  /** Where it is being read; another after each literal. */
  get cursor(): Cursor {
    return this.#cursor
  }

  /** The literal that stands next, to be streamed; then {@link next} goes on. Throws BAD where there is none. */
  literal(): PendingLiteral {
    this.#cursor.announcement()
    const { literal } = this.#session
    if (literal === undefined) throw bad('A literal is missing')
    return literal
  }

  /** Goes on behind a literal whose octets were read. */
  async next(): Promise<void> {
    const { literal, input, out } = this.#session
    if (literal === undefined) throw bad('A literal is missing')
    const line = await literal.line()
    this.#session.literal = undefined
    this.#session.literal = PendingLiteral.announcedBy(line, input, out)
    this.#cursor = new Cursor(line)
  }

  /** An argument, in whatever form it comes. */
  async astring(): Promise<string> {
    if (!this.#cursor.seesAnnouncement) return this.#cursor.astring()
    const literal = this.literal()
    if (literal.size > MAX_ARGUMENT_LITERAL)
      throw no('TOOBIG', 'Deger cok buyuk', 'The argument is too large')
    const pieces: string[] = []
    for await (const piece of literal.octets()) pieces.push(piece.toString('latin1'))
    await this.next()
    const text = pieces.join('')
    if (text.includes('\0')) throw bad('An argument has a NUL octet')
    return text
  }
}
