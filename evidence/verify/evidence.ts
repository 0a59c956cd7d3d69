/** Verifies one delil: its signature, its time-stamp, the certificates at the time that the stamp proves. */
import { type EvidenceFields, readEvidence } from '../model/read.ts'
import type { Certificate, TimestampToken } from '../ports.ts'
import type { ClaimedSignature, ValidationValues, XadesFailure } from '../xades/report.ts'
import { verifyXades } from '../xades/verify.ts'
import { type XmlElement, XmlError } from '../xml/tree.ts'
import { signatureEntry } from './entries.ts'
import { type Finding, findingOf, type Reason } from './reasons.ts'
import type { SignatureEntry, TimestampEntry } from './report.ts'
import { type JudgedToken, judgeToken } from './token.ts'
import { CLOCKS_DIFFER_MS, judgeSigner, type VerifyOptions } from './trust.ts'

/** One signature of a file, with what it proves. */
export interface Judged {
  /** Of the signature and of its time-stamp. */
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

export function verifyEvidence(octets: Uint8Array, given: VerifyOptions): JudgedEvidence {
  let stamp: JudgedToken | undefined
  const report = verifyXades(octets, (der, stamped, values) => {
    stamp = judgeToken('evidence', der, stamped, withValues(given, values))
    if (stamp.token === undefined) throw new Error(stamp.entry.detail)
    return stamp.token
  })
  if (!report.ok) {
    const findings = [findingOf(reasonOf(report.failure), report.detail)]
    return broken(findings, stamp, report)
  }
  const { certificate, certificates, timestamp } = report
  const claims = stamp?.findings ?? []
  const provedAt = claims.length === 0 ? timestamp?.time : undefined
  const options = withValues(given, report.values)
  const trust = judgeSigner('evidence', certificate, certificates, provedAt, options)
  const findings = [...trust.findings]
  const fields = fieldsOf(report.root, findings)
  if (claims.length > 0) findings.push(findingOf('TIMESTAMP_NOT_PROVED'))
  if (provedAt !== undefined) findings.push(...untimely(provedAt, report.signingTime, fields))
  if (timestamp === undefined && options.unstampedEvidence !== 'accept')
    findings.push(findingOf('TIMESTAMP_MISSING'))
  return {
    findings: [...claims, ...findings],
    revocation: trust.revocation,
    certificate,
    provedAt,
    fields,
    token: timestamp,
    certificates,
    signature: signatureEntry({
      role: 'evidence',
      findings,
      format: `XAdES ${report.level}`,
      algorithm: report.algorithm,
      certificate,
      signingTime: report.signingTime,
      stampedAt: timestamp?.time,
      provedAt,
      revocation: trust.revocation,
      statusOf: trust.statusOf,
    }),
    timestamp: stamp?.entry,
  }
}

/** A time without a zone is some time within fourteen hours; nothing is held against it. [XML Schema 2 §3.2.7] */
const instantOf = (text: string): Date | undefined =>
  /(?:Z|[+-]\d\d:\d\d)$/.test(text) ? new Date(text) : undefined

/** Evidence waits for its time-stamp while no TSA answers: days at worst, and never years. */
const LONGEST_WAIT_MS = 7 * 86_400_000

/** What evidence says of time, beside the one that is proved: it can neither come after its stamp nor long before it. */
function untimely(
  stampedAt: Date,
  signingTime: Date | undefined,
  fields: EvidenceFields | undefined,
): Finding[] {
  const claimed = [signingTime, fields && instantOf(fields.eventTime)].filter((time) => time !== undefined)
  return claimed.flatMap((time) => {
    const early = stampedAt.getTime() - time.getTime()
    if (early < -CLOCKS_DIFFER_MS) return findingOf('TIME_AFTER_STAMP', time.toISOString())
    return early > LONGEST_WAIT_MS ? findingOf('TIME_LONG_BEFORE_STAMP', time.toISOString()) : []
  })
}

/** A signature may hold whatever it signs; then it is good for nothing here, and nothing is said against it. */
function fieldsOf(root: XmlElement, findings: Finding[]): EvidenceFields | undefined {
  try {
    return readEvidence(root)
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    findings.push(findingOf('EVIDENCE_UNREADABLE', error.message))
    return undefined
  }
}

/** What a signature carries is at hand like what the verifier was given: each counts by its own signature. */
function withValues(options: VerifyOptions, { certificates, crls, ocsps }: ValidationValues): VerifyOptions {
  if (certificates.length + crls.length + ocsps.length === 0) return options
  return {
    ...options,
    intermediates: [...options.intermediates, ...certificates],
    crls: [...options.crls, ...crls],
    ocsps: [...(options.ocsps ?? []), ...ocsps],
  }
}

/** The token says itself what is wrong with it. */
const reasonOf = (code: XadesFailure): Reason =>
  code === 'TIMESTAMP_INVALID' || code === 'TIMESTAMP_UNTRUSTED' ? 'TIMESTAMP_NOT_PROVED' : `XADES_${code}`

const broken = (
  own: readonly Finding[],
  stamp: JudgedToken | undefined,
  { certificate, signingTime, algorithm, level }: ClaimedSignature,
): JudgedEvidence => ({
  findings: [...(stamp?.findings ?? []), ...own],
  revocation: 'not-checked',
  certificate: undefined,
  provedAt: undefined,
  fields: undefined,
  token: undefined,
  certificates: [],
  signature: signatureEntry({
    role: 'evidence',
    findings: own,
    format: level && `XAdES ${level}`,
    algorithm,
    certificate,
    signingTime,
    revocation: 'not-checked',
  }),
  timestamp: stamp?.entry,
})
