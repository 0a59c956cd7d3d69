/**
 * Verifies mail: a dispatch or a receipt of a provider with everything inside, or a message that a user signed. What is
 * inside is verified too, and the digest in the evidence is compared with the original beside it.
 */
import { hash } from 'node:crypto'
import { decodeHeaderText } from '../../mail/encoded-word.ts'
import { MimeIndexer } from '../../mail/mime-index.ts'
import type { MimePart } from '../../mail/mime-part.ts'
import { type CmsReport, verifyDetached } from '../cms/verify.ts'
import type { EvidenceFields } from '../model/read.ts'
import { isEvidenceRoot } from '../model/roots.ts'
import type { Certificate } from '../ports.ts'
import { hashOfDigestUri } from '../xades/algorithms.ts'
import { judgeCms } from './cms.ts'
import { type ContentSink, judgeEnclosed } from './enclosed.ts'
import { type Judged, type JudgedEvidence, verifyEvidence } from './evidence.ts'
import { holderOf, isOfAccount } from './holder.ts'
import { hasLayout, strangeOctets } from './outer-octets.ts'
import { partOctets } from './part-octets.ts'
import { type Finding, findingOf } from './reasons.ts'
import { beginsAsMail, hasBareLineEnds } from './recognise.ts'
import type { ContentEntry, FileKind } from './report.ts'
import { strictSignedData } from './signed-data-shape.ts'
import type { VerifyOptions } from './trust.ts'

export interface JudgedMessage {
  readonly kind: FileKind
  readonly subject: string
  readonly judged: readonly Judged[]
  readonly evidence: readonly EvidenceFields[]
  readonly findings: readonly Finding[]
  readonly content?: ContentEntry | undefined
}

/** @param sink gets what an opaque signature of a user has inside */
export async function verifyMessage(
  octets: Uint8Array,
  options: VerifyOptions,
  sink?: ContentSink,
): Promise<JudgedMessage> {
  const index = new MimeIndexer()
  index.push(Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength))
  const { root, faults } = index.end()
  const subject = decodeHeaderText(root.envelope?.subject ?? '')
  if (faults.length > 0)
    return unsigned('message', subject, findingOf('MESSAGE_TOO_COMPLEX', faults.join(' ')))
  const parts = evidenceParts(root)
  if (parts.length > 0) return verifyEnvelope(octets, root, parts, subject, options)
  const { judged, content, isEncrypted } = await verifyUser(octets, root, undefined, options, sink)
  if (isEncrypted) return unsigned('message', subject, findingOf('ENCRYPTED'))
  if (judged.length === 0)
    return beginsAsMail(octets)
      ? unsigned('message', subject, findingOf('MESSAGE_NOT_SIGNED'))
      : unsigned('unknown', subject, findingOf('NOT_A_SIGNATURE'))
  const findings = judged.flatMap((one) => one.findings)
  return { kind: 'message', subject, judged, evidence: [], findings: withCause(octets, findings), content }
}

/** Line ends that were changed explain why digests differ, so they are told first. */
const withCause = (octets: Uint8Array, findings: readonly Finding[]): readonly Finding[] =>
  hasBareLineEnds(octets) && findings.some(({ subIndication }) => BROKEN_BY_LINE_ENDS.has(subIndication))
    ? [findingOf('LINE_ENDS'), ...findings]
    : findings

const BROKEN_BY_LINE_ENDS: ReadonlySet<string> = new Set(['HASH_FAILURE', 'FORMAT_FAILURE'])

const unsigned = (kind: FileKind, subject: string, finding: Finding): JudgedMessage => ({
  kind,
  subject,
  judged: [],
  evidence: [],
  findings: [finding],
})

/** XML parts directly in the signed multipart/mixed that are called after an evidence root, or say that they are one. */
function evidenceParts(root: MimePart): MimePart[] {
  const [mixed] = isSigned(root) ? root.children : []
  if (mixed === undefined || mixed.type !== 'multipart' || mixed.subtype !== 'mixed') return []
  return mixed.children.filter((part) => {
    const name = part.params.get('name') ?? part.disposition?.params.get('filename') ?? ''
    return part.subtype === 'xml' && isEvidenceRoot(name.replace(/\.xml$/i, ''))
  })
}

const isSigned = (part: MimePart): boolean => part.type === 'multipart' && part.subtype === 'signed'

async function verifyEnvelope(
  octets: Uint8Array,
  root: MimePart,
  parts: readonly MimePart[],
  subject: string,
  options: VerifyOptions,
): Promise<JudgedMessage> {
  const evidence = parts.map((part) => {
    const decoded = partOctets(octets, part)
    return verifyEvidence(decoded ?? new Uint8Array(0), options)
  })
  const [signed, signature] = root.children
  const cms = signature === undefined ? undefined : partOctets(octets, signature)
  const report = await verifyPart(octets, signed, cms)
  const envelope = judgeCms('envelope', report, undefined, options)
  const findings = [...outerFindings(octets, root, cms, report)]
  // Else a user could sign an old delil of somebody and pass the mail off as the provider's. Evidence that does not hold says so.
  const issuers = evidence.filter(({ fields }) => fields !== undefined)
  const signers = envelope.flatMap(({ certificate }) => certificate ?? [])
  if (issuers.length > 0 && !signers.some((signer) => issuers.some((one) => isIssuers(signer, one))))
    findings.push(findingOf('SIGNER_MISMATCH'))
  const original = root.children[0]?.children.find(
    ({ type, subtype }) => type === 'message' && subtype === 'rfc822',
  )
  const user =
    original === undefined ? [] : await verifyOriginal(octets, original, evidence, findings, options)
  const judged = [...envelope, ...evidence, ...user]
  return {
    kind: original === undefined ? 'receipt' : 'dispatch',
    subject,
    judged,
    evidence: evidence.flatMap(({ fields }) => (fields === undefined ? [] : [fields])),
    findings: withCause(octets, [...findings, ...judged.flatMap((one) => one.findings)]),
  }
}

/** Roles of a provider have certificates of their own, and its accounts may have some of the same organization. */
function isIssuers(signer: Certificate, { certificate, fields }: JudgedEvidence): boolean {
  if (certificate === undefined || fields === undefined || holderOf(signer) !== holderOf(certificate))
    return false
  const { addresses } = fields.issuer
  if (addresses.length === 0) return signer.subject.text === certificate.subject.text
  const own = [...addresses, ...certificate.emailAddresses]
  return !addresses.some((one) => isOfAccount(signer, one.slice(one.lastIndexOf('@') + 1).toLowerCase(), own))
}

/** What speaks against the octets outside the signed part; other layouts than ours leave them free. */
function outerFindings(
  octets: Uint8Array,
  root: MimePart,
  cms: Uint8Array | undefined,
  report: CmsReport,
): readonly Finding[] {
  const [signed] = root.children
  if (signed === undefined || cms === undefined || !hasLayout(octets, signed)) return []
  const shape = strictSignedData(cms)
  if (shape !== undefined) return [findingOf('SIGNATURE_ENCODING', shape)]
  const used = report.signers[0]?.hash
  const strange = used === undefined ? 'no digest is named' : strangeOctets(octets, root, cms, used)
  return strange === undefined ? [] : [findingOf('UNSIGNED_OCTETS', strange)]
}

/** multipart/signed: the exact octets of the first part, header and all. [RFC 1847 §2.1] */
const verifyPart = (
  octets: Uint8Array,
  signed: MimePart | undefined,
  cms: Uint8Array | undefined,
): Promise<CmsReport> =>
  verifyDetached(cms ?? new Uint8Array(0), (name) =>
    hash(name, octets.subarray(signed?.headerStart ?? 0, signed?.bodyEnd ?? 0), 'buffer'),
  )

/** The digest says that this is the message; the evidence's time-stamp proves when the user's signature existed. */
async function verifyOriginal(
  octets: Uint8Array,
  part: MimePart,
  evidence: readonly JudgedEvidence[],
  findings: Finding[],
  options: VerifyOptions,
): Promise<readonly Judged[]> {
  const body = octets.subarray(part.bodyStart, part.bodyEnd)
  for (const { fields } of evidence) {
    if (fields === undefined) continue // not read, because of a finding of its own
    const name = hashOfDigestUri(fields.message?.digestMethod ?? '')
    if (name === undefined || hash(name, body, 'base64') !== fields.message?.digestValue)
      findings.push(findingOf('DIGEST_MISMATCH'))
  }
  const [nested] = part.children
  if (nested === undefined) return []
  return (await verifyUser(octets, nested, evidence[0]?.provedAt, options)).judged
}

/** The outermost signature layer of a message, detached or opaque; empty where there is none. */
async function verifyUser(
  octets: Uint8Array,
  message: MimePart,
  provedAt: Date | undefined,
  options: VerifyOptions,
  sink?: ContentSink,
): Promise<{ judged: readonly Judged[]; content?: ContentEntry; isEncrypted?: boolean }> {
  const [signed, signature] = message.children
  if (isSigned(message)) {
    const cms = signature === undefined ? undefined : partOctets(octets, signature)
    return { judged: judgeCms('user', await verifyPart(octets, signed, cms), provedAt, options) }
  }
  const opaque = message.type === 'application' && /^(x-)?pkcs7-mime$/.test(message.subtype)
  if (!opaque) return { judged: [] }
  if (message.params.get('smime-type') === 'enveloped-data') return { judged: [], isEncrypted: true }
  const inner = new MimeIndexer()
  const cms = partOctets(octets, message) ?? new Uint8Array(0)
  const { judged, content, isEncrypted } = judgeEnclosed(cms, provedAt, options, (piece) => {
    inner.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))
    sink?.(piece)
  })
  if (isEncrypted) return { judged: [], isEncrypted }
  const { root } = inner.end()
  return { judged, content: { ...content, mime: `${root.type}/${root.subtype}` } }
}
