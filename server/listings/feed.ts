import type { LineFault } from './import.ts'
import { linesOf, type NumberedLine } from './lines.ts'

/** Where the lines of a directory go; `take` may begin the import. */
export interface ImportDoor {
  readonly take: (lines: readonly NumberedLine[]) => Promise<{ taken: number; faults: readonly LineFault[] }>
  /** What did not come goes; answers how much that was. */
  readonly end: () => Promise<number>
}

export interface ImportReport {
  readonly taken: number
  /** Lines that tell of no entry; the first hundred by number and reason. */
  readonly faulty: number
  readonly faults: readonly LineFault[]
  readonly removed: number
  /** False where the file ends in the middle of a line or has no good one: then nothing was taken away. */
  readonly whole: boolean
}

/** Lines of one step, and their octets as JSON: together they fit into a request. */
const BATCH_LINES = 500
const BATCH_OCTETS = 192 * 1024
const TOLD_FAULTS = 100

/** Imports a file as it streams. What was left out is taken away only where the file is whole. */
export async function feed(
  octets: AsyncIterable<Uint8Array>,
  door: ImportDoor,
  progress: (lines: number) => void = () => {},
): Promise<ImportReport> {
  const faults: LineFault[] = []
  let taken = 0
  let faulty = 0
  let cut: number | undefined
  let batch: NumberedLine[] = []
  let size = 0
  const flush = async (): Promise<void> => {
    const step = await door.take(batch)
    taken += step.taken
    faulty += step.faults.length
    faults.push(...step.faults.slice(0, TOLD_FAULTS - faults.length))
    const last = batch.at(-1)
    if (last?.ended === false && step.faults.some(({ line }) => line === last.number)) cut = last.number
    progress(last?.number ?? 0)
    batch = []
    size = 0
  }
  for await (const line of linesOf(octets)) {
    const length = Buffer.byteLength(JSON.stringify(line))
    if (batch.length > 0 && (batch.length === BATCH_LINES || size + length > BATCH_OCTETS)) await flush()
    batch.push(line)
    size += length
  }
  if (batch.length > 0) await flush()
  const whole = taken > 0 && cut === undefined
  return { taken, faulty, faults, removed: whole ? await door.end() : 0, whole }
}
