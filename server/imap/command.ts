import type { Cursor } from './cursor.ts'
import type { Enabled } from './enabled.ts'
import type { ResponseCode } from './failure.ts'
import type { Session } from './session.ts'

/** Where a command may be given; `authenticated` includes a selected mailbox. [RFC 9051 §3] */
export type CommandState = 'any' | 'not-authenticated' | 'authenticated' | 'selected'

export interface CommandSpec<A> {
  /** Upper case; `UID FETCH` for the form with UIDs. */
  readonly name: string
  readonly state: CommandState
  /** Which changes the client may be told before the answer. */
  readonly sync: 'all' | 'no-expunge' | 'nothing'
  /** How a literal that is too large is refused; TOOBIG where it is not said. */
  readonly tooLarge?: ResponseCode
  /** Reads the arguments, without any I/O; throws BAD. */
  parse(cursor: Cursor, enabled: Enabled): A
  /** Answers the text after OK; throws {@link CommandError} for NO. */
  run(session: Session, args: A): Promise<string>
}

/** A command whose argument type only it knows. */
export interface Command {
  readonly name: string
  readonly state: CommandState
  readonly sync: 'all' | 'no-expunge' | 'nothing'
  /** Its messages follow behind what is read before it runs. */
  readonly goesOn: boolean
  readonly tooLarge: ResponseCode | undefined
  /** Reads all arguments; what comes back does it. */
  prepare(cursor: Cursor, session: Session): () => Promise<string>
}

export const command = <A>(spec: CommandSpec<A>): Command => ({
  name: spec.name,
  state: spec.state,
  sync: spec.sync,
  goesOn: false,
  tooLarge: spec.tooLarge,
  prepare: (cursor, session) => {
    const args = spec.parse(cursor, session.enabled)
    cursor.end()
    return () => spec.run(session, args)
  },
})

/**
 * A command that goes on behind its first message: `parse` reads what stands before, and `run` goes on where it stopped.
 */
export const openCommand = <A>(
  spec: Omit<CommandSpec<A>, 'run'> & { run(session: Session, args: A, cursor: Cursor): Promise<string> },
): Command => ({
  name: spec.name,
  state: spec.state,
  sync: spec.sync,
  goesOn: true,
  tooLarge: spec.tooLarge,
  prepare: (cursor, session) => {
    const args = spec.parse(cursor, session.enabled)
    return () => spec.run(session, args, cursor)
  },
})

/** For commands without arguments. */
export const noArguments = (): undefined => undefined

/** For commands whose one argument is an astring, as the names of mailboxes are: its octets. */
export function oneAstring(cursor: Cursor): string {
  cursor.space()
  return cursor.astring()
}
