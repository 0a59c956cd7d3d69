import { StoreError } from '../../storage/port.ts'

/** Response codes that a refusal carries. [RFC 9051 §7.1] */
export type ResponseCode =
  | 'ALREADYEXISTS'
  | 'AUTHENTICATIONFAILED'
  | `BADEVENT (${string})`
  | `BADURL ${string}`
  | 'BADCHARSET (US-ASCII UTF-8)'
  | 'CANNOT'
  | 'CLIENTBUG'
  | 'COMPRESSIONACTIVE'
  | 'EXPUNGEISSUED'
  | 'HASCHILDREN'
  | 'LIMIT'
  | `METADATA ${'TOOMANY' | `MAXSIZE ${number}`}`
  | 'NONEXISTENT'
  | 'NOPERM'
  | 'NOTIFICATIONOVERFLOW'
  | 'NOTSAVED'
  | 'OVERQUOTA'
  | 'PRIVACYREQUIRED'
  | 'SERVERBUG'
  | 'TOOBIG'
  | 'TOOFEW'
  | 'TRYCREATE'
  | 'UIDREQUIRED'
  | 'UNAVAILABLE'
  | 'UNKNOWN-CTE'
  | 'USEATTR'

/** A command that is answered with BAD (it cannot be read) or NO (it cannot be done). */
export class CommandError extends Error {
  readonly condition: 'BAD' | 'NO'
  readonly code: ResponseCode | undefined

  constructor(condition: 'BAD' | 'NO', code: ResponseCode | undefined, message: string) {
    super(message)
    this.name = 'CommandError'
    this.condition = condition
    this.code = code
  }
}

export const bad = (message: string): CommandError => new CommandError('BAD', undefined, message)
export const no = (code: ResponseCode, message: string): CommandError => new CommandError('NO', code, message)

/** The connection is of no use any more: nothing is answered. */
export class ConnectionLost extends Error {}

/** The connection ends with a last word. */
export class Farewell extends Error {}

/** What a failure of the store means to a client; undefined where it is a fault of ours. */
export function refusalOf(error: unknown): CommandError | undefined {
  if (error instanceof CommandError) return error
  if (!(error instanceof StoreError)) return undefined
  switch (error.code) {
    case 'NO_SUCH_MAILBOX':
      return no('NONEXISTENT', 'There is no such mailbox')
    case 'MAILBOX_EXISTS':
      return no('ALREADYEXISTS', 'A mailbox of that name exists')
    case 'BLOB_TOO_LARGE':
      return no('TOOBIG', 'The message is too large')
    case 'FULL':
      return no('UNAVAILABLE', 'Depolama alani dolu / The storage is full, try again later')
    case 'UNAVAILABLE':
      return no('UNAVAILABLE', 'The store does not answer, try again later')
    default:
      return undefined
  }
}
