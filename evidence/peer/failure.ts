/** What can be wrong with a peer's envelope for good, and the reason that a rejection evidence gives for it. */
import type { EvidenceReason } from '../../mail/errors.ts'
import type { TrustFailure } from '../ports.ts'
import type { Finding, Reason } from '../verify/reasons.ts'

export const PEER_FAILURES = {
  /** Limits were met, so nobody can say what is in it. */
  MIME_TOO_COMPLEX: 'InvalidMessageFormat',
  /** No detached S/MIME signature beside the signed part. */
  ENVELOPE_FORM: 'InvalidMessageFormat',
  ENVELOPE_SIGNATURE: 'InvalidUserSignature',
  ENVELOPE_TIMESTAMP: 'InvalidUserSignature',
  /** Signed by a certificate that is not registered for this peer. */
  ENVELOPE_SIGNER: 'PolicyViolation',
  ENVELOPE_CERTIFICATE: 'InvalidUserSignature',
  ENVELOPE_CERTIFICATE_EXPIRED: 'UserCertExpiredOrRevoked',
  ENVELOPE_CERTIFICATE_REVOKED: 'UserCertExpiredOrRevoked',
  EVIDENCE_FORM: 'InvalidMessageFormat',
  EVIDENCE_TOO_LARGE: 'InvalidMessageFormat',
  EVIDENCE_TOO_MANY: 'InvalidMessageFormat',
  EVIDENCE_SIGNATURE: 'InvalidUserSignature',
  EVIDENCE_TIMESTAMP: 'InvalidUserSignature',
  EVIDENCE_SIGNER: 'PolicyViolation',
  EVIDENCE_CERTIFICATE: 'InvalidUserSignature',
  EVIDENCE_CERTIFICATE_EXPIRED: 'UserCertExpiredOrRevoked',
  EVIDENCE_CERTIFICATE_REVOKED: 'UserCertExpiredOrRevoked',
  /** Two deliller of one dispatch are about two messages. */
  EVIDENCE_DIFFERS: 'InvalidMessageFormat',
  /** A dispatch without the delil of its submission. */
  NO_ACCEPTANCE: 'InvalidMessageFormat',
  /** Several originals, or one whose octets are wrapped in an encoding. [RFC 2046 §5.2.1] */
  ORIGINAL_FORM: 'InvalidMessageFormat',
  /** The original is not the one that the evidence is about. */
  DIGEST_MISMATCH: 'InvalidMessageFormat',
} as const satisfies Record<string, EvidenceReason>

export type PeerFailureCode = keyof typeof PEER_FAILURES

export interface PeerFailure {
  readonly code: PeerFailureCode
  readonly reason: EvidenceReason
  /** Codes and what they are about; never a text of the message or of its certificates, which may be long or name people. */
  readonly details: string
}

/** Why something does not hold: for good, or because we could not learn it now. */
export type Refusal = PeerFailure | { readonly temporary: string }

export const failure = (code: PeerFailureCode, details: string): PeerFailure => ({
  code,
  reason: PEER_FAILURES[code],
  details: (details === '' ? code : `${code}: ${details}`).slice(0, MAX_DETAILS),
})

/** Stands in a row of work and in evidence. */
const MAX_DETAILS = 200

type Signed = 'ENVELOPE' | 'EVIDENCE'

/** The result of a path as a refusal; what cannot be learned now is never a verdict. */
export function pathRefusal(signed: Signed, reason: TrustFailure): Refusal {
  if (reason === 'REVOCATION_UNKNOWN') return { temporary: `${signed} ${reason}` }
  if (reason === 'REVOKED') return failure(`${signed}_CERTIFICATE_REVOKED`, '')
  if (reason === 'EXPIRED') return failure(`${signed}_CERTIFICATE_EXPIRED`, '')
  return failure(`${signed}_CERTIFICATE`, reason)
}

export function stampRefusal(signed: Signed, reason: TrustFailure): Refusal {
  return reason === 'REVOCATION_UNKNOWN'
    ? { temporary: `${signed} time-stamp ${reason}` }
    : failure(`${signed}_TIMESTAMP`, reason)
}

/** What the offline verifier found, in our words. */
export const findingFailure = ({ reason }: Finding): PeerFailure => failure(codeOf(reason), reason)

const CODES: Readonly<Partial<Record<Reason, PeerFailureCode>>> = {
  XADES_NOT_XML: 'EVIDENCE_FORM',
  XADES_SIGNATURE_COUNT: 'EVIDENCE_FORM',
  XADES_DUPLICATE_ID: 'EVIDENCE_FORM',
  XADES_SIGNATURE_FORMAT: 'EVIDENCE_FORM',
  EVIDENCE_UNREADABLE: 'EVIDENCE_FORM',
  TIMESTAMP_MISSING: 'EVIDENCE_TIMESTAMP',
  TIMESTAMP_NOT_PROVED: 'EVIDENCE_TIMESTAMP',
  TOKEN_IN_FUTURE: 'EVIDENCE_TIMESTAMP',
  TIME_AFTER_STAMP: 'EVIDENCE_TIMESTAMP',
  TIME_LONG_BEFORE_STAMP: 'EVIDENCE_TIMESTAMP',
  CERTIFICATE_REVOKED: 'EVIDENCE_CERTIFICATE_REVOKED',
  CERTIFICATE_REVOKED_NO_PROOF: 'EVIDENCE_CERTIFICATE_REVOKED',
  CERTIFICATE_EXPIRED: 'EVIDENCE_CERTIFICATE_EXPIRED',
  CERTIFICATE_NOT_YET_VALID: 'EVIDENCE_CERTIFICATE_EXPIRED',
  CERTIFICATE_LATER_THAN_SIGNATURE: 'EVIDENCE_CERTIFICATE_EXPIRED',
}

const codeOf = (reason: Reason): PeerFailureCode =>
  CODES[reason] ?? (reason.startsWith('CERTIFICATE_') ? 'EVIDENCE_CERTIFICATE' : 'EVIDENCE_SIGNATURE')
