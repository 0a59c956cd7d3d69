/** Ends the process that it is a thread of when a document takes too much, which nobody there has time to notice. */
import { workerData } from 'node:worker_threads'

/** How often is looked, ms: what grows by a GB/s is 20 MB larger then. */
const LOOK_MS = 20

export interface Watched {
  /** Counts the documents. */
  readonly documents: Int32Array
  /** Octets of the process. */
  readonly memory: number
  /** Of processor time for one document. */
  readonly processorMs: number
}

const { documents, memory, processorMs }: Watched = workerData
const parent = process.ppid
let document = 0
let before = process.cpuUsage()

setInterval(() => {
  const now = Atomics.load(documents, 0)
  if (now !== document) {
    document = now
    before = process.cpuUsage()
  }
  const { user, system } = process.cpuUsage(before)
  const isOrphan = process.ppid !== parent
  if (isOrphan || user + system > processorMs * 1_000 || process.memoryUsage.rss() > memory)
    process.kill(process.pid, 'SIGKILL')
}, LOOK_MS)
