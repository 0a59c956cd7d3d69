/** Threads that fuzz, and a watch over them: one that hangs, or takes all memory, is ended, and its input is told. */
import { Worker } from 'node:worker_threads'
import type { Budget, Finding, TargetReport } from './engine.ts'
import { Slot } from './slot.ts'

/** By the clock on the wall, ms: the machine may be busy with others. What is only slow the thread itself tells. */
const HANG_MS = 20_000
const LOOK_MS = 1000
/** Of one thread, MiB; a reader needs a hundred times its input, not ten thousand. */
const HEAP_MIB = 512

export interface Job {
  readonly name: string
  readonly budget: Budget
}

/** A target as its thread reports it, or as far as it came. */
export type JobReport = TargetReport & { readonly coverage: number }

/** @param told of each target as soon as it is done */
export async function runJobs(
  jobs: readonly Job[],
  threads: number,
  told: (report: JobReport) => void,
): Promise<JobReport[]> {
  const waiting = [...jobs]
  const reports: JobReport[] = []
  const lane = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const report = await runJob(job)
      reports.push(report)
      told(report)
    }
  }
  await Promise.all(Array.from({ length: threads }, lane))
  return reports
}

/** A thread for each: what a target keeps, and executes, is its own. */
async function runJob(job: Job): Promise<JobReport> {
  const slot = new Slot()
  const worker = new Worker(new URL('thread.ts', import.meta.url), {
    workerData: { shared: slot.shared },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  })
  const { promise, resolve } = Promise.withResolvers<JobReport>()
  const lost = (kind: Finding['kind'], detail: string): void => {
    const finding = { ...slot.read(), kind, detail }
    resolve({
      target: job.name,
      inputs: 0,
      seconds: 0,
      corpus: 0,
      words: 0,
      coverage: 0,
      findings: [finding],
    })
  }
  worker.on('message', (report: JobReport) => resolve(report))
  worker.on('error', (error: NodeJS.ErrnoException) =>
    lost(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'crash', error.stack ?? error.message),
  )
  let seen: number | undefined
  let since = performance.now()
  const watch = setInterval(() => {
    const now = slot.underWay
    if (now === undefined || now !== seen) {
      seen = now
      since = performance.now()
    } else if (performance.now() - since > HANG_MS) lost('hang', `over ${HANG_MS} ms`)
  }, LOOK_MS)
  worker.postMessage(job)
  const report = await promise
  clearInterval(watch)
  await worker.terminate()
  return report
}
