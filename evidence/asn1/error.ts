/** Why octets are not the ASN.1 they claim to be. Readers throw nothing else. */
export type Asn1Failure =
  | 'TRUNCATED'
  | 'BAD_LENGTH'
  | 'BAD_TAG'
  | 'UNEXPECTED_TAG'
  | 'TOO_DEEP'
  | 'TRAILING_OCTETS'
  | 'TOO_MANY'
  | 'BAD_VALUE'

export class Asn1Error extends Error {
  readonly code: Asn1Failure
  constructor(code: Asn1Failure, detail: string) {
    super(`${code}: ${detail}`)
    this.name = 'Asn1Error'
    this.code = code
  }
}
