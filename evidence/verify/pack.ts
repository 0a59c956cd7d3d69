/**
 * Verifies an audit pack (denetim paketi) with nothing but the anchors of who verifies: every file by the signed list, every
 * record by its evidence record, every delil as of the time at which it is proved to have existed. [EN 319 102-1 §5.6]
 */
import { hash as digestOf } from 'node:crypto'
import { type Position, readPosition, standsAt } from '../archive/position.ts'
import { verifyDetached } from '../cms/verify.ts'
import type { EvidenceFields } from '../model/read.ts'
import type { HashName } from '../ports.ts'
import { judgeCms } from './cms.ts'
import { type Judged, type JudgedEvidence, verifyEvidence } from './evidence.ts'
import { INDEX, type PackSource, readJson, SUMS_SIGNATURE } from './pack-files.ts'
import { readIndex } from './pack-index.ts'
import { about, checkFiles, listIn, type Pack, signatureForm, soundFile } from './pack-list.ts'
import { PackMaterial } from './pack-material.ts'
import { checkProvider } from './pack-provider.ts'
import { checkSeals, proofFinding, proofOf } from './pack-seals.ts'
import {
  checkOrder,
  checkWhole,
  type KnownReach,
  type PackedRange,
  rangesOf,
  reachOf,
  sealsAgainst,
} from './pack-whole.ts'
import { type Finding, findingOf } from './reasons.ts'
import type { VerifyOptions } from './trust.ts'

/** One record of the pack and what proves it. */
export interface PackedRecord {
  /** `evidence/00000017.xml` */
  readonly name: string
  readonly position: Position | undefined
  /** When it is proved to have existed; undefined where it was not sealed yet. */
  readonly provedAt: Date | undefined
  /** Time-stamps that follow each other, the seal's first. */
  readonly stamps: readonly { readonly time: Date; readonly authority: string; readonly hash: string }[]
  /** Where it is a delil. */
  readonly judged: JudgedEvidence | undefined
  /** Where it says that a signer had been revoked before the acceptance: who signed that. */
  readonly statement: readonly Judged[]
  readonly findings: readonly Finding[]
}

export interface JudgedPack {
  readonly records: readonly PackedRecord[]
  /** Of the list of files, and of the heads that were sealed. */
  readonly judged: readonly Judged[]
  /** Of the pack as a whole; those of records stand with them. */
  readonly findings: readonly Finding[]
  /** Stretches of chains without gaps: in them there is no other record. */
  readonly ranges: readonly PackedRange[]
  /** How far its chains are known to go on. */
  readonly reach: readonly KnownReach[]
}

export interface PackOptions extends VerifyOptions {
  /** From when on a digest algorithm proves nothing any more. */
  readonly outdated?: Readonly<Partial<Record<HashName, Date>>> | undefined
}

export async function verifyPack(source: PackSource, given: PackOptions): Promise<JudgedPack> {
  const list = await listIn(source)
  if ('reason' in list) return onlyList([], [list])
  // Nothing else is opened before somebody has signed for it.
  const signed = await verifyDetached(list.signature, (name) => digestOf(name, list.octets, 'buffer'))
  if (signed.signers.some(({ ok }) => !ok)) {
    const judged = judgeCms('pack', signed, undefined, given)
    return onlyList(judged, [
      ...signatureForm(SUMS_SIGNATURE, list.signature, judged),
      ...judged.flatMap(({ findings }) => findings).map((one) => about(SUMS_SIGNATURE, one)),
    ])
  }
  const files = await checkFiles(source, list.sums)
  const material = await PackMaterial.read(source, files.sound, given)
  const pack: Pack = { source, names: files.sound, material, certificates: new Map() }
  const records: PackedRecord[] = []
  for (const name of [...pack.names].filter((one) => isRecord(one)).sort())
    records.push(await checkRecord(pack, name))
  const seals = await checkSeals(pack)
  const sums = judgeCms('pack', signed, undefined, material.all)
  const ranges = rangesOf(records)
  const reach = reachOf(seals.named)
  const statements = records.flatMap(({ statement }) => statement)
  const signers = { list: sums, others: [...seals.judged, ...statements] }
  const index = pack.names.has(INDEX) ? readIndex(await source.read(INDEX)) : undefined
  return {
    ranges,
    reach,
    records,
    judged: [...sums, ...seals.judged],
    findings: [
      ...files.findings,
      ...material.findings,
      ...strangersIn(new Set(list.sums.keys())),
      ...signatureForm(SUMS_SIGNATURE, list.signature, sums),
      ...sums.flatMap(({ findings }) => findings).map((one) => about(SUMS_SIGNATURE, one)),
      ...seals.findings,
      ...(await checkValidation(pack, records)),
      ...(await checkSigners(pack, records)),
      ...checkOrder(records),
      ...sealsAgainst(records, seals.named),
      ...(index === undefined
        ? [findingOf('PACK_INDEX', INDEX)]
        : [...checkProvider(signers, records, index), ...checkWhole(index, records, ranges, reach)]),
    ],
  }
}

/** A list that nobody signed says nothing of the files beside it. */
const onlyList = (judged: readonly Judged[], findings: readonly Finding[]): JudgedPack => ({
  records: [],
  ranges: [],
  reach: [],
  judged,
  findings,
})

const RECORD = /^(?:evidence\/(\d{8,16})\.xml|(?:events|validation|rechecks|seals)\/(\d{8,16})\.json)$/

/** Numbers are written in one way, so that no two files are one record. */
function isRecord(name: string): boolean {
  const match = RECORD.exec(name)
  const number = match?.[1] ?? match?.[2]
  return number !== undefined && number === String(Number(number)).padStart(8, '0')
}

/** Among records only records, and what belongs to each. */
function strangersIn(names: ReadonlySet<string>): Finding[] {
  return [...names]
    .filter((name) => /^(evidence|events|validation|rechecks|seals)\//.test(name) && !isRecord(name))
    .filter((name) => {
      const stem = /^(.+)\.(?:position\.txt|ers)$/.exec(name)?.[1]
      return stem === undefined || !(names.has(`${stem}.xml`) || names.has(`${stem}.json`))
    })
    .map((name) => findingOf('PACK_POSITION', name))
}

async function checkRecord(pack: Pack, name: string): Promise<PackedRecord> {
  const { source, material } = pack
  const [chain = '', file = ''] = name.split('/')
  const [number = '', ending] = file.split('.')
  const stem = `${chain}/${number}`
  const octets = (await source.read(name)) ?? new Uint8Array(0)
  const text = await soundFile(pack, `${stem}.position.txt`)
  const position = text && detached(readPosition(text))
  const findings: Finding[] = []
  if (position === undefined || position.chain !== chain || position.sequence !== Number(number))
    findings.push(findingOf('PACK_POSITION', `${stem}.position.txt`))
  else if (!standsAt(position, octets))
    findings.push(findingOf('PACK_RECORD_CHANGED', `${name}: ${chain} ${position.sequence}`))
  const record = await soundFile(pack, `${stem}.ers`)
  const proof = record && text && proofOf(pack, record, [octets, text])
  if (proof && !proof.ok) findings.push(proofFinding(proof, `${stem}.ers`))
  // A seal is signed and stamped itself, and is there for what it tells of others; whatever else is only said.
  if (proof === undefined && chain !== 'seals') findings.push(findingOf('PACK_NOT_SEALED', name))
  const provedAt = proof?.ok ? proof.provedAt : undefined
  const judged = ending === 'xml' ? slim(evidenceAt(octets, provedAt, material), pack) : undefined
  const statement = chain === 'rechecks' ? await statementIn(octets, provedAt, material) : []
  findings.push(...statement.flatMap((one) => one.findings).map((finding) => about(name, finding)))
  return {
    name,
    position,
    provedAt,
    stamps: proof?.ok
      ? proof.tokens.map(({ time, certificate, hash }) => ({
          time,
          authority: certificate.subject.text,
          hash,
        }))
      : [],
    judged,
    statement,
    findings: [...findings, ...(judged?.findings ?? [])],
  }
}

/** Empty where nothing was found that changes what was believed. */
async function statementIn(
  octets: Uint8Array,
  provedAt: Date | undefined,
  material: PackMaterial,
): Promise<Judged[]> {
  const said = readJson<{ statement?: unknown; outcome?: unknown; signature?: unknown }>(octets)
  if (said?.outcome !== 'revoked-before') return []
  const signature = Buffer.from(typeof said.signature === 'string' ? said.signature : '', 'base64')
  const statement = typeof said.statement === 'string' ? said.statement : ''
  const report = await verifyDetached(signature, (name) => digestOf(name, statement, 'buffer'))
  const now = provedAt ?? material.all.now
  return judgeCms('statement', report, provedAt, { ...material.around(now), now })
}

/** In memory of its own: small buffers share pages, and each would hold one that is full of what is gone. */
function detached(position: Position | undefined): Position | undefined {
  if (position === undefined) return undefined
  const { previous, leaf, sha256, sha512 } = position
  const [first, second, third, fourth] = [previous, leaf, sha256, sha512].map((one) => Uint8Array.from(one))
  return { ...position, previous: first!, leaf: second!, sha256: third!, sha512: fourth! }
}

/** There may be a million of them: what each brought along goes, and one certificate stands for all that are the same. */
function slim(judged: JudgedEvidence, { certificates }: Pack): JudgedEvidence {
  const { certificate } = judged
  const known = certificate && (certificates.get(certificate.fingerprint) ?? certificate)
  if (known !== undefined) certificates.set(known.fingerprint, known)
  // A copy, since pieces of a text hold the whole of it in memory.
  return {
    ...judged,
    certificate: known,
    certificates: [],
    token: undefined,
    fields: structuredClone(judged.fields),
  }
}

/** With what was told around its time; with all that the pack has where that is not enough. */
function evidenceAt(octets: Uint8Array, provedAt: Date | undefined, material: PackMaterial): JudgedEvidence {
  const now = provedAt ?? material.all.now
  const judged = verifyEvidence(octets, { ...material.around(now), now })
  return judged.revocation === 'checked' ? judged : verifyEvidence(octets, { ...material.all, now })
}

interface ValidationLine {
  readonly sequence?: unknown
  readonly sha256?: unknown
}

interface ValidationText {
  readonly evidence?: readonly (ValidationLine | null)[]
}

/** What stands beside evidence names the octets of that evidence. */
async function checkValidation(
  { source, names }: Pack,
  records: readonly PackedRecord[],
): Promise<Finding[]> {
  const findings: Finding[] = []
  const bySequence = new Map(
    records.flatMap(({ position }) =>
      position?.chain === 'evidence' ? [[position.sequence, position] as const] : [],
    ),
  )
  for (const name of [...names].filter((one) => one.startsWith('validation/') && one.endsWith('.json'))) {
    const said = readJson<ValidationText>(await source.read(name))
    if (!Array.isArray(said?.evidence)) {
      findings.push(findingOf('PACK_VALIDATION_UNREADABLE', name))
      continue
    }
    for (const one of said.evidence as readonly (ValidationLine | null)[]) {
      const { sequence, sha256 } = one ?? {}
      const position = bySequence.get(Number(sequence))
      if (position !== undefined && Buffer.from(position.sha256).toString('hex') !== sha256)
        findings.push(findingOf('PACK_VALIDATION_MISMATCH', `${name}: evidence ${sequence}`))
    }
  }
  return findings
}

/** By what the user's signature was judged: the list that the acceptance names by its digest; of evidence that was not judged, nobody knows. */
async function checkSigners({ source, names }: Pack, records: readonly PackedRecord[]): Promise<Finding[]> {
  if (records.some(({ judged }) => judged !== undefined && judged.fields === undefined)) return []
  const named = new Set(
    records.flatMap(({ judged }) => (judged?.fields ? materialNamedIn(judged.fields) : [])),
  )
  const findings: Finding[] = []
  for (const name of [...names].filter((one) => one.startsWith('signers/'))) {
    const octets = (await source.read(name)) ?? new Uint8Array(0)
    if (!named.has(digestOf('sha256', octets, 'hex'))) findings.push(findingOf('PACK_SIGNER_UNNAMED', name))
  }
  return findings
}

const materialNamedIn = ({ extensions }: EvidenceFields): string[] =>
  extensions
    .flatMap(({ fields }) => fields)
    .filter(({ name }) => name === 'ArchivedMaterialDigest')
    .map(({ value }) => value)
