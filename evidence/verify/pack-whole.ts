/** What holds a pack together: its records among each other, with what was sealed of them, and with what the pack says of itself. */
import { isBelow } from '../../mail/kep-address.ts'
import { GENESIS } from '../archive/leaf.ts'
import type { PackedRecord } from './pack.ts'
import type { LeftOut, PackIndex } from './pack-index.ts'
import { type Finding, findingOf } from './reasons.ts'

/** Sequence numbers of its first and last record. */
export interface PackedRange {
  readonly chain: string
  readonly from: number
  readonly upTo: number
}

/** How far a chain is known to reach, by the last seal that names it. */
export interface KnownReach {
  readonly chain: string
  readonly upTo: number
}

/** By chain: the records that seals of the pack name, with their leaves in hex; '' where only the number is known. */
export type NamedBySeals = ReadonlyMap<string, ReadonlyMap<number, string>>

/** Neighbours in a chain name each other, and nothing stands twice: one delil, one number. */
export function checkOrder(records: readonly PackedRecord[]): Finding[] {
  const known = new Map(
    records.flatMap(({ position }) =>
      position === undefined ? [] : [[`${position.chain}/${position.sequence}`, position] as const],
    ),
  )
  const findings = [...known.values()].flatMap((position) => {
    const before =
      position.sequence === 1 ? GENESIS : known.get(`${position.chain}/${position.sequence - 1}`)?.leaf
    return before === undefined || Buffer.compare(before, position.previous) === 0
      ? []
      : [findingOf('PACK_CHAIN_BROKEN', `${position.chain} ${position.sequence}`)]
  })
  const first = new Map<string, string>()
  for (const { name, position } of records) {
    if (position?.chain !== 'evidence') continue
    const octets = Buffer.from(position.sha512).toString('hex')
    const before = first.get(octets)
    if (before !== undefined) findings.push(findingOf('PACK_TWICE', `${name}: ${before}`))
    else first.set(octets, name)
  }
  return findings
}

/** What a seal signed of a chain is what stands there. */
export function sealsAgainst(records: readonly PackedRecord[], named: NamedBySeals): Finding[] {
  return records.flatMap(({ name, position }) => {
    const leaf = position && named.get(position.chain)?.get(position.sequence)
    return !leaf || leaf === Buffer.from(position!.leaf).toString('hex')
      ? []
      : [findingOf('PACK_CHAIN_BROKEN', `${name}: another leaf than was sealed`)]
  })
}

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

export const reachOf = (named: NamedBySeals): KnownReach[] =>
  [...named].map(([chain, numbers]) => ({ chain, upTo: largest(numbers.keys()) }))

/** Spread over arguments, a seal a day for a hundred years would be too many. */
function largest(numbers: Iterable<number>): number {
  let last = 0
  for (const one of numbers) last = Math.max(last, one)
  return last
}

/** Whatever the pack says that it holds is there. */
export function checkWhole(
  index: PackIndex,
  records: readonly PackedRecord[],
  ranges: readonly PackedRange[],
  reach: readonly KnownReach[],
): Finding[] {
  const { selection } = index
  return [
    ...checkListed(index, records),
    ...(selection.kind === 'everything' ? checkEverything(ranges, reach) : []),
    ...(selection.kind === 'evidence' && selection.party === undefined
      ? checkTimes(index, selection, records, ranges, reach)
      : []),
  ]
}

const incomplete = (detail: string): Finding => findingOf('PACK_INCOMPLETE', detail)

function checkListed(index: PackIndex, records: readonly PackedRecord[]): Finding[] {
  const { selection, messages } = index
  const counts = new Map<string, number>()
  const ids = new Map<number, string | undefined>()
  for (const { name, position, judged } of records) {
    const chain = name.slice(0, name.indexOf('/'))
    counts.set(chain, (counts.get(chain) ?? 0) + 1)
    if (position?.chain === 'evidence') ids.set(position.sequence, judged?.fields?.id)
  }
  const told = new Set(messages.map(({ intake }) => intake))
  return [
    ...[...index.records]
      .filter(([chain, count]) => (counts.get(chain) ?? 0) !== count)
      .map(([chain, count]) => incomplete(`${chain}: ${counts.get(chain) ?? 0} of ${count}`)),
    ...[...counts.keys()]
      .filter((chain) => index.records.size > 0 && !index.records.has(chain))
      .map((chain) => findingOf('PACK_SELECTION', chain)),
    ...messages
      .flatMap(({ evidence }) => evidence)
      .flatMap(({ id, sequence }) => {
        if (!ids.has(sequence)) return [incomplete(`evidence ${sequence}`)]
        // A peer's is kept under its provider's name before the id, and its digest after it where there were two.
        const found = ids.get(sequence)
        return found === undefined || `/${id}/`.includes(`/${found}/`)
          ? []
          : [
              findingOf(
                'PACK_SELECTION',
                `evidence ${sequence}: ${found.slice(0, 200)}, not ${id.slice(0, 200)}`,
              ),
            ]
      }),
    ...(selection.kind === 'messages'
      ? selection.intakes
          .filter((intake) => !told.has(intake))
          .map((intake) => incomplete(`message ${intake}`))
      : []),
  ]
}

/** Every chain that a seal names from its beginning up to there, and there is evidence and a seal. */
function checkEverything(ranges: readonly PackedRange[], reach: readonly KnownReach[]): Finding[] {
  const known = new Map(reach.map(({ chain, upTo }) => [chain, upTo]))
  const missing = [
    ...new Set(['evidence', 'seals', ...known.keys(), ...ranges.map(({ chain }) => chain)]),
  ].flatMap((chain) => {
    const last = known.get(chain) ?? 1
    const [first, ...more] = ranges.filter((range) => range.chain === chain)
    return first !== undefined && first.from === 1 && first.upTo >= last && more.length === 0
      ? []
      : [incomplete(`${chain}: 1–${last}`)]
  })
  return known.has('evidence') ? missing : [...missing, incomplete('evidence: no seal names it')]
}

/** Evidence states its time to the second at the coarsest. */
const COARSEST_MS = 1_000

/** Evidence of a time: what is in the pack, and before, between and after it what happened at other times. */
function checkTimes(
  { provider, leftOut }: PackIndex,
  {
    from = Number.NEGATIVE_INFINITY,
    to = Number.POSITIVE_INFINITY,
  }: { from?: number | undefined; to?: number | undefined },
  records: readonly PackedRecord[],
  ranges: readonly PackedRange[],
  reach: readonly KnownReach[],
): Finding[] {
  const findings = leftOut
    .filter(({ earliest, latest }) => latest >= from && earliest < to)
    .map((run) => incomplete(`evidence ${run.from}–${run.upTo}`))
  for (const { name, judged } of records) {
    const { fields } = judged ?? {}
    // A peer's is dated by when it came, which it does not tell.
    if (fields === undefined || !fields.issuer.addresses.some((one) => isBelow(one, provider))) continue
    const at = Date.parse(fields.eventTime)
    if (at < from - COARSEST_MS || at >= to + COARSEST_MS)
      findings.push(findingOf('PACK_SELECTION', `${name}: ${fields.eventTime.slice(0, 40)}`))
  }
  const own = ranges.filter(({ chain }) => chain === 'evidence')
  const last = own.at(-1)?.upTo ?? 0
  const known = reach.find(({ chain }) => chain === 'evidence')?.upTo ?? 0
  const wanted = { from: Math.max(1, (own[0]?.from ?? 1) - 1), upTo: known > last ? last + 1 : last }
  const gap = firstGap([...own, ...leftOut], wanted)
  return gap === undefined ? findings : [...findings, incomplete(`evidence ${gap}`)]
}

/** The first number within `wanted` that no range has. */
function firstGap(
  ranges: readonly (Pick<PackedRange, 'from' | 'upTo'> | LeftOut)[],
  wanted: Pick<PackedRange, 'from' | 'upTo'>,
): number | undefined {
  let next = wanted.from
  for (const { from, upTo } of ranges.toSorted((a, b) => a.from - b.from)) {
    if (from > next) break
    next = Math.max(next, upTo + 1)
  }
  return next > wanted.upTo ? undefined : next
}
