/**
 * What others say of an artefact, beside what we say. Where a program differs there is a row that says who is right and by
 * which rule; a difference without a row fails, and so does a row that no artefact shows any more.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export type Program = 'openssl' | 'pkijs' | 'xmlsec1' | 'xml-crypto'

export interface Opinion {
  /** What was done to it; artefacts of one fault differ by keys, digests and shapes. */
  readonly fault: string
  readonly name: string
  /** `good`, or the code of our refusal. */
  readonly ours: string
  readonly theirs: Partial<Record<Program, boolean>>
}

export interface Difference {
  readonly program: Program
  readonly faults: readonly string[]
  /** What that program says where we say the other. */
  readonly says: 'good' | 'refused'
  readonly right: 'ours' | 'theirs' | 'either'
  readonly why: string
}

export interface Comparison {
  readonly artefacts: number
  readonly good: number
  readonly opinions: number
  readonly explained: number
  readonly unexplained: readonly string[]
  readonly stale: readonly string[]
}

export function compare(opinions: readonly Opinion[], differences: readonly Difference[]): Comparison {
  const unexplained: string[] = []
  const shown = new Set<string>()
  let count = 0
  let explained = 0
  for (const { fault, name, ours, theirs } of opinions)
    for (const [program, good] of Object.entries(theirs)) {
      count++
      if (good === (ours === 'good')) continue
      const row = differences.find(
        (one) =>
          one.program === program && one.says === (good ? 'good' : 'refused') && one.faults.includes(fault),
      )
      if (row === undefined)
        unexplained.push(`${program} says ${good ? 'good' : 'refused'}, we ${ours}: ${fault}; ${name}`)
      else {
        explained++
        shown.add(`${program}: ${fault}`)
      }
    }
  const stale = differences.flatMap(({ program, faults }) =>
    faults.map((fault) => `${program}: ${fault}`).filter((row) => !shown.has(row)),
  )
  const good = opinions.filter(({ ours }) => ours === 'good').length
  return { artefacts: opinions.length, good, opinions: count, explained, unexplained, stale }
}

/** A program is started for each artefact; alone on two cores each file takes 5 to 20 seconds. */
export const TIME_LIMIT = 240_000

const run = promisify(execFile)

/** Whether a program ends well; a missing one fails the test. */
export async function accepts(program: string, args: readonly string[], cwd: string): Promise<boolean> {
  try {
    await run(program, args, { cwd, timeout: 30_000 })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'number') return false
    throw error
  }
}

/** Side by side, so that the starts of programs overlap. */
export async function eachOf<T, R>(
  items: readonly T[],
  act: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results[at] = await act(items[at]!, at)
  }
  await Promise.all(Array.from({ length: 4 }, lane))
  return results
}

export const exact = (octets: Uint8Array): ArrayBuffer => Uint8Array.from(octets).buffer
