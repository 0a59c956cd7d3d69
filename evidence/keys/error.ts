/** Why a key cannot be used. Messages never hold key material or passwords. */
export type KeyFailure =
  | 'MALFORMED'
  | 'UNSUPPORTED'
  | 'WRONG_PASSWORD'
  | 'NO_KEY'
  | 'NO_CERTIFICATE'
  | 'KEY_MISMATCH'
  | 'WEAK_KEY'
  | 'SIGNING_FAILED'

export class KeyError extends Error {
  readonly code: KeyFailure
  constructor(code: KeyFailure, detail: string, cause?: unknown) {
    super(`${code}: ${detail}`, { cause })
    this.name = 'KeyError'
    this.code = code
  }
}
