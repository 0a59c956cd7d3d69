#!/usr/bin/env node
/**
 * `npm run bench`: figures as JSON, each beside its bound or its peer in the same run. Exit 1 where a bound is missed.
 *
 *     npm run bench -- [transactions] [latency] [memory] [relay] [deadPeer] [rules] [storage] [status] [archive] [trust] [imap]
 */
import { measureArchive, missedInArchive } from './bench/archive.ts'
import { measureBareRate } from './bench/bare-rate.ts'
import { startDaemon } from './bench/daemon.ts'
import { measureImap } from './bench/imap.ts'
import { measureMemory, measureParallelMemory } from './bench/memory.ts'
import { measureRelay } from './bench/relay.ts'
import { measureDeadPeer, missedBy } from './bench/relay-dead-peer.ts'
import { measureRules } from './bench/rules.ts'
import { measureServedMeanwhile } from './bench/served-meanwhile.ts'
import { measureStatus } from './bench/status.ts'
import { measureStorage, missedInStorage } from './bench/storage.ts'
import { measureTransactions } from './bench/transactions.ts'
import { measureTrust, missedInTrust } from './bench/trust.ts'

const MESSAGES = 500
const CLIENTS = 16
/** The heap of the memory figures: what does not fit was buffered. */
const SMALL_HEAP = ['--max-old-space-size=96']

const note = (text: string): void => console.error(`bench: ${text}`)
const missed: string[] = []

async function transactions(): Promise<object> {
  await using daemon = await startDaemon()
  await measureTransactions(daemon, 100) // warm-up
  const full = await measureTransactions(daemon, MESSAGES)
  note('bare smtp-server')
  const bareAcceptedPerSecond = await measureBareRate(daemon, MESSAGES, CLIENTS)
  if (full.signatureShare < full.bound) missed.push('signatureShare')
  const acceptRatio = full.acceptedPerSecond / bareAcceptedPerSecond
  return { transactions: { ...full, bareAcceptedPerSecond, acceptRatio, firstStartMs: daemon.startMs } }
}

/** Of others, while 100 MB travel. */
async function latency(): Promise<object> {
  await using daemon = await startDaemon()
  return { latency: await measureServedMeanwhile(daemon) }
}

async function memory(): Promise<object> {
  const memory = []
  for (const form of ['detached', 'opaque'] as const) {
    note(`memory, ${form}`)
    await using daemon = await startDaemon({ nodeOptions: SMALL_HEAP })
    const measured = await measureMemory(daemon, form)
    if (measured.growth > measured.bound) missed.push(`memory ${form}`)
    memory.push(measured)
  }
  note('memory, four at once')
  await using daemon = await startDaemon({ nodeOptions: SMALL_HEAP })
  const parallel = await measureParallelMemory(daemon)
  if (parallel.growth > parallel.bound) missed.push('memory of four at once')
  return { memory, parallel }
}

async function deadPeer(): Promise<object> {
  const figures = await measureDeadPeer(note)
  missed.push(...missedBy(figures))
  return { deadPeer: figures }
}

async function rules(): Promise<object> {
  const figures = await measureRules(note)
  if (figures.addedMs >= figures.bound) missed.push('rules')
  return { rules: figures }
}

async function storage(): Promise<object> {
  const figures = await measureStorage(note)
  missed.push(...missedInStorage(figures))
  return { storage: figures }
}

async function status(): Promise<object> {
  const figures = measureStatus()
  const { listMs, listMiB, bound } = figures
  if (listMs > bound.ms || listMiB > bound.MiB) missed.push('status')
  return { status: figures }
}

async function archive(): Promise<object> {
  const figures = await measureArchive(note)
  missed.push(...missedInArchive(figures))
  return { archive: figures }
}

async function trust(): Promise<object> {
  const figures = await measureTrust(note)
  missed.push(...missedInTrust(figures))
  return { trust: figures }
}

async function imap(): Promise<object> {
  const figures = await measureImap(note)
  if (figures.idle.ratio > figures.idle.bound) missed.push('idle connections')
  return { imap: figures }
}

const sections = new Map<string, () => Promise<object>>([
  ['transactions', transactions],
  ['latency', latency],
  ['memory', memory],
  ['relay', async () => ({ relay: await measureRelay(note) })],
  ['deadPeer', deadPeer],
  ['rules', rules],
  ['storage', storage],
  ['status', status],
  ['archive', archive],
  ['trust', trust],
  ['imap', imap],
])

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !sections.has(name))
if (unknown.length > 0) {
  note(`no such section: ${unknown.join(', ')}; there are ${[...sections.keys()].join(', ')}`)
  process.exit(2)
}
const figures = {}
for (const [name, measure] of sections) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  note(name)
  Object.assign(figures, await measure())
}
console.log(JSON.stringify({ ...figures, missed }, null, 2))
process.exitCode = missed.length === 0 ? 0 : 1
