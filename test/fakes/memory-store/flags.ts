import type { FlagChange, FlagsOnTheWay } from '../../../storage/port.ts'

const SYSTEM = ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft']
const spelling = new Map(SYSTEM.map((name) => [name.toLowerCase(), name]))

/** One flag a name, whatever its case; the first spelling stays. */
export const distinctFlags = (names: readonly string[]): string[] => [...byKey(names).values()]

/** The same array where nothing changed. */
export function flagsAfter(
  before: readonly string[],
  { mode, flags, kept = [] }: FlagChange,
): readonly string[] {
  const isKept = (key: string) => kept.some((beginning) => key.startsWith(beginning.toLowerCase()))
  const had = byKey(before)
  const given = byKey(flags.filter((name) => !isKept(name.toLowerCase())))
  const after = new Map(had)
  if (mode === 'replace') for (const key of had.keys()) if (!given.has(key) && !isKept(key)) after.delete(key)
  if (mode === 'remove') for (const key of given.keys()) after.delete(key)
  if (mode !== 'remove') for (const [key, name] of given) if (!after.has(key)) after.set(key, name)
  const same = after.size === had.size && [...after.keys()].every((key) => had.has(key))
  return same ? before : [...after.values()]
}

function byKey(names: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>()
  for (const name of names) {
    const key = name.toLowerCase()
    if (!flags.has(key)) flags.set(key, spelling.get(key) ?? name)
  }
  return flags
}

export function flagsThere(
  before: readonly string[],
  { lost, gained }: FlagsOnTheWay = { lost: [], gained: [] },
): readonly string[] {
  const isLost = (flag: string) => lost.some((each) => flag.toLowerCase().startsWith(each.toLowerCase()))
  return distinctFlags([...before.filter((flag) => !isLost(flag)), ...gained])
}
