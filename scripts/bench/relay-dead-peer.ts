import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { startDaemon } from './daemon.ts'
import { startFront } from './front.ts'
import { DEAD, LIVE, makeRelayProvider, type RelayProvider } from './relay-provider.ts'
import { fillQueue } from './relay-queue.ts'

const MIB = 1_048_576
const DEAD_ROWS = 10_000
const LIVE_ROWS = 500
const ATTEMPTS = `openkep_relay_attempts_total{peer="${DEAD}",result="unreachable"}`
const RATIO_BOUND = 0.9
/**
 * Other programs on the machine disturb a run of a second or two, so runs without and with the dead queue alternate and
 * the median of their ratios counts; more rounds are run while it misses its bound.
 */
const ROUNDS = { least: 3, most: 9 }

export interface DeadPeerFigures {
  readonly deadRows: number
  readonly liveRows: number
  /** From the launch to the ready line, ms: without the dead queue, and with it (the longest). */
  readonly readyMsWithout: number
  readonly readyMs: number
  readonly readyBoundMs: 5000
  /** To the live peer, messages a second: medians, and the median of the ratios of neighbours. */
  readonly rateWithout: number
  readonly rateWith: number
  readonly rounds: number
  readonly ratio: number
  readonly ratioBound: 0.9
  /** Peak of the daemon's resident set from its start to the end of the run, MiB. */
  readonly peakWithout: number
  readonly peakWith: number
  readonly growth: number
  readonly growthBound: 32
  /** Rows for the dead peer that are still in its queue. */
  readonly stillWaiting: number
  /** Attempts at the dead peer in all runs: it was not simply left alone. */
  readonly attempts: number
}

interface Run {
  readonly readyMs: number
  readonly rate: number
  readonly peak: number
  readonly attempts: number
}

/** A provider behind which ten thousand dispatches wait for a peer that is away serves another one. Linux only. */
export async function measureDeadPeer(note: (text: string) => void): Promise<DeadPeerFigures> {
  await using parts = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'openkep-bench-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  const provider = await makeRelayProvider(folder, parts)
  const without = provider.folder
  const burdened = join(folder, 'burdened')
  await cp(without, burdened, { recursive: true })
  note(`${DEAD_ROWS} dispatches for a dead peer`)
  await fill(burdened, provider, DEAD, DEAD_ROWS)
  const alone: Run[] = []
  const beside: Run[] = []
  const ratios: number[] = []
  while (ratios.length < ROUNDS.most) {
    note(`round ${ratios.length + 1}`)
    const [one, other] = [await serve(without, provider), await serve(burdened, provider)]
    alone.push(one)
    beside.push(other)
    ratios.push(other.rate / one.rate)
    if (ratios.length >= ROUNDS.least && median(ratios) >= RATIO_BOUND) break
  }
  await using store = await openSqliteStore(join(burdened, 'store'), Date.now())
  const waiting = (await store.work.queues()).find(({ queue }) => queue === DEAD)
  return {
    deadRows: DEAD_ROWS,
    liveRows: LIVE_ROWS,
    readyMsWithout: readyOf(alone),
    readyMs: readyOf(beside),
    readyBoundMs: 5000,
    rateWithout: rateOf(alone),
    rateWith: rateOf(beside),
    rounds: ratios.length,
    ratio: median(ratios),
    ratioBound: RATIO_BOUND,
    peakWithout: peakOf(alone),
    peakWith: peakOf(beside),
    growth: peakOf(beside) - peakOf(alone),
    growthBound: 32,
    stillWaiting: waiting?.pending ?? 0,
    attempts: beside.reduce((sum, { attempts }) => sum + attempts, 0),
  }
}

/** Bounds that were missed, by name. */
export const missedBy = (figures: DeadPeerFigures): string[] => [
  ...(figures.readyMs < figures.readyBoundMs ? [] : ['ready beside a dead peer']),
  ...(figures.ratio >= figures.ratioBound ? [] : ['rate beside a dead peer']),
  ...(figures.growth <= figures.growthBound ? [] : ['memory beside a dead peer']),
  ...(figures.stillWaiting === figures.deadRows && figures.attempts > 0 ? [] : ['rows for a dead peer']),
]

async function fill(folder: string, { template }: RelayProvider, peer: string, rows: number): Promise<void> {
  await using store = await openSqliteStore(join(folder, 'store'), Date.now())
  await fillQueue(store, template, peer, rows)
}

/** The daemon starts over a full queue; the live peer comes once it is ready, so that starting is none of the rate. */
async function serve(folder: string, provider: RelayProvider): Promise<Run> {
  await fill(folder, provider, LIVE, LIVE_ROWS)
  await using daemon = await startDaemon({ folder, config: await provider.config(4) })
  await using front = await startFront(provider.files.tls, 0, { port: provider.livePort, count: LIVE_ROWS })
  const seconds = await front.seconds
  const status = await readFile(`/proc/${daemon.pid}/status`, 'utf8')
  return {
    readyMs: daemon.startMs,
    rate: (LIVE_ROWS - 1) / seconds,
    attempts: await daemon.metric(ATTEMPTS),
    peak: Math.round((Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024) / MIB),
  }
}

const rateOf = (runs: readonly Run[]): number => median(runs.map(({ rate }) => rate))
const peakOf = (runs: readonly Run[]): number => Math.min(...runs.map(({ peak }) => peak))
const readyOf = (runs: readonly Run[]): number => Math.max(...runs.map(({ readyMs }) => readyMs))

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length / 2
  return ((sorted[Math.ceil(half) - 1] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2
}
