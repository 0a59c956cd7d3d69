/**
 * How the work of a reader grows: ten times the octets may cost twelve times the processor at most, and none of them a
 * microsecond. Both sizes are measured in turns, and the best of several counts: a busy machine makes slow, never fast.
 */
import { setTimeout } from 'node:timers/promises'
import { GROWTH_OCTETS, type Growth, type Target } from './target.ts'

const TIMES = 10
const MAX_RATIO = 12
const MAX_MICROSECONDS = 1
const FIRST_STEP = 3
const MAX_STEEPNESS = 6
/** One measurement takes at least so long, ms: shorter ones measure the clock. */
const LEAST_MS = 2
const ROUNDS = 2
/** A miss is measured again before it counts. */
const RETRIES = 10
/** Before the first of them, ms, and longer before each further: others' work comes in bursts. */
const PAUSE_MS = 200

export interface GrowthReport {
  readonly target: string
  readonly name: string
  readonly octets: readonly [number, number]
  readonly ratio: number
  /** Of the larger one. */
  readonly microsecondsAnOctet: number
  readonly held: boolean
}

export async function* measureGrowth(target: Target, retries = RETRIES): AsyncGenerator<GrowthReport> {
  for (const growth of target.growth) yield await measure(target, growth, retries)
}

async function measure(target: Target, growth: Growth, retries: number): Promise<GrowthReport> {
  const octets = growth.octets ?? GROWTH_OCTETS
  const [small, large] = [growth.make(octets), growth.make(octets * TIMES)]
  const best = { small: Infinity, large: Infinity }
  const report = (): GrowthReport => {
    // Sizes are what they are: twelve for ten, of what the makers made.
    const ratio = best.large / best.small / (large.length / small.length / TIMES)
    const microsecondsAnOctet = best.large / large.length
    const held = ratio <= MAX_RATIO && microsecondsAnOctet <= MAX_MICROSECONDS
    const sizes = [small.length, large.length] as const
    return { target: target.name, name: growth.name, octets: sizes, ratio, microsecondsAnOctet, held }
  }
  // What takes the square of its octets would take minutes of the larger size: it is not even tried.
  const steep = await steepness(target, growth, octets)
  if (steep > MAX_STEEPNESS) {
    const sizes = [octets, octets * FIRST_STEP] as const
    return {
      target: target.name,
      name: growth.name,
      octets: sizes,
      ratio: steep,
      microsecondsAnOctet: Number.NaN,
      held: false,
    }
  }
  for (let retry = 0; retry <= retries; retry++) {
    for (let round = 0; round < ROUNDS; round++) {
      best.small = Math.min(best.small, await microseconds(target, growth, small))
      best.large = Math.min(best.large, await microseconds(target, growth, large))
    }
    if (report().held) break
    await setTimeout(PAUSE_MS * (retry + 1))
  }
  return report()
}

/** How much more three times the octets cost: three where work grows with them, nine where it grows with their square. */
async function steepness(target: Target, growth: Growth, octets: number): Promise<number> {
  const [small, large] = [growth.make(octets), growth.make(octets * FIRST_STEP)]
  const best = { small: Infinity, large: Infinity }
  for (let round = 0; round < ROUNDS; round++) {
    // The larger one first, so that its code is warm for the smaller one too.
    best.large = Math.min(best.large, await microseconds(target, growth, large))
    best.small = Math.min(best.small, await microseconds(target, growth, small))
  }
  return best.large / best.small
}

let total = 0

/** The processor's time of one run. */
async function microseconds(target: Target, growth: Growth, input: Uint8Array): Promise<number> {
  let runs = 0
  // The collector works in steps: what fits into the young generation costs it nothing, what does not all at once. It is
  // kept out, by a large young generation too (package.json), since the reader's own work is what is asked for.
  globalThis.gc?.()
  const before = process.threadCpuUsage()
  for (;;) {
    growth.anew?.(input, total++)
    if (target.work === undefined) await target.run(input)
    else target.work(input)
    runs++
    // Without the kernel's part: it gives memory out when that is touched first.
    const { user } = process.threadCpuUsage(before)
    if (user >= LEAST_MS * 1000) return user / runs
  }
}
