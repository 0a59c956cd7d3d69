/** Octets that are no certificate, CRL or OCSP response. `cause` says where reading stopped. */
export type X509Failure = 'MALFORMED_CERTIFICATE' | 'MALFORMED_CRL' | 'MALFORMED_OCSP'

export class X509Error extends Error {
  readonly code: X509Failure
  constructor(code: X509Failure, cause: unknown) {
    super(`${code}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.name = 'X509Error'
    this.code = code
  }
}
