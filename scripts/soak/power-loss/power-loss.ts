import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compileDisk, type Lie, WatchedDisk } from './disk.ts'
import { DriverProcess } from './driver-process.ts'
import { Random } from './random.ts'
import { StoreLine } from './store-line.ts'

/** Cuts that a store lives through before the next one begins empty, so that none grows for ever. */
const CUTS_A_STORE = 8

export interface PowerLossSize {
  readonly cuts: number
  readonly seed: number
  readonly lie?: Lie | undefined
  /** Ends with the first cut after which something was wrong. */
  readonly stopAtLoss?: boolean
}

export interface PowerLossReport {
  readonly cuts: number
  readonly seed: number
  /** Writes that were answered, and such as were under way when the power was cut. */
  readonly acknowledged: number
  readonly underWay: number
  /** Stores that were opened after a cut, two where there is a second copy; cuts of stores with keys, and with a copy. */
  readonly opened: number
  readonly sealed: number
  readonly withCopy: number
  /** What the cuts took: changes of names, and pages of 4 KiB; and the unsynced pages that they left. */
  readonly entriesLost: number
  readonly pagesLost: number
  readonly pagesKept: number
  /** Cuts after which something acknowledged was lost or corrupt, and what was wrong after the first of them. */
  readonly broken: number
  readonly faults: readonly string[]
  readonly seconds: number
}

/** A process that writes to a store, and whose disk loses power at random moments: see `power-loss.c`. */
export async function powerLoss(
  { cuts, seed, lie, stopAtLoss = false }: PowerLossSize,
  progress: (text: string) => void = () => {},
): Promise<PowerLossReport> {
  const began = performance.now()
  await using parts = new AsyncDisposableStack()
  const home = await mkdtemp(join(tmpdir(), 'openkep-power-'))
  parts.defer(() => rm(home, { recursive: true, force: true }))
  const library = compileDisk(home)
  const start = (cut: number) => {
    const disk = new WatchedDisk(join(home, String(cut)))
    return { disk, driver: parts.use(new DriverProcess(disk, library, lie)) }
  }
  const sums = { acknowledged: 0, underWay: 0, opened: 0, sealed: 0, withCopy: 0, broken: 0 }
  const taken = { entriesLost: 0, pagesLost: 0, pagesKept: 0 }
  const faults: string[] = []
  let line = new StoreLine(new Random(seed))
  let current = start(0)
  let cut = 0
  while (cut < cuts && !(stopAtLoss && sums.broken > 0)) {
    const next = start(++cut)
    const goesOn = line.cuts + 1 < CUTS_A_STORE
    const outcome = await line.cut({
      ...current,
      next: goesOn ? next.disk : undefined,
      scratch: join(home, 'scratch'),
      seed: seed + cut,
    })
    add(sums, outcome.counts)
    add(taken, outcome.taken)
    await rm(join(home, String(cut - 1)), { recursive: true, force: true })
    const isBroken = outcome.wrong.length > 0
    if (isBroken && sums.broken++ === 0) faults.push(`cut ${cut}:`, ...outcome.wrong.slice(0, 10))
    if (cut % 50 === 0) progress(`${cut} cuts, ${sums.acknowledged} acknowledged, ${sums.broken} broken`)
    if (isBroken) next.disk.empty()
    if (!goesOn || isBroken) line = new StoreLine(new Random(seed + cut))
    current = next
  }
  const seconds = Math.round((performance.now() - began) / 100) / 10
  return { cuts: cut, seed, ...sums, ...taken, faults, seconds }
}

function add(sums: Record<string, number>, more: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(more))
    if (typeof value === 'number') sums[name] = (sums[name] ?? 0) + value
}
