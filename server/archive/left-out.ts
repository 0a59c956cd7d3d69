import type { LeftOut } from '../../evidence/index.ts'
import type { Store } from '../../storage/port.ts'
import { EVIDENCE_CHAIN } from './chain-archive.ts'
import type { PackSelection } from './desk.ts'

type TimeSelection = Extract<PackSelection, { kind: 'evidence' }>
type Run = { -readonly [field in keyof LeftOut]: LeftOut[field] }

/** Entries read at once. */
const PAGE = 50

/**
 * Evidence of other times that stands before, between and after what was selected by time, in runs by the side on which they
 * lie: numbers and times, and nothing else of it. So whoever verifies sees that nothing of the time itself is missing.
 *
 * @param selected sequence numbers
 */
export async function leftOutOf(
  store: Pick<Store, 'chain'>,
  { from: begin = Number.NEGATIVE_INFINITY, to: end = Number.POSITIVE_INFINITY }: TimeSelection,
  selected: readonly number[],
): Promise<LeftOut[]> {
  const runs: Run[] = []
  const added = selected.toSorted((a, b) => a - b)
  const [first = 1] = added
  for (const [index, next] of [...added, (added.at(-1) ?? 0) + 2].entries()) {
    for (let from = (added[index - 1] ?? Math.max(0, first - 2)) + 1; from < next; from += PAGE) {
      for (const { seq, at } of await store.chain.read(EVIDENCE_CHAIN, from, Math.min(PAGE, next - from))) {
        // What was appended since all was listed.
        if (at >= begin && at < end) continue
        const run = runs.at(-1)
        if (run?.upTo === seq - 1 && run.earliest >= end === at >= end) {
          run.upTo = seq
          run.earliest = Math.min(run.earliest, at)
          run.latest = Math.max(run.latest, at)
        } else runs.push({ from: seq, upTo: seq, earliest: at, latest: at })
      }
    }
  }
  return runs
}
