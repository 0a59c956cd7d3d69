#!/usr/bin/env node
/** `npm run bench`: figures as JSON, each beside its bound or its peer in the same run. Exit 1 where a bound is missed. */
import { measureBareRate } from './bench/bare-rate.ts'
import { startDaemon } from './bench/daemon.ts'
import { measureMemory, measureParallelMemory } from './bench/memory.ts'
import { measureServedMeanwhile } from './bench/served-meanwhile.ts'
import { measureTransactions } from './bench/transactions.ts'

const MESSAGES = 500
const CLIENTS = 16
/** The heap of the memory figures: what does not fit was buffered. */
const SMALL_HEAP = ['--max-old-space-size=96']

const note = (text: string): void => console.error(`bench: ${text}`)
const missed: string[] = []

note('transactions')
const transactions = await (async () => {
  await using daemon = await startDaemon()
  await measureTransactions(daemon, 100) // warm-up
  const full = await measureTransactions(daemon, MESSAGES)
  note('bare smtp-server')
  const bareAcceptedPerSecond = await measureBareRate(daemon, MESSAGES, CLIENTS)
  return {
    ...full,
    bareAcceptedPerSecond,
    acceptRatio: full.acceptedPerSecond / bareAcceptedPerSecond,
    firstStartMs: daemon.startMs,
  }
})()
if (transactions.signatureShare < transactions.bound) missed.push('signatureShare')

note('others while 100 MB travel')
const latency = await (async () => {
  await using daemon = await startDaemon()
  return await measureServedMeanwhile(daemon)
})()

const memory = []
for (const form of ['detached', 'opaque'] as const) {
  note(`memory, ${form}`)
  await using daemon = await startDaemon({ nodeOptions: SMALL_HEAP })
  const figures = await measureMemory(daemon, form)
  if (figures.growth > figures.bound) missed.push(`memory ${form}`)
  memory.push(figures)
}
note('memory, four at once')
const parallel = await (async () => {
  await using daemon = await startDaemon({ nodeOptions: SMALL_HEAP })
  return await measureParallelMemory(daemon)
})()
if (parallel.growth > parallel.bound) missed.push('memory of four at once')

console.log(JSON.stringify({ transactions, latency, memory, parallel, missed }, null, 2))
process.exitCode = missed.length === 0 ? 0 : 1
