/** Runs one target after another as its parent says. */
import { parentPort, workerData } from 'node:worker_threads'
import { Coverage } from './coverage.ts'
import { type Budget, Engine } from './engine.ts'
import { Slot } from './slot.ts'
import { targetNamed } from './targets.ts'

/** A trace of each of millions of refusals is most of their cost; whoever runs a finding again gets a whole one. */
Error.stackTraceLimit = 4

const slot = new Slot(workerData.shared)
const coverage = new Coverage()

parentPort?.on('message', async ({ name, budget }: { name: string; budget: Budget }) => {
  const target = targetNamed(name)
  if (target === undefined) throw new RangeError(`no target ${name}`)
  const before = coverage.size
  const report = await new Engine(target, budget.seed, coverage, slot).run(budget)
  parentPort?.postMessage({ ...report, coverage: coverage.size - before })
})
