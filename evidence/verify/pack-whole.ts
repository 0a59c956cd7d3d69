/** What holds a pack together: its records among each other, with what was sealed of them, and who signed it all. */
import { GENESIS } from '../archive/leaf.ts'
import type { Certificate } from '../ports.ts'
import type { Judged } from './evidence.ts'
import type { PackedRecord } from './pack.ts'
import { type PackSource, readJson } from './pack-files.ts'
import { type Finding, findingOf } from './reasons.ts'

/** Sequence numbers of its first and last record. */
export interface PackedRange {
  readonly chain: string
  readonly from: number
  readonly upTo: number
}

/** By chain: the records that seals of the pack name, with their leaves in hex. */
export type NamedByHeads = ReadonlyMap<string, ReadonlyMap<number, string>>

/** Neighbours in a chain name each other. */
export function checkOrder(records: readonly PackedRecord[]): Finding[] {
  const known = new Map(
    records.flatMap(({ position }) =>
      position === undefined ? [] : [[`${position.chain}/${position.sequence}`, position] as const],
    ),
  )
  return [...known.values()].flatMap((position) => {
    const before =
      position.sequence === 1 ? GENESIS : known.get(`${position.chain}/${position.sequence - 1}`)?.leaf
    return before === undefined || Buffer.compare(before, position.previous) === 0
      ? []
      : [findingOf('PACK_CHAIN_BROKEN', `${position.chain} ${position.sequence}`)]
  })
}

/** What a seal signed of a chain is what stands there. */
export function headsAgainst(records: readonly PackedRecord[], reached: NamedByHeads): Finding[] {
  return records.flatMap(({ name, position }) => {
    const leaf = position && reached.get(position.chain)?.get(position.sequence)
    return leaf === undefined || leaf === Buffer.from(position!.leaf).toString('hex')
      ? []
      : [findingOf('PACK_CHAIN_BROKEN', `${name}: another leaf than was sealed`)]
  })
}

/**
 * List and seals are signed by whoever issued evidence in the pack: the organization counts, since roles have certificates of
 * their own. Else anybody with a certificate under the same roots could leave things out and sign what is left.
 */
export function checkProvider(signers: readonly Judged[], records: readonly PackedRecord[]): Finding[] {
  const issuers = new Set(records.flatMap(({ judged }) => nameOf(judged?.certificate) ?? []))
  const among =
    issuers.size > 0
      ? issuers
      : new Set(signers.slice(1).flatMap(({ certificate }) => nameOf(certificate) ?? []))
  return signers.flatMap(({ certificate }) => {
    const name = nameOf(certificate)
    return name === undefined || among.size === 0 || among.has(name)
      ? []
      : [findingOf('PACK_LIST_SIGNER', name)]
  })
}

const nameOf = (certificate: Certificate | undefined): string | undefined =>
  certificate?.subject.organization ?? certificate?.subject.text

export function rangesOf(records: readonly PackedRecord[]): PackedRange[] {
  const ranges: { chain: string; from: number; upTo: number }[] = []
  // Names ascend, and their numbers with them.
  for (const { position } of records) {
    if (position === undefined) continue
    const { chain, sequence } = position
    const last = ranges.at(-1)
    if (last?.chain === chain && last.upTo === sequence - 1) last.upTo = sequence
    else ranges.push({ chain, from: sequence, upTo: sequence })
  }
  return ranges
}

/** A pack that says it holds everything has every chain from its beginning up to what its last seal names. */
export async function checkWhole(
  source: PackSource,
  ranges: readonly PackedRange[],
  reached: NamedByHeads,
): Promise<Finding[]> {
  const index = readJson<{ selection?: { kind?: unknown } }>(await source.read('pack.json'))
  if (index?.selection?.kind !== 'everything') return []
  return [...reached].flatMap(([chain, named]) => {
    const last = Math.max(...named.keys())
    const [first, ...more] = ranges.filter((range) => range.chain === chain)
    return first !== undefined && first.from === 1 && first.upTo >= last && more.length === 0
      ? []
      : [findingOf('PACK_INCOMPLETE', `${chain}: 1–${last}`)]
  })
}
