import type { FlagsOnTheWay } from './port-mailboxes.ts'

/** System flags as bits, so that counting unseen and deleted messages needs no text. [RFC 9051 §2.3.2] */
export const SEEN = 1
export const DELETED = 8

const system: readonly (readonly [name: string, bit: number])[] = [
  ['\\Seen', SEEN],
  ['\\Answered', 2],
  ['\\Flagged', 4],
  ['\\Deleted', DELETED],
  ['\\Draft', 16],
]
const bits = new Map(system.map(([name, bit]) => [name.toLowerCase(), bit]))

export interface Flags {
  readonly bits: number
  readonly keywords: readonly string[]
}

/** Keywords compare without case and keep the case of whoever wrote them first. */
export function parseFlags(names: readonly string[]): Flags {
  let set = 0
  const keywords = new Map<string, string>()
  for (const name of names) {
    const bit = bits.get(name.toLowerCase())
    if (bit !== undefined) set |= bit
    else if (!keywords.has(name.toLowerCase())) keywords.set(name.toLowerCase(), name)
  }
  return { bits: set, keywords: [...keywords.values()] }
}

export const flagNames = (set: number, keywords: string): readonly string[] =>
  keywords === '' ? systemNames(set) : [...systemNames(set), ...keywords.split(' ')]

const systemNames = (set: number): readonly string[] => named[set] ?? []
/** By their bits: most messages have no others. */
const named: readonly (readonly string[])[] = Array.from({ length: 32 }, (_, set) =>
  Object.freeze(system.filter(([, bit]) => (set & bit) !== 0).map(([name]) => name)),
)

const isOneOf = (flag: string, beginnings: readonly string[]): boolean =>
  beginnings.some((beginning) => flag.toLowerCase().startsWith(beginning.toLowerCase()))

/** System flags that are one of these. */
export const bitsOf = (beginnings: readonly string[] = []): number =>
  system.reduce((set, [name, bit]) => (isOneOf(name, beginnings) ? set | bit : set), 0)

/** @param kept flags that stay as they are: these, and what begins so, in any case */
export function changeFlags(
  before: Flags,
  mode: 'add' | 'remove' | 'replace',
  wanted: Flags,
  kept: readonly string[] = [],
): Flags {
  const isKept = (keyword: string): boolean => isOneOf(keyword, kept)
  const untouched = kept.length === 0 ? 0 : bitsOf(kept)
  const change = {
    bits: wanted.bits & ~untouched,
    keywords: wanted.keywords.filter((keyword) => !isKept(keyword)),
  }
  const given = new Set(change.keywords.map((keyword) => keyword.toLowerCase()))
  const had = new Set(before.keywords.map((keyword) => keyword.toLowerCase()))
  const others = before.keywords.filter((keyword) => !given.has(keyword.toLowerCase()))
  if (mode === 'remove') return { bits: before.bits & ~change.bits, keywords: others }
  const added = change.keywords.filter((keyword) => !had.has(keyword.toLowerCase()))
  if (mode === 'add') return { bits: before.bits | change.bits, keywords: [...before.keywords, ...added] }
  // What stays keeps its place and spelling, so that replacing flags by the same flags is seen to change nothing.
  const stays = before.keywords.filter((keyword) => given.has(keyword.toLowerCase()) || isKept(keyword))
  return { bits: change.bits | (before.bits & untouched), keywords: [...stays, ...added] }
}

/** Of what is copied or moved. */
export function flagsOnTheWay({ bits, keywords }: Flags, { lost, gained }: FlagsOnTheWay): Flags {
  const left = {
    bits: bits & ~bitsOf(lost),
    keywords: keywords.filter((keyword) => !isOneOf(keyword, lost)),
  }
  return changeFlags(left, 'add', parseFlags(gained))
}
