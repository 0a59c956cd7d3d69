/**
 * Verifies an audit pack (denetim paketi) with nothing but the anchors of who verifies: every file by the signed list, every
 * record by its evidence record, every delil as of the time at which it is proved to have existed. [EN 319 102-1 §5.6]
 */
import { hash as digestOf } from 'node:crypto'
import { type Position, readPosition, standsAt } from '../archive/position.ts'
import { type RecordReport, verifyRecord } from '../archive/verify-record.ts'
import { verifyDetached } from '../cms/verify.ts'
import type { EvidenceFields } from '../model/read.ts'
import type { HashName } from '../ports.ts'
import { judgeCms } from './cms.ts'
import { type Judged, type JudgedEvidence, verifyEvidence } from './evidence.ts'
import { type PackSource, readJson, readSums, SUMS, SUMS_SIGNATURE } from './pack-files.ts'
import { PackMaterial } from './pack-material.ts'
import {
  checkOrder,
  checkProvider,
  checkWhole,
  headsAgainst,
  type NamedByHeads,
  type PackedRange,
  rangesOf,
} from './pack-whole.ts'
import { type Finding, findingOf } from './reasons.ts'
import { strictSignedData } from './signed-data-shape.ts'
import { checkTokenAt, type VerifyOptions } from './trust.ts'

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
}

export interface PackOptions extends VerifyOptions {
  /** From when on a digest algorithm proves nothing any more. */
  readonly outdated?: Readonly<Partial<Record<HashName, Date>>> | undefined
}

/** What one verification of a pack has at hand. */
interface Pack {
  readonly source: PackSource
  readonly names: ReadonlySet<string>
  readonly material: PackMaterial
}

export async function verifyPack(source: PackSource, given: PackOptions): Promise<JudgedPack> {
  const list = await checkFiles(source)
  const material = await PackMaterial.read(source, list.names, given)
  const pack: Pack = { source, names: list.names, material }
  const records: PackedRecord[] = []
  for (const name of [...list.names].filter((one) => isRecord(one)).sort())
    records.push(await checkRecord(pack, name))
  const heads = await checkHeads(pack)
  const sums = await judgeSums(source, material.all)
  const ranges = rangesOf(records)
  return {
    ranges,
    records,
    judged: [...sums, ...heads.judged],
    findings: [
      ...list.findings,
      ...strangersIn(list.names),
      ...(await signatureForm(source, SUMS_SIGNATURE, sums)),
      ...sums.flatMap(({ findings }) => findings),
      ...heads.findings,
      ...(await checkValidation(pack, records)),
      ...(await checkSigners(pack, records)),
      ...checkOrder(records),
      ...headsAgainst(records, heads.reached),
      ...checkProvider([...sums, ...heads.judged], records),
      ...(await checkWhole(source, ranges, heads.reached)),
    ],
  }
}

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

/** Every file is listed, and is what it was when the list was signed. */
async function checkFiles(source: PackSource): Promise<{ names: ReadonlySet<string>; findings: Finding[] }> {
  const octets = await source.read(SUMS)
  const sums = octets && readSums(octets)
  if (sums === undefined) return { names: new Set(), findings: [findingOf('PACK_LIST_UNREADABLE', SUMS)] }
  const findings: Finding[] = []
  for (const [name, sum] of sums) {
    const file = await source.read(name)
    if (file === undefined) findings.push(findingOf('PACK_FILE_MISSING', name))
    else if (digestOf('sha512', file, 'hex') !== sum) findings.push(findingOf('PACK_FILE_CHANGED', name))
  }
  for (const name of await source.names())
    if (!sums.has(name) && name !== SUMS && name !== SUMS_SIGNATURE)
      findings.push(findingOf('PACK_FILE_NOT_LISTED', name))
  return { names: new Set(sums.keys()), findings }
}

async function judgeSums(source: PackSource, options: PackOptions): Promise<Judged[]> {
  const [content, signature] = [await source.read(SUMS), await source.read(SUMS_SIGNATURE)]
  const report = await verifyDetached(signature ?? new Uint8Array(0), (name) =>
    digestOf(name, content ?? '', 'buffer'),
  )
  return judgeCms('pack', report, undefined, options)
}

async function checkRecord(pack: Pack, name: string): Promise<PackedRecord> {
  const { source, material } = pack
  const [chain = '', file = ''] = name.split('/')
  const [number = '', ending] = file.split('.')
  const stem = `${chain}/${number}`
  const octets = (await source.read(name)) ?? new Uint8Array(0)
  const text = await source.read(`${stem}.position.txt`)
  const position = text && readPosition(text)
  const findings: Finding[] = []
  if (position === undefined || position.chain !== chain || position.sequence !== Number(number))
    findings.push(findingOf('PACK_POSITION', `${stem}.position.txt`))
  else if (!standsAt(position, octets))
    findings.push(findingOf('PACK_RECORD_CHANGED', `${name}: ${chain} ${position.sequence}`))
  const record = await source.read(`${stem}.ers`)
  const proof = record && text && proofOf(pack, record, [octets, text])
  if (proof && !proof.ok) findings.push(proofFinding(proof, `${stem}.ers`))
  // A seal is signed and stamped itself, and is there for what it tells of others; whatever else is only said.
  if (proof === undefined && chain !== 'seals') findings.push(findingOf('PACK_NOT_SEALED', name))
  const provedAt = proof?.ok ? proof.provedAt : undefined
  const judged = ending === 'xml' ? evidenceAt(octets, provedAt, material) : undefined
  const statement = chain === 'rechecks' ? await statementIn(octets, provedAt, material) : []
  if (statement.some((one) => one.findings.length > 0)) findings.push(findingOf('PACK_STATEMENT', name))
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

/** What no signature covers of the list's signature, or a seal's, has one form; and each is stamped. */
async function signatureForm(
  source: PackSource,
  name: string,
  judged: readonly Judged[],
): Promise<Finding[]> {
  const strange = strictSignedData((await source.read(name)) ?? new Uint8Array(0))
  return [
    ...(strange === undefined ? [] : [findingOf('PACK_SIGNATURE_FORM', `${name}: ${strange}`)]),
    ...(judged.some(({ timestamp }) => timestamp === undefined) ? [findingOf('PACK_NOT_STAMPED', name)] : []),
  ]
}

/** With what was told around its time; with all that the pack has where that is not enough. */
function evidenceAt(octets: Uint8Array, provedAt: Date | undefined, material: PackMaterial): JudgedEvidence {
  const now = provedAt ?? material.all.now
  const judged = verifyEvidence(octets, { ...material.around(now), now })
  return judged.revocation === 'checked' ? judged : verifyEvidence(octets, { ...material.all, now })
}

const proofOf = ({ material }: Pack, der: Uint8Array, objects: readonly Uint8Array[]): RecordReport =>
  verifyRecord(der, objects, {
    now: material.all.now,
    outdated: material.all.outdated,
    checkToken: (token, imprint, hash, at) =>
      checkTokenAt(token, imprint, hash, at, material.all, (time) => material.around(time)),
  })

const proofFinding = (report: Extract<RecordReport, { ok: false }>, name: string): Finding =>
  findingOf(`PROOF_${report.failure}`, `${name}: ${report.detail}`)

/** What the provider signed of its chains' heads, as of when it was sealed. */
async function checkHeads(pack: Pack): Promise<{
  judged: Judged[]
  findings: Finding[]
  reached: NamedByHeads
}> {
  const reached = new Map<string, Map<number, string>>()
  const { source, names, material } = pack
  const judged: Judged[] = []
  const findings: Finding[] = []
  for (const name of [...names].filter((one) => /^heads\/\d+\.p7s$/.test(one)).sort()) {
    const stem = name.slice(0, -'.p7s'.length)
    const signature = (await source.read(name)) ?? new Uint8Array(0)
    const text = (await source.read(`${stem}.txt`)) ?? new Uint8Array(0)
    for (const [, chain = '', number = '', leaf = ''] of Buffer.from(text).toString().matchAll(HEAD))
      reached.set(chain, (reached.get(chain) ?? new Map<number, string>()).set(Number(number), leaf))
    const record = await source.read(`${stem}.ers`)
    const proof = record && proofOf(pack, record, [text, signature])
    if (proof === undefined) findings.push(findingOf('PACK_SEAL_MISSING', `${stem}.ers`))
    else if (!proof.ok) findings.push(proofFinding(proof, `${stem}.ers`))
    const report = await verifyDetached(signature, (algorithm) => digestOf(algorithm, text, 'buffer'))
    const now = proof?.ok ? proof.provedAt : material.all.now
    const signers = judgeCms('seal', report, proof?.ok ? now : undefined, { ...material.around(now), now })
    judged.push(...signers)
    findings.push(
      ...(await signatureForm(source, name, signers)),
      ...signers
        .flatMap((one) => one.findings)
        .map((finding) => ({ ...finding, detail: `${name}: ${finding.detail}` })),
    )
  }
  return { judged, findings, reached }
}

/** `evidence 120 9f…` */
const HEAD = /^([a-z]{1,32}) ([1-9]\d{0,15}) ([0-9a-f]{64})$/gm

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

/** By what the user's signature was judged: the list that the acceptance names by its digest. */
async function checkSigners({ source, names }: Pack, records: readonly PackedRecord[]): Promise<Finding[]> {
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
