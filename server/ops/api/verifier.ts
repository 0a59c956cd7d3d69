import { readFile } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import type { Config } from '../../../config/schema.ts'
import type { FileReport } from '../../../evidence/index.ts'
import { systemClock } from '../../../mail/clock.ts'
import { OperationError } from '../operations/operation.ts'
import type { VerifyJob } from './verify-thread.ts'

/** A delil takes a tenth of a second and the largest message some seconds; what takes longer was made to. */
const LONGEST_MS = 30_000
/** The largest file, and what reading it makes of it. */
const MAX_HEAP_MB = 512

/**
 * Judges by whom the configuration believes now, as `kepctl verify` does by what it is given: in a thread of its own, with
 * its own memory and time, since what strangers made may be made to be hard to read (I9).
 */
export const verifierOf =
  (config: () => Config) =>
  async (name: string, octets: Uint8Array): Promise<FileReport> => {
    const { users, providers, tsas } = config().trust
    const files = [...new Set([...users, ...providers, ...tsas])]
    const anchors = await Promise.all(files.map((file) => readFile(file, 'utf8')))
    const job: VerifyJob = { name, octets, anchors, now: systemClock.now().getTime() }
    const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
    const worker = new Worker(new URL(`./verify-thread${extension}`, import.meta.url), {
      workerData: job,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    })
    const { promise, resolve, reject } = Promise.withResolvers<FileReport>()
    const tooHard = (): void =>
      reject(new OperationError('TOO_HARD', 'the file cannot be judged within bounds'))
    const timer = setTimeout(tooHard, LONGEST_MS)
    worker.once('message', resolve)
    worker.once('error', tooHard)
    worker.once('exit', tooHard)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      await worker.terminate()
    }
  }
