/** Why a key cannot be used. Messages never hold key material or passwords. */
export type KeyFailure =
  | 'MALFORMED'
  | 'UNSUPPORTED'
  | 'WRONG_PASSWORD'
  | 'NO_KEY'
  | 'NO_CERTIFICATE'
  | 'KEY_MISMATCH'
  | 'WEAK_KEY'
  /** Its certificate is for something else, or somebody else's. */
  | 'UNFIT_CERTIFICATE'
  | 'SIGNING_FAILED'
  /** No key of a role is within its certificate's validity. */
  | 'NONE_IN_FORCE'
  /** The PKCS#11 module, or what loads it, is not there. */
  | 'NO_MODULE'
  | 'NO_TOKEN'
  | 'PIN_REFUSED'
  | 'PIN_LOCKED'
  /** A login, or a signature that the PIN was given for, ended without a word about it; it is tried again later. */
  | 'PIN_RESTS'
  /** The token does not answer now; it is asked again later. */
  | 'TOKEN_GONE'

export class KeyError extends Error {
  readonly code: KeyFailure
  constructor(code: KeyFailure, detail: string, cause?: unknown) {
    super(`${code}: ${detail}`, { cause })
    this.name = 'KeyError'
    this.code = code
  }
}
