/**
 * Everything that is known about an accepted (or refused) submission, written once as JSON before the answer
 * leaves and never changed: all evidence about the message is drafted from it. Times are ISO 8601 in UTC.
 */
export interface SubmissionRecord {
  readonly origin: 'submission'
  /** The intake's id. */
  readonly id: string
  /** MessageIdentifierByREMMD, with brackets: ours, also the Message-ID of the dispatch. */
  readonly messageId: string
  /** UAMessageIdentifier: the user's Message-ID verbatim; undefined where there was none to refuse it for. */
  readonly userMessageId: string | undefined
  /** When we decided. */
  readonly decidedAt: string
  readonly sender: { readonly address: string; readonly name: string }
  /** Who acted: the person who logged in. */
  readonly person: { readonly handle: string; readonly shown: string }
  readonly login: { readonly at: string; readonly method: string; readonly detail: string }
  /** All recipients in the order of To, then Cc. Evidence counts them from 1. */
  readonly recipients: readonly RecordedRecipient[]
  /** Decoded for people; what XML cannot carry is U+FFFD. */
  readonly subject: string
  /** SHA-256 of the raw Subject octets, hex, since decoding may lose. */
  readonly subjectDigest: string
  /** Raw header values (one char per octet, unfolded) that the dispatch repeats or answers to. */
  readonly header: {
    readonly from: string
    readonly to: string
    readonly cc: string
    readonly subject: string
    readonly references: string
    readonly inReplyTo?: string
    readonly messageType: string | undefined
  }
  readonly message: {
    readonly size: number
    /** Over the exact octets as received; hex. */
    readonly sha256: string
    readonly eightBit: boolean
  }
  /** Undefined where no signature was found to verify. */
  readonly signature: RecordedSignature | undefined
  /** What it costs is set aside in the sender's purse, and is settled with the outcome of each recipient. */
  readonly reserved?: true
}

export interface RecordedRecipient {
  readonly address: string
  /** Display name from the header, decoded. */
  readonly name: string | undefined
  /** An account of this provider's domain. */
  readonly local: boolean
}

/** Our verdict on the user's signature at acceptance. */
export interface RecordedSignature {
  readonly signer: string
  readonly issuer: string
  readonly serial: string
  /** Handle and name of the person found by the certificate. */
  readonly person: { readonly handle: string; readonly shown: string } | undefined
  /** As the signer claims; no rule depends on it. */
  readonly signingTime: string | undefined
  readonly verifiedAt: string
  /** CAdES-BES: carries an ESS signing-certificate attribute. */
  readonly bes: boolean
  readonly hash: string
  readonly revocation: 'checked' | 'not-checked'
  /** SHA-256, hex, of the archived material (chain, CRLs, OCSP responses, report); evidence names it in an extension. */
  readonly material: string
  /** Its octets. */
  readonly materialSize: number
}
