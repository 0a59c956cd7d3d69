/**
 * Positions of recipients (from 1, as evidence counts them) as short text: `1-3,7`. Rows of work carry them so, because
 * a thousand recipients at one provider are one row.
 */
export function writePositions(positions: Iterable<number>): string {
  const sorted = [...new Set(positions)].sort((a, b) => a - b)
  const ranges: [number, number][] = []
  for (const position of sorted) {
    const last = ranges.at(-1)
    if (last !== undefined && position === last[1] + 1) last[1] = position
    else ranges.push([position, position])
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
}

/** Ours only: what cannot be read is a fault of the program. */
export function readPositions(text: string): number[] {
  if (text === '') return []
  return text.split(',').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number)
    if (!(Number.isSafeInteger(first) && Number.isSafeInteger(last) && first > 0 && first <= last))
      throw new RangeError(`no positions: ${text}`)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

/**
 * The same from another provider's evidence, each position once and none beyond `count`; undefined where it is
 * anything else.
 */
export function readForeignPositions(text: string, count: number): number[] | undefined {
  const positions = new Set<number>()
  for (const range of text.split(',')) {
    const read = /^([0-9]{1,6})(?:-([0-9]{1,6}))?$/.exec(range)
    if (read === null) return undefined
    const first = Number(read[1])
    const last = Number(read[2] ?? read[1])
    if (first < 1 || last < first || last > count) return undefined
    for (let position = first; position <= last; position++) {
      if (positions.has(position)) return undefined
      positions.add(position)
    }
  }
  return [...positions]
}
