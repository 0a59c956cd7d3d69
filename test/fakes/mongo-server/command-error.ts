/** What a command is answered with when it fails. */
import type { Doc } from './document.ts'

const names = {
  2: 'BadValue',
  9: 'FailedToParse',
  14: 'TypeMismatch',
  20: 'IllegalOperation',
  26: 'NamespaceNotFound',
  27: 'IndexNotFound',
  28: 'PathNotViable',
  40: 'ConflictingUpdateOperators',
  43: 'CursorNotFound',
  48: 'NamespaceExists',
  52: 'DollarPrefixedFieldName',
  59: 'CommandNotFound',
  64: 'WriteConcernFailed',
  66: 'ImmutableField',
  67: 'CannotCreateIndex',
  72: 'InvalidOptions',
  73: 'InvalidNamespace',
  85: 'IndexOptionsConflict',
  86: 'IndexKeySpecsConflict',
  91: 'ShutdownInProgress',
  115: 'CommandNotSupported',
  171: 'CannotIndexParallelArrays',
  189: 'PrimarySteppedDown',
  225: 'TransactionTooOld',
  237: 'CursorKilled',
  238: 'NotImplemented',
  263: 'OperationNotSupportedInTransaction',
  286: 'ChangeStreamHistoryLost',
  10107: 'NotWritablePrimary',
  10334: 'BSONObjectTooLarge',
  11000: 'DuplicateKey',
  11600: 'InterruptedAtShutdown',
  11602: 'InterruptedDueToReplStateChange',
  40573: 'Location40573',
} as const

export type ErrorCode = keyof typeof names

/** A driver may send a write again after these. */
const retryable: ReadonlySet<number> = new Set([91, 189, 10107, 11600, 11602])

export const isRetryable = (code: number): boolean => retryable.has(code)
export const nameOf = (code: ErrorCode): string => names[code]

export class CommandError extends Error {
  readonly code: ErrorCode
  /** More fields of the answer, such as the key that exists already. */
  readonly details: Doc

  constructor(code: ErrorCode, message: string, details: Doc = {}) {
    super(message)
    this.name = 'CommandError'
    this.code = code
    this.details = details
  }
}
