/** One thread of the trust pool: a job at a time. */
import { parentPort } from 'node:worker_threads'
import { doTrustJob, type TrustAnswer, type TrustJob } from '../../evidence/index.ts'

export type TrustReply = { readonly answer: TrustAnswer } | { readonly error: string }

const port = parentPort
if (port === null) throw new Error('this file runs as a worker thread')
port.on('message', (job: TrustJob) => {
  doTrustJob(job).then(
    (answer) => port.postMessage({ answer } satisfies TrustReply),
    (error: unknown) =>
      port.postMessage({
        error: error instanceof Error ? error.message : 'unreadable',
      } satisfies TrustReply),
  )
})
