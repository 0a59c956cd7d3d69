/** What verifying a XAdES signature can say: a closed set, so that callers can be complete. */
import type { Certificate, HashName, TimestampToken } from '../ports.ts'
import type { XmlElement } from '../xml/tree.ts'

/** Where the signature itself fails; trust in the certificate fails with a TrustFailure of its own. */
export type XadesFailure =
  | 'NOT_XML'
  | 'NO_SIGNATURE'
  | 'SIGNATURE_COUNT'
  | 'DUPLICATE_ID'
  | 'SIGNATURE_FORMAT'
  | 'REFERENCES'
  | 'TRANSFORMS'
  | 'WEAK_ALGORITHM'
  | 'TARGET_MISMATCH'
  | 'HASH_FAILURE'
  | 'SIGNING_CERTIFICATE'
  | 'SIG_CRYPTO_FAILURE'
  | 'TIMESTAMP_INVALID'
  /** The token holds, but whether its authority is to be trusted cannot be told from what is at hand. */
  | 'TIMESTAMP_UNTRUSTED'

/** What a signature carries to be judged in later years; nobody vouches for it but its own signatures. */
export interface ValidationValues {
  readonly certificates: readonly Certificate[]
  readonly crls: readonly Uint8Array[]
  readonly ocsps: readonly Uint8Array[]
}

export type XadesLevel = 'B-B' | 'B-T' | 'B-LT'

/** What was read before something failed: for people to see, and nobody's fact. */
export interface ClaimedSignature {
  readonly certificate?: Certificate | undefined
  readonly signingTime?: Date | undefined
  /** `rsa-pkcs1-sha256` */
  readonly algorithm?: string | undefined
  readonly level?: XadesLevel | undefined
}

export type XadesReport =
  | {
      readonly ok: true
      /** The tree whose digest was checked: facts are read from it and from nothing else. */
      readonly root: XmlElement
      readonly certificate: Certificate
      /** Everything KeyInfo carried, the signer's first. */
      readonly certificates: readonly Certificate[]
      readonly hash: HashName
      /** Claimed by the signer. */
      readonly signingTime: Date
      /** Proved by a TSA; undefined where the signature carries no time-stamp. */
      readonly timestamp: TimestampToken | undefined
      readonly algorithm: string
      readonly level: XadesLevel
      readonly values: ValidationValues
    }
  | ({ readonly ok: false; readonly failure: XadesFailure; readonly detail: string } & ClaimedSignature)

/** Thrown inside the verifier and turned into the report at its door. */
export class XadesRefusal extends Error {
  override readonly name = 'XadesRefusal'
  readonly failure: XadesFailure

  constructor(failure: XadesFailure, detail: string) {
    super(detail)
    this.failure = failure
  }
}
