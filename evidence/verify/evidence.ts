/** Verifies one delil: its signature, its time-stamp, the certificates at the time that the stamp proves. */
import { type EvidenceFields, readEvidence } from '../model/read.ts'
import type { Certificate, TimestampToken } from '../ports.ts'
import type { XadesFailure } from '../xades/report.ts'
import { verifyXades } from '../xades/verify.ts'
import { XmlError } from '../xml/tree.ts'
import {
  type Finding,
  failed,
  indeterminate,
  type SignatureEntry,
  type SubIndication,
  type TimestampEntry,
  worst,
} from './report.ts'
import { checkToken, judgeSigner, type VerifyOptions } from './trust.ts'

/** One signature of a file, with what it proves. */
export interface Judged {
  readonly findings: readonly Finding[]
  readonly revocation: 'checked' | 'not-checked'
  readonly signature: SignatureEntry
  readonly timestamp: TimestampEntry | undefined
  readonly certificate: Certificate | undefined
  /** When the signature is proved to have existed. */
  readonly provedAt: Date | undefined
}

export interface JudgedEvidence extends Judged {
  /** Only where the signature holds: facts from an unverified tree are nobody's facts. */
  readonly fields: EvidenceFields | undefined
  /** The time-stamp behind {@link Judged.timestamp}. */
  readonly token: TimestampToken | undefined
  /** What the signature brought along, the signer's certificate first. */
  readonly certificates: readonly Certificate[]
}

const SUB_INDICATIONS: Readonly<Record<XadesFailure, SubIndication>> = {
  NOT_XML: 'FORMAT_FAILURE',
  NO_SIGNATURE: 'NO_SIGNATURE',
  SIGNATURE_COUNT: 'FORMAT_FAILURE',
  DUPLICATE_ID: 'FORMAT_FAILURE',
  SIGNATURE_FORMAT: 'FORMAT_FAILURE',
  REFERENCES: 'SIG_CONSTRAINTS_FAILURE',
  TRANSFORMS: 'SIG_CONSTRAINTS_FAILURE',
  WEAK_ALGORITHM: 'CRYPTO_CONSTRAINTS_FAILURE',
  TARGET_MISMATCH: 'SIG_CONSTRAINTS_FAILURE',
  HASH_FAILURE: 'HASH_FAILURE',
  SIGNING_CERTIFICATE: 'SIG_CONSTRAINTS_FAILURE',
  SIG_CRYPTO_FAILURE: 'SIG_CRYPTO_FAILURE',
  TIMESTAMP_INVALID: 'TIMESTAMP_FAILURE',
  TIMESTAMP_UNTRUSTED: 'TIMESTAMP_FAILURE',
}

export function verifyEvidence(octets: Uint8Array, options: VerifyOptions): JudgedEvidence {
  const report = verifyXades(octets, (der, stamped) => checkToken(der, stamped, options))
  if (!report.ok) {
    // An anchor or a list that is not at hand proves nothing against the evidence. [EN 319 102-1 §5.2.6]
    const finding = report.failure === 'TIMESTAMP_UNTRUSTED' ? indeterminate : failed
    return broken(finding(SUB_INDICATIONS[report.failure], report.detail))
  }
  const { certificate, certificates, timestamp } = report
  let fields: EvidenceFields
  try {
    fields = readEvidence(report.root)
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    return broken(failed('FORMAT_FAILURE', error.message))
  }
  const provedAt = timestamp?.time
  const trust = judgeSigner(certificate, certificates, provedAt ?? options.now, options)
  const findings = [...trust.findings]
  if (timestamp === undefined && options.unstampedEvidence !== 'accept')
    findings.push(indeterminate('TIMESTAMP_FAILURE', 'the evidence carries no time-stamp'))
  return {
    findings,
    revocation: trust.revocation,
    certificate,
    provedAt,
    fields,
    token: timestamp,
    certificates,
    ...entries('evidence', findings, certificate, report.signingTime, timestamp),
  }
}

const broken = (finding: Finding): JudgedEvidence => ({
  findings: [finding],
  revocation: 'not-checked',
  certificate: undefined,
  provedAt: undefined,
  fields: undefined,
  token: undefined,
  certificates: [],
  ...entries('evidence', [finding], undefined, undefined, undefined),
})

/** What the report shows of one signature. */
const qualificationOf = ({ qualification }: Certificate): SignatureEntry['qualified'] =>
  qualification?.isQualified === true ? (qualification.national ?? 'qualified') : undefined

export function entries(
  role: SignatureEntry['role'],
  findings: readonly Finding[],
  certificate: Certificate | undefined,
  signingTime: Date | undefined,
  timestamp: { time: Date; serial: string; policy: string; certificate: Certificate } | undefined,
): { signature: SignatureEntry; timestamp: TimestampEntry | undefined } {
  const finding = worst(findings)
  return {
    signature: {
      role,
      verdict: finding?.verdict ?? 'TOTAL-PASSED',
      subIndication: finding?.subIndication,
      detail: finding?.detail,
      signer: certificate?.subject.text,
      issuer: certificate?.issuer.text,
      qualified: certificate && qualificationOf(certificate),
      signingTime: signingTime?.toISOString(),
      timestamp: timestamp?.time.toISOString(),
    },
    timestamp: timestamp && {
      role,
      time: timestamp.time.toISOString(),
      authority: timestamp.certificate.subject.text,
      serial: timestamp.serial,
      policy: timestamp.policy,
    },
  }
}
