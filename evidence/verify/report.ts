/** What verifying a file says. The names of verdicts follow EN 319 102-1; sub-indications are a closed set. [EN 319 102-1 §5.1] */
export type VerificationVerdict = 'TOTAL-PASSED' | 'INDETERMINATE' | 'TOTAL-FAILED'

export type SubIndication =
  | 'FORMAT_FAILURE'
  | 'HASH_FAILURE'
  | 'SIG_CRYPTO_FAILURE'
  | 'SIG_CONSTRAINTS_FAILURE'
  | 'CRYPTO_CONSTRAINTS_FAILURE'
  | 'NO_CERTIFICATE_CHAIN_FOUND'
  | 'CHAIN_CONSTRAINTS_FAILURE'
  | 'CERTIFICATE_REVOKED'
  | 'OUT_OF_BOUNDS_NO_POE'
  | 'TRY_LATER'
  | 'TIMESTAMP_FAILURE'
  | 'TIMESTAMP_ORDER_FAILURE'
  | 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE'
  | 'NO_POE'
  | 'NO_SIGNATURE'
  /** An octet outside what is signed is not the one that our layout puts there. */
  | 'UNSIGNED_OCTETS'
  /** The original is not the one that the evidence is about. */
  | 'DIGEST_MISMATCH'
  /** Envelope and evidence come from different signers. */
  | 'SIGNER_MISMATCH'
  | 'UNKNOWN_FILE'

export type FileKind =
  | 'evidence'
  | 'dispatch'
  | 'receipt'
  | 'message'
  | 'signature'
  | 'audit-pack'
  /** Of a pack: what is no delil. */
  | 'record'
  | 'unknown'

export interface SignatureEntry {
  /** What was signed: an envelope, a delil, the user's own message; the list of a pack, the heads of a seal. */
  readonly role: 'envelope' | 'evidence' | 'user' | 'pack' | 'seal'
  readonly verdict: VerificationVerdict
  readonly subIndication: SubIndication | undefined
  readonly detail: string | undefined
  readonly signer: string | undefined
  readonly issuer: string | undefined
  /** What the certificate states of itself: Turkish NES or e-seal, or qualified elsewhere. */
  readonly qualified: 'nes' | 'e-seal' | 'qualified' | undefined
  /** ISO times; claimed by the signer, and proved by the time-stamp. */
  readonly signingTime: string | undefined
  readonly timestamp: string | undefined
}

export interface TimestampEntry {
  readonly role: SignatureEntry['role']
  readonly time: string
  readonly authority: string
  readonly serial: string
  readonly policy: string
}

/** What proves that a file existed at a time, long after its own signatures' certificates ran out. */
export interface ProofEntry {
  /** ISO time; undefined where it was not sealed yet. */
  readonly provedAt: string | undefined
  /** The seal's time-stamp and each that renewed it. */
  readonly stamps: readonly { readonly time: string; readonly authority: string; readonly hash: string }[]
}

export interface FileReport {
  readonly file: string
  readonly kind: FileKind
  readonly verdict: VerificationVerdict
  readonly subIndication: SubIndication | undefined
  /** `checked` only where every path was. */
  readonly revocation: 'checked' | 'not-checked'
  readonly signatures: readonly SignatureEntry[]
  readonly timestamps: readonly TimestampEntry[]
  /** Of a file in an audit pack. */
  readonly proof?: ProofEntry | undefined
  /** Of an audit pack: stretches of chains in which no record is missing, by their first and last numbers. */
  readonly ranges?: readonly { readonly chain: string; readonly from: number; readonly upTo: number }[]
  readonly fields: ReportFields
}

/** What the screen shows in Turkish. */
export interface ReportFields {
  readonly mesaj: string
  readonly detayMesaji: string
  readonly konu: string
  readonly dosyaAdi: string
  readonly alicilar: readonly string[]
  readonly remmdId: string
  readonly delilId: string
}

/** One thing that speaks against the file. */
export interface Finding {
  readonly verdict: Exclude<VerificationVerdict, 'TOTAL-PASSED'>
  readonly subIndication: SubIndication
  readonly detail: string
}

export const failed = (subIndication: SubIndication, detail: string): Finding => ({
  verdict: 'TOTAL-FAILED',
  subIndication,
  detail,
})

export const indeterminate = (subIndication: SubIndication, detail: string): Finding => ({
  verdict: 'INDETERMINATE',
  subIndication,
  detail,
})

/** A failure outweighs a doubt, and the first of equals is told. */
export const worst = (findings: readonly Finding[]): Finding | undefined =>
  findings.find(({ verdict }) => verdict === 'TOTAL-FAILED') ?? findings[0]
