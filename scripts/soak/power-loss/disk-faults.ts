import { mkdtemp, rm } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { compileDisk } from './disk.ts'
import { FAULT_ACTS } from './fault-acts.ts'
import { FaultSweep } from './fault-sweep.ts'
import { Random } from './random.ts'

const ERRORS = ['ENOSPC', 'EIO', 'EROFS'] as const

export interface DiskFaultsSize {
  readonly seed: number
  /** Of the calls of each write: all, or so many of them, the first and the last among them. */
  readonly calls: number | 'all'
}

export interface DiskFaultsReport {
  readonly seed: number
  readonly failures: number
  readonly refused: number
  readonly repeated: number
  readonly faults: readonly string[]
  readonly seconds: number
}

/** Each kind of write, each error, once and for long: at every call that changes something on the disk. */
export async function diskFaults(
  { seed, calls }: DiskFaultsSize,
  progress: (text: string) => void = () => {},
): Promise<DiskFaultsReport> {
  const began = performance.now()
  await using parts = new AsyncDisposableStack()
  const home = await mkdtemp(join(tmpdir(), 'openkep-faults-'))
  parts.defer(() => rm(home, { recursive: true, force: true }))
  const library = compileDisk(home)
  const random = new Random(seed)
  const sums = { failures: 0, refused: 0, repeated: 0 }
  const faults: string[] = []
  for (const name of ERRORS)
    for (const lasting of [false, true]) {
      const way = `${name}${lasting ? ' until it is mended' : ' once'}`
      const folder = join(home, way.replaceAll(' ', '-'))
      await using sweep = new FaultSweep(folder, library, { error: constants.errno[name], lasting })
      try {
        await sweep.open()
        for (const kind of Object.keys(FAULT_ACTS))
          await sweep.sweep(kind, (count) => chosen(count, calls, random))
      } catch (error) {
        faults.push(`${way}: ${error instanceof Error ? error.message : String(error)}`)
      }
      faults.push(...(await sweep.end(join(folder, 'scratch'), random)).map((what) => `${way}: ${what}`))
      for (const one of ['failures', 'refused', 'repeated'] as const) sums[one] += sweep.counts[one]
      progress(`${way}: ${sweep.counts.failures} calls failed, ${sweep.counts.refused} writes were refused`)
    }
  return { seed, ...sums, faults, seconds: Math.round((performance.now() - began) / 100) / 10 }
}

function chosen(count: number, calls: number | 'all', random: Random): number[] {
  const all = Array.from({ length: count }, (_, index) => index + 1)
  if (calls === 'all' || count <= calls) return all
  const some = new Set([1, count])
  while (some.size < calls) some.add(random.one(all))
  return [...some].sort((a, b) => a - b)
}
