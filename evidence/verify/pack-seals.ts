/** What proves the records of a pack: evidence records, and seals, with what those say of how far chains reach. */
import { hash as digestOf } from 'node:crypto'
import { type RecordReport, verifyRecord } from '../archive/verify-record.ts'
import { verifyDetached } from '../cms/verify.ts'
import { judgeCms } from './cms.ts'
import type { Judged } from './evidence.ts'
import { readJson } from './pack-files.ts'
import { about, type Pack, signatureForm, soundFile } from './pack-list.ts'
import type { NamedBySeals } from './pack-whole.ts'
import { type Finding, findingOf } from './reasons.ts'
import { certificateReason, checkTokenAt } from './trust.ts'

export const proofOf = ({ material }: Pack, der: Uint8Array, objects: readonly Uint8Array[]): RecordReport =>
  verifyRecord(der, objects, {
    now: material.all.now,
    outdated: material.all.outdated,
    checkToken: (token, imprint, hash, at) =>
      checkTokenAt(token, imprint, hash, at, material.all, (time) => material.around(time)),
  })

/** Where the authority is known and was not to be believed, that is said as of any time-stamp. */
export function proofFinding(report: Extract<RecordReport, { ok: false }>, name: string): Finding {
  const { failure, detail, path } = report
  const isKnown = path !== undefined && path.failure !== 'NO_PATH'
  return findingOf(isKnown ? certificateReason(path, undefined) : `PROOF_${failure}`, `${name}: ${detail}`)
}

/** What the provider signed of its chains' heads, as of when it was sealed; and what seals in their chain say of heads. */
export async function checkSeals(pack: Pack): Promise<{
  judged: Judged[]
  findings: Finding[]
  named: NamedBySeals
}> {
  const named = new Map<string, Map<number, string>>()
  const { source, names, material } = pack
  const judged: Judged[] = []
  const findings: Finding[] = []
  const name = (chain: string, number: number, leaf: string, where: string): void => {
    const numbers = named.get(chain) ?? new Map<number, string>()
    const known = numbers.get(number)
    if (known && leaf && known !== leaf)
      findings.push(findingOf('PACK_CHAIN_BROKEN', `${where}: ${chain} ${number}`))
    named.set(chain, numbers.set(number, known || leaf))
  }
  const nameHeads = (text: string, where: string): void => {
    for (const [, chain = '', number = '', leaf = ''] of text.matchAll(HEAD))
      name(chain, Number(number), leaf, where)
  }
  for (const file of [...names].filter((one) => /^seals\/\d+\.json$/.test(one)).sort()) {
    const said = readJson<{ kind?: unknown; heads?: unknown } | null>(await source.read(file))
    if (said?.kind !== 'seal' || typeof said.heads !== 'string') continue
    nameHeads(said.heads, file)
  }
  for (const file of [...names].filter((one) => /^heads\/\d+\.p7s$/.test(one)).sort()) {
    const stem = file.slice(0, -'.p7s'.length)
    const signature = (await source.read(file)) ?? new Uint8Array(0)
    const text = (await soundFile(pack, `${stem}.txt`)) ?? new Uint8Array(0)
    nameHeads(Buffer.from(text).toString(), file)
    // A seal stands in its own chain, under the same number.
    name('seals', Number(stem.slice('heads/'.length)), '', file)
    const record = await soundFile(pack, `${stem}.ers`)
    const proof = record && proofOf(pack, record, [text, signature])
    if (proof === undefined) findings.push(findingOf('PACK_SEAL_MISSING', `${stem}.ers`))
    else if (!proof.ok) findings.push(proofFinding(proof, `${stem}.ers`))
    const report = await verifyDetached(signature, (algorithm) => digestOf(algorithm, text, 'buffer'))
    const now = proof?.ok ? proof.provedAt : material.all.now
    const signers = judgeCms('seal', report, proof?.ok ? now : undefined, { ...material.around(now), now })
    judged.push(...signers)
    findings.push(
      ...signatureForm(file, signature, signers),
      ...signers.flatMap((one) => one.findings).map((finding) => about(file, finding)),
    )
  }
  return { judged, findings, named }
}

/** `evidence 120 9f…` */
const HEAD = /^([a-z]{1,32}) ([1-9]\d{0,15}) ([0-9a-f]{64})$/gm
