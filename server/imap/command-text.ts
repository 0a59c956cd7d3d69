import { Cursor } from './cursor.ts'
import { CommandError, no } from './failure.ts'
import {
  MAX_ARGUMENT_LITERAL,
  MAX_COMMAND,
  MAX_COMMAND_BEFORE_LOGIN,
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
  const pieces: string[] = []
  let length = 0
  const take = (piece: string): void => {
    pieces.push(piece)
    length += piece.length
  }
  for (let literals = 1; ; literals++) {
    const line = await session.input.line(loggedIn ? MAX_LINE : MAX_LINE_BEFORE_LOGIN)
    if (line === undefined) return undefined
    take(line)
    const literal = PendingLiteral.announcedBy(line, session.input, session.out)
    if (literal === undefined) return { text: pieces.join('') }
    // What is looked at of the text so far is its beginning: looking at all of it for each literal would take the square of it.
    if (literals <= LITERALS_BEFORE_MESSAGE && isMessage(session, pieces.join(''))) {
      session.literal = literal
      return { text: pieces.join('') }
    }
    const refusal = isTooLarge(literal.size, length, loggedIn)
      ? no('TOOBIG', 'Deger cok buyuk', 'The argument is too large')
      : literals === 1
        ? refusedByState(session, pieces.join(''))
        : undefined
    if (refusal !== undefined) {
      session.literal = literal
      return { text: pieces.join(''), refusal }
    }
    take('\r\n')
    for await (const piece of literal.octets()) take(piece.toString('latin1'))
    await session.slice.breathe()
  }
}

/** The name of the mailbox may be one, and the message is the next. */
const LITERALS_BEFORE_MESSAGE = 2

function isTooLarge(literal: number, before: number, loggedIn: boolean): boolean {
  if (loggedIn) return literal > MAX_ARGUMENT_LITERAL || before + literal > MAX_COMMAND
  return literal > MAX_LITERAL_BEFORE_LOGIN || before + literal > MAX_COMMAND_BEFORE_LOGIN
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
