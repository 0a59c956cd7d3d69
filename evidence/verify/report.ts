/** What verifying a file says. The names of verdicts follow EN 319 102-1; so do sub-indications. [EN 319 102-1 §5.1] */
import type { Finding, Reason } from './reasons.ts'

export type VerificationVerdict = 'TOTAL-PASSED' | 'INDETERMINATE' | 'TOTAL-FAILED'

/** What the standard names beside each verdict, and no name of our own. [EN 319 102-1 §5.1.3] */
export const FAILED_SUB_INDICATIONS = [
  'FORMAT_FAILURE',
  'HASH_FAILURE',
  'SIG_CRYPTO_FAILURE',
  'REVOKED',
  'EXPIRED',
  'NOT_YET_VALID',
] as const

export const INDETERMINATE_SUB_INDICATIONS = [
  'SIG_CONSTRAINTS_FAILURE',
  'CHAIN_CONSTRAINTS_FAILURE',
  'CERTIFICATE_CHAIN_GENERAL_FAILURE',
  'CRYPTO_CONSTRAINTS_FAILURE',
  'EXPIRED',
  'NOT_YET_VALID',
  'POLICY_PROCESSING_ERROR',
  'SIGNATURE_POLICY_NOT_AVAILABLE',
  'TIMESTAMP_ORDER_FAILURE',
  'NO_SIGNING_CERTIFICATE_FOUND',
  'NO_CERTIFICATE_CHAIN_FOUND',
  'REVOKED_NO_POE',
  'REVOKED_CA_NO_POE',
  'OUT_OF_BOUNDS_NOT_REVOKED',
  'OUT_OF_BOUNDS_NO_POE',
  'REVOCATION_OUT_OF_BOUNDS_NO_POE',
  'CRYPTO_CONSTRAINTS_FAILURE_NO_POE',
  'NO_POE',
  'TRY_LATER',
  'SIGNED_DATA_NOT_FOUND',
  'CUSTOM',
] as const

export type FailedSubIndication = (typeof FAILED_SUB_INDICATIONS)[number]
export type IndeterminateSubIndication = (typeof INDETERMINATE_SUB_INDICATIONS)[number]
export type SubIndication = FailedSubIndication | IndeterminateSubIndication

/** The verdict on one thing, and why it is not better. */
export interface Judgement {
  readonly verdict: VerificationVerdict
  readonly subIndication: SubIndication | undefined
  /** Our own, more exact than the standard's name: a closed set. */
  readonly reason: Reason | undefined
  /** For who looks closer, in English. */
  readonly detail: string | undefined
}

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

export type SignatureFormat =
  | 'XAdES B-B'
  | 'XAdES B-T'
  | 'XAdES B-LT'
  | 'CAdES-BES'
  | 'CAdES B-T'
  /** Without the attribute that names the certificate. */
  | 'CMS'

/** Who made a signature or a token, as the certificate says. */
interface Holder {
  readonly issuer: string | undefined
  /** Of the certificate: its serial number in hex, and SHA-256 over it. */
  readonly certificateSerial: string | undefined
  readonly fingerprint: string | undefined
}

export interface SignatureEntry extends Judgement, Holder {
  /** What was signed: an envelope, a delil, the user's own message; the list of a pack, the heads of a seal. */
  readonly role: 'envelope' | 'evidence' | 'user' | 'pack' | 'seal' | 'statement'
  /** undefined where it could not be read. */
  readonly format: SignatureFormat | undefined
  /** `rsa-pkcs1-sha256` */
  readonly algorithm: string | undefined
  readonly signer: string | undefined
  /** What the certificate states of itself: Turkish NES or e-seal, or qualified elsewhere. */
  readonly qualified: 'nes' | 'e-seal' | 'qualified' | undefined
  /** ISO times; claimed by the signer, and proved by its own time-stamp. */
  readonly signingTime: string | undefined
  readonly timestamp: string | undefined
  /** ISO time: by when the signature existed, whoever proves it; undefined where nothing does. */
  readonly bestSignatureTime: string | undefined
  readonly revocation: 'checked' | 'not-checked'
  /** ISO time of the list or answer that told the signer's status; one from before the signature knows nothing of it. */
  readonly statusOf: string | undefined
}

export interface TimestampEntry extends Judgement, Holder {
  /** Of which signature. */
  readonly role: SignatureEntry['role']
  /** What the token says; undefined where it cannot be read. It proves something only where the verdict is TOTAL-PASSED. */
  readonly time: string | undefined
  readonly authority: string | undefined
  readonly serial: string | undefined
  readonly policy: string | undefined
  readonly revocation: 'checked' | 'not-checked'
  /** The authority's certificate has run out since, and nothing later proves the stamp: its archive does. */
  readonly hasRunOut: boolean
}

/** What proves that a file existed at a time, long after its own signatures' certificates ran out. */
export interface ProofEntry {
  /** ISO time; undefined where it was not sealed yet. */
  readonly provedAt: string | undefined
  /** The seal's time-stamp and each that renewed it. */
  readonly stamps: readonly { readonly time: string; readonly authority: string; readonly hash: string }[]
}

/** What an opaque signature has inside. */
export interface ContentEntry {
  /** Dotted OID, as the signature says: 1.2.840.113549.1.7.1 is plain data. */
  readonly type: string
  /** Of mail: the MIME type of what is inside. */
  readonly mime: string | undefined
  readonly octets: number
  /** Where a file was given as what is signed: whether it is what is inside. */
  readonly beside?: 'same' | 'different' | undefined
}

export interface FileReport extends Judgement {
  readonly file: string
  readonly kind: FileKind
  /** All that speaks against the file and what is in it, the worst first; the verdict is the first one's. */
  readonly findings: readonly Finding[]
  /** `checked` only where every path was. */
  readonly revocation: 'checked' | 'not-checked'
  /** `checked` where providers, users and time-stamps had anchors of their own, or nobody signed as a provider. */
  readonly roles: 'checked' | 'not-checked'
  readonly signatures: readonly SignatureEntry[]
  readonly timestamps: readonly TimestampEntry[]
  /** Of a signature that has its content inside. */
  readonly content?: ContentEntry | undefined
  /** Of evidence: the provider that it names as its issuer; compare it with the signer. */
  readonly statedIssuer?: string | undefined
  /** Of a file in an audit pack. */
  readonly proof?: ProofEntry | undefined
  /** Of an audit pack: stretches of chains in which no record is missing, by their first and last numbers. */
  readonly ranges?: readonly { readonly chain: string; readonly from: number; readonly upTo: number }[]
  /** And how far its seals say that each chain reaches; that one goes on after it no pack can show. */
  readonly reach?: readonly { readonly chain: string; readonly upTo: number }[]
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
