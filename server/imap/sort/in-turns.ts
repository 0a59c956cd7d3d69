/** Sorted at once: a millisecond of work. */
const RUN = 500

/**
 * A stable sort that lets others run in between: one of a hundred thousand would hold the loop for a tenth of a second (I9).
 *
 * @param breathe returns at once while the slice of time lasts
 */
export async function sortedInTurns<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
  breathe: () => Promise<void>,
): Promise<T[]> {
  let runs: T[][] = []
  for (let at = 0; at < items.length; at += RUN) {
    runs.push(items.slice(at, at + RUN).sort(compare))
    await breathe()
  }
  while (runs.length > 1) {
    const next: T[][] = []
    for (let at = 0; at < runs.length; at += 2) {
      const [left = [], right = []] = [runs[at], runs[at + 1]]
      next.push(right.length === 0 ? left : await merged(left, right, compare, breathe))
    }
    runs = next
  }
  return runs[0] ?? []
}

async function merged<T>(
  left: readonly T[],
  right: readonly T[],
  compare: (a: T, b: T) => number,
  breathe: () => Promise<void>,
): Promise<T[]> {
  const all: T[] = []
  let [l, r] = [0, 0]
  while (l < left.length && r < right.length) {
    all.push(compare(left[l]!, right[r]!) <= 0 ? left[l++]! : right[r++]!)
    if (all.length % RUN === 0) await breathe()
  }
  while (l < left.length) all.push(left[l++]!)
  while (r < right.length) all.push(right[r++]!)
  return all
}
