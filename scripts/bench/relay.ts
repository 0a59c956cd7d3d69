import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { environment } from '../../config/environment.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { freePorts } from '../soak/providers.ts'
import { startFront } from './front.ts'
import { findPostfix, type Postfix, sourceRate, startSink } from './postfix.ts'
import { type DialogueRates, measureDialogue } from './relay-dialogue.ts'
import { LIVE, makeRelayProvider, type RelayProvider } from './relay-provider.ts'
import { fillQueue } from './relay-queue.ts'

const MESSAGES = 1500
const CONNECTIONS = [1, 4] as const
/** Memory that looks like a disk: what a sync costs is what is missing there. */
const MEMORY_FOLDER = '/dev/shm'

interface RelayRate {
  readonly connections: number
  readonly messagesPerSecond: number
  readonly cpuMsPerMessage: number
  /** The same on a store in memory, where a sync costs nothing; undefined where there is no such folder. */
  readonly withoutDisk: number | undefined
  /** smtp-source over as many connections to the same smtp-sink: without TLS, queue and store. */
  readonly smtpSource: number | undefined
  readonly ratio: number | undefined
}

export interface RelayFigures {
  readonly messages: number
  /** Of a dispatch, which holds a message of 5 KB. */
  readonly octets: number
  readonly rates: readonly RelayRate[]
  readonly dialogue: DialogueRates | undefined
  /** What one message takes over one connection, ms, and where it goes. */
  readonly cost: Readonly<Record<'dialogue' | 'tls' | 'queue' | 'durability', number>> | undefined
}

/** Dispatches that wait for one peer, carried by a lane in a process of its own to smtp-sink behind TLS. */
export async function measureRelay(note: (text: string) => void): Promise<RelayFigures> {
  const postfix = findPostfix()
  if (postfix === undefined) {
    const missing = 'smtp-source and smtp-sink are not installed (scripts/install-test-tools)'
    if (environment.continuous) throw new Error(missing)
    note(`${missing}: the comparison is left out`)
  }
  await using parts = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'openkep-bench-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  const provider = await makeRelayProvider(folder, parts)
  const sinkPort = postfix === undefined ? 0 : (await freePorts()).peer
  if (postfix !== undefined) parts.use(await startSink(postfix, sinkPort))
  parts.use(await startFront(provider.files.tls, sinkPort, { port: provider.livePort }))
  await laneRate(provider, 4, 200) // warm-up
  const rates: RelayRate[] = []
  for (const connections of CONNECTIONS) {
    note(`relay, ${connections} connections`)
    const ours = await laneRate(provider, connections, MESSAGES)
    const theirs = postfix && (await postfixRate(postfix, provider, sinkPort, connections))
    rates.push({
      connections,
      ...ours,
      withoutDisk: existsSync(MEMORY_FOLDER)
        ? (await laneRate(provider, connections, MESSAGES, MEMORY_FOLDER)).messagesPerSecond
        : undefined,
      smtpSource: theirs,
      ratio: theirs === undefined ? undefined : ours.messagesPerSecond / theirs,
    })
  }
  const dialogue = postfix && (await measureDialogue(provider, sinkPort, MESSAGES))
  return {
    messages: MESSAGES,
    octets: provider.template.dispatch.length,
    rates,
    dialogue,
    cost: costOf(rates[0], dialogue),
  }
}

/** A store of its own is filled, and a lane empties it. */
async function laneRate(
  provider: RelayProvider,
  connections: number,
  count: number,
  under = tmpdir(),
): Promise<Pick<RelayRate, 'messagesPerSecond' | 'cpuMsPerMessage'>> {
  const config = await provider.config(connections)
  const folder = await mkdtemp(join(under, 'openkep-bench-queue-'))
  try {
    {
      await using store = await openSqliteStore(folder, Date.now())
      await fillQueue(store, provider.template, LIVE, count)
    }
    const { seconds, cpuSeconds } = await runLane([config, folder, LIVE])
    return { messagesPerSecond: count / seconds, cpuMsPerMessage: (cpuSeconds * 1000) / count }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function runLane(argv: readonly string[]): Promise<{ seconds: number; cpuSeconds: number }> {
  const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
  const script = new URL(`./relay-lane${extension}`, import.meta.url).pathname
  const child = spawn(process.execPath, ['--max-semi-space-size=2', script, ...argv], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { promise, resolve, reject } = Promise.withResolvers<{ seconds: number; cpuSeconds: number }>()
  createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)))
  child.once('exit', (code) => reject(new Error(`the lane ended with ${code}`)))
  return promise
}

async function postfixRate(
  postfix: Postfix,
  { folder, template }: RelayProvider,
  port: number,
  connections: number,
): Promise<number> {
  const file = join(folder, 'dispatch.lines')
  // It ends each line of the file with CRLF itself.
  await writeFile(file, template.dispatch.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
  const envelope = { from: 'bounce@hs98.kep.tr', to: `deneme.alici@${LIVE}` }
  return await sourceRate(postfix, { port, file, count: MESSAGES, connections, ...envelope })
}

function costOf(single: RelayRate | undefined, dialogue: DialogueRates | undefined): RelayFigures['cost'] {
  if (single?.withoutDisk === undefined || dialogue === undefined) return undefined
  const ms = (rate: number): number => Math.round(100_000 / rate) / 100
  const [plain, tls, memory, disk] = [
    dialogue.plain,
    dialogue.tls,
    single.withoutDisk,
    single.messagesPerSecond,
  ].map(ms) as [number, number, number, number]
  return { dialogue: plain, tls: tls - plain, queue: memory - tls, durability: disk - memory }
}
