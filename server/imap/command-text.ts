import { appendHead } from './commands/append.ts'
import { Cursor } from './cursor.ts'
import { CommandError, Farewell, no } from './failure.ts'
import {
  MAX_ARGUMENT_LITERAL,
  MAX_COMMAND,
  MAX_LINE,
  MAX_LINE_BEFORE_LOGIN,
  MAX_LITERAL_BEFORE_LOGIN,
  MAX_NON_SYNC_LITERAL,
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
    const announced = announcedBy(line)
    if (announced === undefined) return { text }
    if (!announced.sync && announced.size > MAX_NON_SYNC_LITERAL)
      throw new Farewell('A literal of that size must wait for our answer')
    if (isMessage(session, text)) {
      session.literal = new PendingLiteral(announced, session.input, session.out)
      return { text }
    }
    const most = loggedIn ? MAX_ARGUMENT_LITERAL : MAX_LITERAL_BEFORE_LOGIN
    const refusal =
      announced.size > most || text.length + announced.size > MAX_COMMAND
        ? no('TOOBIG', 'The argument is too large')
        : refusedByState(session, text)
    if (refusal !== undefined) {
      await new PendingLiteral(announced, session.input, session.out).skip()
      return { text, refusal }
    }
    if (announced.sync) session.out.raw('+ OK\r\n')
    const pieces: string[] = [text, '\r\n']
    for await (const piece of session.input.octets(announced.size)) pieces.push(piece.toString('latin1'))
    text = pieces.join('')
  }
}

function announcedBy(line: string): { size: number; sync: boolean } | undefined {
  // The longest announcement is ~{0123456789+}.
  const found = /\{([0-9]{1,10})(\+?)\}$/.exec(line.slice(-14))
  return found === null ? undefined : { size: Number(found[1]), sync: found[2] === '' }
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

/** Whether the literal at the end is the message of an APPEND rather than an argument. */
function isMessage(session: Session, text: string): boolean {
  try {
    const cursor = new Cursor(text)
    if (findCommand(cursor, session).command.name !== 'APPEND') return false
    appendHead(cursor)
    return true
  } catch (error) {
    if (error instanceof CommandError) return false
    throw error
  }
}
