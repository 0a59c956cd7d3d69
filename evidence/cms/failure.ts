/** Why a signature does not count. A closed set; callers translate it for people. */
export type CmsFailure =
  | 'MALFORMED'
  | 'NO_SIGNERS'
  | 'TOO_LARGE'
  | 'CONTENT_MISSING'
  | 'CONTENT_PRESENT'
  | 'NO_CERTIFICATE'
  | 'NO_SIGNED_ATTRIBUTES'
  | 'DUPLICATE_ATTRIBUTE'
  | 'CONTENT_TYPE_MISMATCH'
  | 'DIGEST_MISMATCH'
  | 'WEAK_DIGEST'
  | 'WEAK_SIGNATURE_ALGORITHM'
  | 'ALGORITHM_MISMATCH'
  | 'PSS_PARAMETERS'
  | 'KEY_TOO_SMALL'
  | 'SIGNING_CERTIFICATE_MISMATCH'
  | 'BAD_SIGNATURE'

export class CmsError extends Error {
  readonly code: CmsFailure
  constructor(code: CmsFailure, detail: string, cause?: unknown) {
    super(`${code}: ${detail}`, { cause })
    this.name = 'CmsError'
    this.code = code
  }
}
