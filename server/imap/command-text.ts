import { Cursor } from './cursor.ts'
import { CommandError, no } from './failure.ts'
import {
  MAX_ARGUMENT_LITERAL,
  MAX_COMMAND,
  MAX_LINE,
  MAX_LINE_BEFORE_LOGIN,
  MAX_LITERAL_BEFORE_LOGIN,
} from './limits.ts'
import { PendingLiteral } from './pending-literal.ts'
import { findCommand } from './registry.ts'
import type { Session } from './session.ts'

export interface CommandText {
  /** One char per octet, literals in their places. */
  readonly text: string
  /** Why the literal that the text ends with was not taken. */
  readonly refusal?: CommandError
}

/**
 * Reads one command with its literals; undefined at the end of the stream. A literal is agreed to only after the
 * command, the state and the size were looked at, so that nobody makes us read what we will refuse.
 */
export async function readCommand(session: Session): Promise<CommandText | undefined> {
  const loggedIn = session.state !== 'not-authenticated'
  let text = ''
  for (;;) {
    const line = await session.input.line(loggedIn ? MAX_LINE : MAX_LINE_BEFORE_LOGIN)
    if (line === undefined) return undefined
    text += line
    const literal = PendingLiteral.announcedBy(line, session.input, session.out)
    if (literal === undefined) return { text }
    if (isMessage(session, text)) {
      session.literal = literal
      return { text }
    }
    const most = loggedIn ? MAX_ARGUMENT_LITERAL : MAX_LITERAL_BEFORE_LOGIN
    const refusal =
      literal.size > most || text.length + literal.size > MAX_COMMAND
        ? no('TOOBIG', 'The argument is too large')
        : refusedByState(session, text)
    if (refusal !== undefined) {
      session.literal = literal
      return { text, refusal }
    }
    const pieces: string[] = [text, '\r\n']
    for await (const piece of literal.octets()) pieces.push(piece.toString('latin1'))
    text = pieces.join('')
  }
}

function refusedByState(session: Session, text: string): CommandError | undefined {
  try {
    findCommand(new Cursor(text), session)
    return undefined
  } catch (error) {
    if (error instanceof CommandError) return error
    throw error
  }
}

/**
 * Whether the literal at the end is the command's own business rather than an argument: it takes messages, and everything
 * before them is there.
 */
function isMessage(session: Session, text: string): boolean {
  try {
    const cursor = new Cursor(text)
    const { command } = findCommand(cursor, session)
    if (!command.goesOn) return false
    command.prepare(cursor, session)
    return cursor.sees(' ')
  } catch (error) {
    if (error instanceof CommandError) return false
    throw error
  }
}
