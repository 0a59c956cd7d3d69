/** The thread that owns one module: it does one job after another, and nobody else calls the module. */
import { parentPort, workerData } from 'node:worker_threads'
import { KeyError } from '../error.ts'
import { loadModule } from './cryptoki.ts'
import type { Job, Looked, PinTold, Reply } from './job.ts'
import { Module } from './module.ts'
import type { PinStanding } from './standing.ts'

const { path, standings } = workerData as { path: string; standings: Map<string, PinStanding> }
/** Of the whole process: performance.now() begins with each thread, and a PIN may rest longer than one lives. */
const clock = { monotonic: () => Number(process.hrtime.bigint() / 1_000_000n) }
const module = new Module(
  () => loadModule(path),
  {
    get: (entry) => standings.get(entry),
    set: (entry, standing) => {
      standings.set(entry, standing)
      parentPort?.postMessage({ entry, standing } satisfies PinTold)
    },
  },
  clock,
)

parentPort?.on('message', ({ id, job }: { id: number; job: Job }) => {
  parentPort?.postMessage({ id, ...answer(job) } satisfies Reply)
})

function answer(
  job: Job,
):
  | { looked: Looked }
  | { matched: number }
  | { signature: Uint8Array }
  | { ended: true }
  | { code: KeyError['code']; detail: string } {
  try {
    switch (job.kind) {
      case 'look':
        return { looked: module.look(job) }
      case 'match':
        return { matched: module.match(job) }
      case 'sign':
        return { signature: module.sign(job) }
      case 'end':
        module.end()
        return { ended: true }
    }
  } catch (error) {
    const known =
      error instanceof KeyError ? error : new KeyError('SIGNING_FAILED', 'the module failed', error)
    return { code: known.code, detail: known.message.slice(known.code.length + 2) }
  }
}
