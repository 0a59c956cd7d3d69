/** What the errors of a module mean. [PKCS11 v3.1 §5.1] */
import { KeyError, type KeyFailure } from '../error.ts'

/** The session, the token or the whole module is lost; a new session may help. */
const LOST: ReadonlySet<string> = new Set([
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_SESSION_CLOSED',
  'CKR_DEVICE_ERROR',
  'CKR_DEVICE_MEMORY',
  'CKR_DEVICE_REMOVED',
  'CKR_TOKEN_NOT_PRESENT',
  'CKR_TOKEN_NOT_RECOGNIZED',
  'CKR_SLOT_ID_INVALID',
  'CKR_USER_NOT_LOGGED_IN',
  'CKR_KEY_HANDLE_INVALID',
  'CKR_OBJECT_HANDLE_INVALID',
  'CKR_CRYPTOKI_NOT_INITIALIZED',
  'CKR_OPERATION_ACTIVE',
  'CKR_GENERAL_ERROR',
  'CKR_FUNCTION_FAILED',
  'CKR_HOST_MEMORY',
])

/** Whatever ends so was over before the token read a PIN. */
const NOT_THERE: ReadonlySet<string> = new Set([
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_SESSION_CLOSED',
  'CKR_DEVICE_REMOVED',
  'CKR_TOKEN_NOT_PRESENT',
  'CKR_TOKEN_NOT_RECOGNIZED',
  'CKR_SLOT_ID_INVALID',
  'CKR_CRYPTOKI_NOT_INITIALIZED',
])

/**
 * A login too that ends so. No signature: of one that was begun and logged in for it may be the word of a module that kept the
 * PIN, and had it refused by the card.
 */
const NOT_ASKED: ReadonlySet<string> = new Set([
  'CKR_OPERATION_NOT_INITIALIZED',
  'CKR_OPERATION_ACTIVE',
  'CKR_USER_NOT_LOGGED_IN',
  'CKR_USER_ANOTHER_ALREADY_LOGGED_IN',
  'CKR_USER_TOO_MANY_TYPES',
])

const MEANT: ReadonlyMap<string, KeyFailure> = new Map([
  ['CKR_PIN_INCORRECT', 'PIN_REFUSED'],
  ['CKR_PIN_INVALID', 'PIN_REFUSED'],
  ['CKR_PIN_LEN_RANGE', 'PIN_REFUSED'],
  ['CKR_PIN_EXPIRED', 'PIN_REFUSED'],
  ['CKR_USER_PIN_NOT_INITIALIZED', 'PIN_REFUSED'],
  ['CKR_PIN_LOCKED', 'PIN_LOCKED'],
  ['CKR_MECHANISM_INVALID', 'UNSUPPORTED'],
  ['CKR_MECHANISM_PARAM_INVALID', 'UNSUPPORTED'],
  ['CKR_KEY_TYPE_INCONSISTENT', 'UNSUPPORTED'],
  ['CKR_KEY_FUNCTION_NOT_PERMITTED', 'UNSUPPORTED'],
  ['CKR_KEY_SIZE_RANGE', 'UNSUPPORTED'],
])

const nameOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** A token that is not there counts as lost too: it may be back once the module was begun anew. */
export const isLost = (error: unknown): boolean =>
  error instanceof KeyError ? error.code === 'NO_TOKEN' : LOST.has(nameOf(error))

export const isNamed = (error: unknown, name: string): boolean => nameOf(error) === name

/** The call that was given a PIN: modules may keep that of a signature, and look at it no sooner than there. */
export type PinCall = 'login' | 'signature'

/**
 * What its failure says of the PIN: never read, refused, or nothing, where the token may have counted a wrong one. There
 * are modules that answer a wrong PIN with CKR_GENERAL_ERROR.
 */
export function pinEnd(call: PinCall, error: unknown): 'unread' | 'refused' | 'untold' {
  const name = nameOf(error)
  if (NOT_THERE.has(name) || (call === 'login' && NOT_ASKED.has(name))) return 'unread'
  const { code } = keyErrorOf(error)
  return code === 'PIN_REFUSED' || code === 'PIN_LOCKED' ? 'refused' : 'untold'
}

/** The call itself, not a PIN that rests since: what ails the module may end with its sessions. */
export const endedUntold = (error: unknown): boolean =>
  error instanceof KeyError && error.code === 'PIN_RESTS' && error.cause !== undefined

/** As callers know it; names of CKRs hold no secret. */
export function keyErrorOf(error: unknown): KeyError {
  if (error instanceof KeyError) return error
  const name = nameOf(error)
  const code = MEANT.get(name) ?? (LOST.has(name) ? 'TOKEN_GONE' : 'SIGNING_FAILED')
  return new KeyError(code, detailOf(name), error)
}

const detailOf = (name: string): string => (/^CKR_[A-Z_]+$/.test(name) ? name : 'the module failed')

/** The module's, for people. */
export const wordOf = (error: unknown): string => detailOf(nameOf(error))
