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

/** For who writes clients. */
export const bad = (message: string): CommandError => new CommandError('BAD', undefined, message)

/** Clients show people why: in both languages, ASCII, since not every session reads UTF-8. */
export const no = (code: ResponseCode | undefined, turkish: string, english: string): CommandError =>
  new CommandError('NO', code, `${turkish} / ${english}`)

/** The connection is of no use any more: nothing is answered. */
export class ConnectionLost extends Error {}

/** The connection ends with a last word: in both languages where it is not the client program's fault. */
export class Farewell extends Error {}

/** Whoever expunges a message takes its octets away at once, also while another is about to read them. */
export const isExpunged = (error: unknown): boolean =>
  error instanceof StoreError && error.code === 'NO_SUCH_BLOB'

/** What a failure of the store means to a client; undefined where it is a fault of ours. */
export function refusalOf(error: unknown): CommandError | undefined {
  if (error instanceof CommandError) return error
  if (!(error instanceof StoreError)) return undefined
  switch (error.code) {
    case 'NO_SUCH_MAILBOX':
      return no('NONEXISTENT', 'Boyle bir kutu yok', 'There is no such mailbox')
    case 'MAILBOX_EXISTS':
      return no('ALREADYEXISTS', 'Bu adda bir kutu var', 'A mailbox of that name exists')
    case 'BLOB_TOO_LARGE':
      return no('TOOBIG', 'Ileti cok buyuk', 'The message is too large')
    case 'FULL':
      return no('UNAVAILABLE', 'Depolama alani dolu', 'The storage is full, try again later')
    case 'UNAVAILABLE':
      return no(
        'UNAVAILABLE',
        'Depo yanit vermiyor, sonra deneyin',
        'The store does not answer, try again later',
      )
    default:
      return undefined
  }
}
