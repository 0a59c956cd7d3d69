/** Judges the signers of a CMS: a provider's envelope or a user's message. */
import type { CmsReport, CmsSigner } from '../cms/verify.ts'
import { signatureEntry } from './entries.ts'
import type { Judged } from './evidence.ts'
import { findingOf } from './reasons.ts'
import type { SignatureEntry, SignatureFormat } from './report.ts'
import { judgeToken } from './token.ts'
import { CLOCKS_DIFFER_MS, judgeSigner, type VerifyOptions } from './trust.ts'

/** @param provedAt a proof from elsewhere that the signature existed then; its own time-stamp counts first */
export const judgeCms = (
  role: SignatureEntry['role'],
  report: CmsReport,
  provedAt: Date | undefined,
  options: VerifyOptions,
): Judged[] => report.signers.map((signer) => judgeOne(role, signer, report, provedAt, options))

function judgeOne(
  role: SignatureEntry['role'],
  signer: CmsSigner,
  report: CmsReport,
  elsewhere: Date | undefined,
  options: VerifyOptions,
): Judged {
  const { certificate, signingTime } = signer
  const algorithm = signer.algorithm && signer.hash && `${signer.algorithm}-${signer.hash}`
  const shown = { role, certificate, signingTime, algorithm }
  if (!signer.ok) {
    const findings = [findingOf(`CMS_${signer.failure}`, signer.detail)]
    const signature = signatureEntry({ ...shown, findings, revocation: 'not-checked' })
    const nothing = { timestamp: undefined, certificate: undefined, provedAt: undefined }
    return { findings, revocation: 'not-checked', signature, ...nothing }
  }
  const stamp =
    signer.timestampToken && judgeToken(role, signer.timestampToken, signer.signatureValue, options)
  const stampedAt = stamp?.token?.time
  const unproved = stamp !== undefined && stamp.findings.length > 0
  const provedAt = (unproved ? undefined : stampedAt) ?? elsewhere
  const crls = [...options.crls, ...report.crls]
  const trust = judgeSigner(role, signer.certificate, report.certificates, provedAt, { ...options, crls })
  const isLate =
    !unproved &&
    stampedAt !== undefined &&
    signingTime !== undefined &&
    signingTime.getTime() > stampedAt.getTime() + CLOCKS_DIFFER_MS
  const own = [
    ...(unproved ? [findingOf('TIMESTAMP_NOT_PROVED')] : []),
    ...(isLate ? [findingOf('TIME_AFTER_STAMP', signingTime.toISOString())] : []),
    ...trust.findings,
  ]
  return {
    findings: [...(stamp?.findings ?? []), ...own],
    revocation: trust.revocation,
    certificate: signer.certificate,
    provedAt,
    signature: signatureEntry({
      ...shown,
      findings: own,
      format: formatOf(signer),
      stampedAt,
      provedAt,
      revocation: trust.revocation,
      statusOf: trust.statusOf,
    }),
    timestamp: stamp?.entry,
  }
}

const formatOf = ({ bes, timestampToken }: CmsSigner): SignatureFormat => {
  if (!bes) return 'CMS'
  return timestampToken === undefined ? 'CAdES-BES' : 'CAdES B-T'
}
