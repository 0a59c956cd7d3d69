/** Why a trusted list is not believed. */
export type TrustListFailure =
  /** No list by its form, or one of a version that is not read. */
  | 'NOT_A_LIST'
  | 'NOT_SIGNED'
  /** Signed by a certificate that the operator did not name. */
  | 'UNKNOWN_SIGNER'
  | 'BAD_SIGNATURE'
  /** Its next update is overdue. */
  | 'OUTDATED'
  /** A newer one was believed before. */
  | 'REPLACED'
  | 'TOO_LARGE'

export class TrustListError extends Error {
  override readonly name = 'TrustListError'
  readonly code: TrustListFailure

  constructor(code: TrustListFailure, detail: string) {
    super(`${code}: ${detail}`)
    this.code = code
  }
}
