import { Worker } from 'node:worker_threads'
import type { FileReport } from '../../../evidence/index.ts'
import { systemClock } from '../../../mail/clock.ts'
import { KeyFileError } from '../../key-files.ts'
import type { TrustFiles } from '../../trusted.ts'
import { OperationError } from '../operations/operation.ts'
import type { VerifyAnswer, VerifyJob } from './verify-thread.ts'

/** A delil takes a tenth of a second and the largest message some seconds; what takes longer was made to. */
const LONGEST_MS = 30_000
/** The largest file, and what reading it makes of it. */
const MAX_HEAP_MB = 512

/**
 * Judges by whom the configuration believes now, as `kepctl verify` does by what it is given: in a thread of its own, with
 * its own memory and time, since what strangers made may be made to be hard to read, and trusted lists are long (I9).
 * Rejects with KeyFileError where what the configuration names cannot be believed.
 */
export const verifierOf =
  (config: () => { readonly trust: TrustFiles }) =>
  async (name: string, octets: Uint8Array): Promise<FileReport> => {
    const { users, providers, tsas, lists } = config().trust
    const trust: TrustFiles = { users, providers, tsas, lists }
    const job: VerifyJob = { name, octets, trust, now: systemClock.now().getTime() }
    const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
    const worker = new Worker(new URL(`./verify-thread${extension}`, import.meta.url), {
      workerData: job,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    })
    const { promise, resolve, reject } = Promise.withResolvers<FileReport>()
    const tooHard = (): void =>
      reject(new OperationError('TOO_HARD', 'the file cannot be judged within bounds'))
    const timer = setTimeout(tooHard, LONGEST_MS)
    worker.once('message', (answer: VerifyAnswer) => {
      if ('report' in answer) resolve(answer.report)
      else reject(new KeyFileError(answer.file, answer.why))
    })
    worker.once('error', tooHard)
    worker.once('exit', tooHard)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      await worker.terminate()
    }
  }
