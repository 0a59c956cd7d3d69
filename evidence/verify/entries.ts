/** What a report shows of one signature and of one time-stamp. */
import type { Certificate } from '../ports.ts'
import { type Finding, worst } from './reasons.ts'
import type { Judgement, SignatureEntry, TimestampEntry } from './report.ts'

export const judgementOf = (findings: readonly Finding[]): Judgement => {
  const finding = worst(findings)
  return {
    verdict: finding?.verdict ?? 'TOTAL-PASSED',
    subIndication: finding?.subIndication,
    reason: finding?.reason,
    detail: finding?.detail,
  }
}

const holderOf = (certificate: Certificate | undefined) => ({
  issuer: certificate?.issuer.text,
  certificateSerial: certificate?.serial,
  fingerprint: certificate?.fingerprint,
})

const qualificationOf = ({ qualification }: Certificate): SignatureEntry['qualified'] =>
  qualification?.isQualified === true ? (qualification.national ?? 'qualified') : undefined

/** Of the signature alone; its time-stamp has an entry of its own. */
export const signatureEntry = (shown: {
  readonly role: SignatureEntry['role']
  readonly findings: readonly Finding[]
  readonly format?: SignatureEntry['format']
  readonly algorithm?: string | undefined
  readonly certificate?: Certificate | undefined
  readonly signingTime?: Date | undefined
  /** By its own time-stamp. */
  readonly stampedAt?: Date | undefined
  readonly provedAt?: Date | undefined
  readonly revocation: SignatureEntry['revocation']
  readonly statusOf?: Date | undefined
}): SignatureEntry => {
  const { certificate } = shown
  return {
    role: shown.role,
    ...judgementOf(shown.findings),
    format: shown.format,
    algorithm: shown.algorithm,
    signer: certificate?.subject.text,
    ...holderOf(certificate),
    qualified: certificate && qualificationOf(certificate),
    signingTime: shown.signingTime?.toISOString(),
    timestamp: shown.stampedAt?.toISOString(),
    bestSignatureTime: shown.provedAt?.toISOString(),
    revocation: shown.revocation,
    statusOf: shown.statusOf?.toISOString(),
  }
}

export const timestampEntry = (
  role: TimestampEntry['role'],
  findings: readonly Finding[],
  token: { time: Date; serial: string; policy: string; certificate: Certificate | undefined } | undefined,
  revocation: TimestampEntry['revocation'],
  hasRunOut = false,
): TimestampEntry => ({
  role,
  ...judgementOf(findings),
  time: token?.time.toISOString(),
  authority: token?.certificate?.subject.text,
  ...holderOf(token?.certificate),
  serial: token?.serial,
  policy: token?.policy,
  revocation,
  hasRunOut,
})
