/** Judges the signers of a CMS: a provider's envelope or a user's message. */
import type { CmsFailure } from '../cms/failure.ts'
import type { CmsReport, CmsSigner } from '../cms/verify.ts'
import type { TimestampToken } from '../ports.ts'
import { TimestampError } from '../tsa/error.ts'
import { entries, type Judged } from './evidence.ts'
import { type Finding, failed, indeterminate, type SignatureEntry, type SubIndication } from './report.ts'
import { checkToken, judgeSigner, type VerifyOptions } from './trust.ts'

const SUB_INDICATIONS: Readonly<Partial<Record<CmsFailure, SubIndication>>> = {
  DIGEST_MISMATCH: 'HASH_FAILURE',
  BAD_SIGNATURE: 'SIG_CRYPTO_FAILURE',
  NO_CERTIFICATE: 'NO_CERTIFICATE_CHAIN_FOUND',
  NO_SIGNERS: 'NO_SIGNATURE',
  WEAK_DIGEST: 'CRYPTO_CONSTRAINTS_FAILURE',
  WEAK_SIGNATURE_ALGORITHM: 'CRYPTO_CONSTRAINTS_FAILURE',
  KEY_TOO_SMALL: 'CRYPTO_CONSTRAINTS_FAILURE',
  PSS_PARAMETERS: 'CRYPTO_CONSTRAINTS_FAILURE',
  NO_SIGNED_ATTRIBUTES: 'SIG_CONSTRAINTS_FAILURE',
  SIGNING_CERTIFICATE_MISMATCH: 'SIG_CONSTRAINTS_FAILURE',
}

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
  provedAt: Date | undefined,
  options: VerifyOptions,
): Judged {
  if (!signer.ok) {
    const findings = [failed(SUB_INDICATIONS[signer.failure] ?? 'FORMAT_FAILURE', signer.detail)]
    const shown = entries(role, findings, signer.certificate, signer.signingTime, undefined)
    return { findings, revocation: 'not-checked', certificate: undefined, provedAt: undefined, ...shown }
  }
  const stamp = signatureTimestamp(signer.timestampToken, signer.signatureValue, options)
  const time = stamp.token?.time ?? provedAt
  const crls = [...options.crls, ...report.crls]
  const trust = judgeSigner(signer.certificate, report.certificates, time ?? options.now, {
    ...options,
    crls,
  })
  const findings = [...stamp.findings, ...trust.findings]
  return {
    findings,
    revocation: trust.revocation,
    certificate: signer.certificate,
    provedAt: time,
    ...entries(role, findings, signer.certificate, signer.signingTime, stamp.token),
  }
}

function signatureTimestamp(
  der: Uint8Array | undefined,
  signature: Uint8Array,
  options: VerifyOptions,
): { token: TimestampToken | undefined; findings: Finding[] } {
  if (der === undefined) return { token: undefined, findings: [] }
  try {
    return { token: checkToken(der, signature, options), findings: [] }
  } catch (error) {
    if (!(error instanceof TimestampError)) throw error
    const finding = error.code === 'UNTRUSTED' ? indeterminate : failed
    return { token: undefined, findings: [finding('TIMESTAMP_FAILURE', error.message)] }
  }
}
