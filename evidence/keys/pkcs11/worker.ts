/** The thread that owns one module: it does one job after another, and nobody else calls the module. */
import { parentPort, workerData } from 'node:worker_threads'
import { KeyError } from '../error.ts'
import { loadModule } from './cryptoki.ts'
import type { Job, Looked, Refused, Reply } from './job.ts'
import { Module } from './module.ts'

const { path, refused } = workerData as { path: string; refused: readonly string[] }
const known = new Set(refused)
const module = new Module(() => loadModule(path), {
  has: (entry) => known.has(entry),
  add: (entry) => {
    known.add(entry)
    parentPort?.postMessage({ refused: entry } satisfies Refused)
  },
})

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
