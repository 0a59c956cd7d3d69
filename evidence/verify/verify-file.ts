/**
 * Offline verification of a file, years later, with nothing but trust anchors at hand: a delil (.xml), a message
 * (.eml: dispatch, receipt or a user's own), a signature with its content beside it (.p7s) or inside (.p7m). [EN 319 102-1 §5.1]
 *
 * A file passes only if every signature and time-stamp in it holds, the evidence is about the original in it, and (for
 * envelopes in our layout) no octet outside the signed part differs from what the signed part determines.
 */
import { createHash, hash } from 'node:crypto'
import { verifyDetached } from '../cms/verify.ts'
import { outcomeOf } from '../model/outcome.ts'
import { DEFAULT_PROFILE } from '../model/profile.ts'
import type { EvidenceFields } from '../model/read.ts'
import { ROOT_FACTS } from '../model/roots.ts'
import { judgeCms } from './cms.ts'
import { type ContentSink, judgeEnclosed } from './enclosed.ts'
import { judgementOf } from './entries.ts'
import { type Judged, verifyEvidence } from './evidence.ts'
import { type JudgedMessage, verifyMessage } from './message.ts'
import { type PackedRecord, type PackOptions, verifyPack } from './pack.ts'
import type { PackSource } from './pack-files.ts'
import { findingOf, inOrder, REASONS } from './reasons.ts'
import { recognise } from './recognise.ts'
import type { FileReport, ProofEntry } from './report.ts'
import type { VerifyOptions } from './trust.ts'

export interface VerifiableFile {
  /** As shown in the report; its ending tells nothing, the octets do. */
  readonly name: string
  readonly octets: Uint8Array
  /** For a detached .p7s: what it signs. */
  readonly content?: Uint8Array | undefined
  /** Gets what the signature has inside; believe it only where the verdict is TOTAL-PASSED. */
  readonly sink?: ContentSink | undefined
}

/** Never rejects because of what the file holds. */
export async function verifyFile(file: VerifiableFile, options: VerifyOptions): Promise<FileReport> {
  const found = recognise(file.octets)
  switch (found.form) {
    case 'signature':
      return reportOf(file, await verifySignatureFile({ ...file, octets: found.octets }, options), options)
    case 'xml': {
      const judged = verifyEvidence(file.octets, options)
      const evidence = judged.fields === undefined ? [] : [judged.fields]
      const { findings } = judged
      return reportOf(file, { kind: 'evidence', subject: '', judged: [judged], evidence, findings }, options)
    }
    case 'mail':
      return reportOf(file, await verifyMessage(file.octets, options, file.sink), options)
    case 'other':
      return reportOf(file, nothing('unknown', found.finding), options)
  }
}

const nothing = (
  kind: 'unknown' | 'signature',
  finding: JudgedMessage['findings'][number],
): JudgedMessage => ({
  kind,
  subject: '',
  judged: [],
  evidence: [],
  findings: [finding],
})

/** What is inside comes first: where a content is, the file beside it is compared with it and not what was signed. */
async function verifySignatureFile(file: VerifiableFile, options: VerifyOptions): Promise<JudgedMessage> {
  const { octets, content, sink } = file
  const inside = createHash('sha256')
  const enclosed = judgeEnclosed(octets, undefined, options, (piece) => {
    inside.update(piece)
    sink?.(piece)
  })
  if (enclosed.isDetached) {
    const report = await verifyDetached(octets, (name) => hash(name, content ?? '', 'buffer'))
    // Certificates alone travel in the same form, and no content would make a signature of them. [RFC 8551 §3.8]
    const isSigned = report.signers.some(({ failure }) => failure !== 'NO_SIGNERS')
    if (content === undefined && isSigned) return nothing('signature', findingOf('SIGNED_CONTENT_MISSING'))
    return signatureOf(judgeCms('user', report, undefined, options))
  }
  const shown = { ...enclosed.content, mime: undefined }
  const judged = signatureOf(enclosed.judged)
  if (content === undefined || enclosed.content.type === '') return { ...judged, content: shown }
  const isSame = inside.digest().equals(hash('sha256', content, 'buffer'))
  return {
    ...judged,
    findings: isSame ? judged.findings : [...judged.findings, findingOf('CONTENT_DIFFERS')],
    content: { ...shown, beside: isSame ? 'same' : 'different' },
  }
}

const signatureOf = (judged: readonly Judged[]): JudgedMessage => ({
  kind: 'signature',
  subject: '',
  judged,
  evidence: [],
  findings: judged.flatMap((one) => one.findings),
})

/** The pack as a whole first: it passes only where all of it does. Then each record. */
export async function verifyAuditPack(
  name: string,
  source: PackSource,
  options: PackOptions,
): Promise<FileReport[]> {
  const pack = await verifyPack(source, options)
  const records = pack.records.map((record) =>
    reportOf({ name: record.name }, messageOf(record), options, proofOf(record)),
  )
  const findings = [...pack.findings, ...pack.records.flatMap((record) => record.findings)]
  const whole = { kind: 'audit-pack', subject: '', judged: pack.judged, evidence: [], findings } as const
  return [{ ...reportOf({ name }, whole, options), ranges: pack.ranges, reach: pack.reach }, ...records]
}

const messageOf = ({ judged, statement, findings }: PackedRecord): JudgedMessage => ({
  kind: judged === undefined ? 'record' : 'evidence',
  subject: '',
  judged: judged === undefined ? statement : [judged],
  evidence: judged?.fields === undefined ? [] : [judged.fields],
  findings,
})

const proofOf = ({ provedAt, stamps }: PackedRecord): ProofEntry => ({
  provedAt: provedAt?.toISOString(),
  stamps: stamps.map((stamp) => ({ ...stamp, time: stamp.time.toISOString() })),
})

function reportOf(
  file: Pick<VerifiableFile, 'name'>,
  message: JudgedMessage,
  { userAnchors, stampAnchors }: VerifyOptions,
  proof?: ProofEntry,
): FileReport {
  const { judged, evidence, findings, kind, content } = message
  const judgement = judgementOf(findings)
  const { verdict, reason, detail } = judgement
  const [facts] = evidence
  return {
    file: file.name,
    kind,
    ...judgement,
    findings: inOrder(findings),
    revocation: judged.length > 0 && judged.every(allChecked) ? 'checked' : 'not-checked',
    roles:
      (userAnchors !== undefined && stampAnchors !== undefined) ||
      judged.every(({ signature }) => signature.role === 'user')
        ? 'checked'
        : 'not-checked',
    signatures: judged.map(({ signature }) => signature),
    timestamps: judged.flatMap(({ timestamp }) => (timestamp === undefined ? [] : [timestamp])),
    ...(content === undefined ? {} : { content }),
    ...(facts === undefined ? {} : { statedIssuer: nameOf(facts) }),
    ...(proof === undefined ? {} : { proof }),
    fields: {
      mesaj: VERDICTS[verdict],
      detayMesaji:
        reason === undefined
          ? facts === undefined
            ? (content === undefined ? KINDS : ENCLOSING)[kind]
            : whatHappened(facts)
          : [REASONS[reason].tr, detail].filter(Boolean).join(' '),
      konu: facts?.message?.subject ?? message.subject,
      dosyaAdi: file.name,
      alicilar: facts?.recipients.flatMap(({ addresses }) => addresses) ?? [],
      remmdId: facts?.message?.remmdMessageId ?? '',
      delilId: facts?.id ?? '',
    },
  }
}

const allChecked = ({ signature, timestamp }: Judged): boolean =>
  signature.revocation === 'checked' && timestamp?.revocation !== 'not-checked'

const VERDICTS: Readonly<Record<FileReport['verdict'], string>> = {
  'TOTAL-PASSED': 'Doğrulandı',
  INDETERMINATE: 'Belirsiz: doğrulamak için bilgi yetersiz',
  'TOTAL-FAILED': 'Doğrulanamadı',
}

const KINDS: Readonly<Record<FileReport['kind'], string>> = {
  evidence: 'Delil',
  dispatch: 'KEP iletisi',
  receipt: 'Delil iletisi',
  message: 'İmzalı ileti: imza içeriği kapsar, dıştaki başlığı ve imza dışındaki metni kapsamaz',
  signature: 'Ayrık imza',
  'audit-pack': 'Denetim paketi',
  record: 'Arşiv kaydı',
  unknown: 'Bilinmeyen dosya',
}

const ENCLOSING: typeof KINDS = {
  ...KINDS,
  signature: 'İçeriğini taşıyan imza',
  message: 'İçeriğini taşıyan imzalı ileti: imza, iletinin dıştaki başlığını kapsamaz',
}

const nameOf = ({ issuer: { names = [], addresses } }: EvidenceFields): string =>
  [...names.slice(0, 1), ...addresses.slice(0, 1)].join(', ')

/** The outcome in words and when it happened; the root alone where the event code is unknown. */
function whatHappened({ root, eventCode, eventTime }: EvidenceFields): string {
  const outcome = outcomeOf(DEFAULT_PROFILE, root, eventCode)
  return `${outcome?.tr ?? ROOT_FACTS[root].tr} (${eventTime})`
}
