import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { openImapSession } from '../client/imap-session.ts'
import type { Daemon } from './daemon.ts'
import { PASSWORD, SENDER } from './transactions.ts'

export interface LatencyFigures {
  readonly commands: number
  readonly atRestP50Ms: number
  readonly atRestP99Ms: number
  readonly meanwhileP50Ms: number
  readonly meanwhileP99Ms: number
  readonly meanwhileMaxMs: number
}

/** Latency of another client's IMAP commands at rest, and while 100 MB come in, are enveloped and go out. */
export async function measureServedMeanwhile(daemon: Daemon): Promise<LatencyFigures> {
  const where = { port: daemon.ports.imaps, ca: daemon.ca }
  await using other = await openImapSession(where, { user: SENDER, password: PASSWORD })
  await other.command('SELECT Deliller')
  const ask = async (): Promise<number> => {
    const began = performance.now()
    await other.command('UID FETCH 1:10 (FLAGS)')
    return performance.now() - began
  }
  const atRest: number[] = []
  for (let turn = 0; turn < 200; turn++) atRest.push(await ask())
  const meanwhile: number[] = []
  let travelling = true
  const travel = letTravel(daemon).finally(() => {
    travelling = false
  })
  while (travelling) {
    meanwhile.push(await ask())
    await setTimeout(2)
  }
  await travel
  return {
    commands: meanwhile.length,
    atRestP50Ms: quantile(atRest, 0.5),
    atRestP99Ms: quantile(atRest, 0.99),
    meanwhileP50Ms: quantile(meanwhile, 0.5),
    meanwhileP99Ms: quantile(meanwhile, 0.99),
    meanwhileMaxMs: quantile(meanwhile, 1),
  }
}

/** On a thread of its own, so that what is measured is the daemon's latency and not this process's. */
async function letTravel(daemon: Daemon): Promise<void> {
  const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
  const { ports, ca, folder } = daemon
  const worker = new Worker(new URL(`./large-travel${extension}`, import.meta.url), {
    workerData: { ports, ca, folder },
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  worker.once('error', reject)
  worker.once('exit', () => resolve())
  await promise
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 100) / 100
}
