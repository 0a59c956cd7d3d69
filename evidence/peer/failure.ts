/** What can be wrong with a peer's envelope for good, and the reason that a rejection evidence gives for it. */
import type { EvidenceReason } from '../../mail/errors.ts'
import type { TrustFailure } from '../ports.ts'
import type { SubIndication } from '../verify/report.ts'

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
export const findingFailure = (subIndication: SubIndication): PeerFailure =>
  failure(CODES[subIndication] ?? 'EVIDENCE_SIGNATURE', subIndication)

const CODES: Readonly<Partial<Record<SubIndication, PeerFailureCode>>> = {
  FORMAT_FAILURE: 'EVIDENCE_FORM',
  TIMESTAMP_FAILURE: 'EVIDENCE_TIMESTAMP',
  CERTIFICATE_REVOKED: 'EVIDENCE_CERTIFICATE_REVOKED',
  OUT_OF_BOUNDS_NO_POE: 'EVIDENCE_CERTIFICATE_EXPIRED',
  NO_CERTIFICATE_CHAIN_FOUND: 'EVIDENCE_CERTIFICATE',
  CHAIN_CONSTRAINTS_FAILURE: 'EVIDENCE_CERTIFICATE',
}
