/** Durable acceptances a second by one store, beside the disk's own rate and beside SQLite alone, in turns in one run. */
import { randomBytes, randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import type { Store } from '../../storage/port.ts'
import type { BareAccept } from './bare-commit.ts'

/** A letter with a signature. */
const BODY = 5_000
const ENVELOPE = 1_200
/** Turns of each kind; the first is thrown away. */
const ROUNDS = 4
const ROUND_MS = 1_500

export interface AcceptFigures {
  readonly connections: number
  readonly acceptsPerSecond: number
  /** The same rows by SQLite alone, with group commit in a thread. */
  readonly barePerSecond: number
  readonly ratioToBare: number
  /** 4 KiB written and synced, one after another, by the disk. */
  readonly syncsPerSecond: number
  readonly ratioToSyncs: number
  /** Of the thread that serves connections, ms. */
  readonly loopDelayP99Ms: number
}

export async function measureAccepts(
  store: Store,
  folder: string,
  connections: number,
): Promise<AcceptFigures> {
  const rates = { store: [] as number[], bare: [] as number[], syncs: [] as number[], delay: [] as number[] }
  await using bare = startBare(join(folder, `bare-${connections}.db`))
  for (let round = 0; round < ROUNDS; round++) {
    const delay = monitorEventLoopDelay({ resolution: 1 })
    const syncs = await syncRate(join(folder, 'synced'))
    delay.enable()
    const accepts = await rateOf(connections, () => accept(store))
    delay.disable()
    const alone = await rateOf(connections, () => bare.accept())
    if (round === 0) continue
    rates.store.push(accepts)
    rates.bare.push(alone)
    rates.syncs.push(syncs)
    // The sampling itself takes a millisecond.
    rates.delay.push(delay.percentile(99) / 1e6 - 1)
  }
  const [acceptsPerSecond, barePerSecond, syncsPerSecond] = [rates.store, rates.bare, rates.syncs].map(median)
  return {
    connections,
    acceptsPerSecond: Math.round(acceptsPerSecond ?? 0),
    barePerSecond: Math.round(barePerSecond ?? 0),
    // Of pairs that were neighbours in time: the disk is not the same a second later.
    ratioToBare: median(rates.store.map((rate, i) => rate / (rates.bare[i] ?? rate))),
    syncsPerSecond: Math.round(syncsPerSecond ?? 0),
    ratioToSyncs: median(rates.store.map((rate, i) => rate / (rates.syncs[i] ?? rate))),
    loopDelayP99Ms: median(rates.delay),
  }
}

async function accept(store: Store): Promise<void> {
  const id = randomUUID()
  const [body, envelope] = [await stage(store, randomBytes(BODY)), await stage(store, randomBytes(ENVELOPE))]
  await store.accept({
    id,
    at: 1,
    dedup: { key: id, notBefore: 0 },
    body: body.ref,
    envelope: envelope.ref,
    names: [`<${id}@bench.example>`, `<${id}@user.example>`],
    staged: [body, envelope],
    // Never due: nobody works on it meanwhile.
    first: { intake: id, recipient: 0, slot: 'submission', kind: 'accepted', due: 8e15, payload: '{}' },
  })
}

async function stage(store: Store, octets: Uint8Array) {
  const writer = store.blobs.create(octets.length)
  await writer.write(octets)
  return writer.finish()
}

/** How often a second `act` is done by so many at once. */
async function rateOf(connections: number, act: () => Promise<void>): Promise<number> {
  const began = performance.now()
  let done = 0
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (; performance.now() - began < ROUND_MS; done++) await act()
    }),
  )
  return (done * 1000) / (performance.now() - began)
}

async function syncRate(path: string): Promise<number> {
  await using file = await open(path, 'w')
  const page = randomBytes(4096)
  const began = performance.now()
  let syncs = 0
  for (; performance.now() - began < ROUND_MS / 3; syncs++) {
    await file.write(page, 0, page.length, syncs * page.length)
    await file.datasync()
  }
  return (syncs * 1000) / (performance.now() - began)
}

function startBare(file: string) {
  const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
  const worker = new Worker(new URL(`./bare-commit${extension}`, import.meta.url), { workerData: { file } })
  const waiting = new Map<string, () => void>()
  worker.on('message', (id: string) => {
    waiting.get(id)?.()
    waiting.delete(id)
  })
  return {
    accept: (): Promise<void> =>
      new Promise((resolve) => {
        const id = randomUUID()
        waiting.set(id, resolve)
        const request: BareAccept = { id, body: randomBytes(BODY), envelope: randomBytes(ENVELOPE) }
        worker.postMessage(request)
      }),
    [Symbol.asyncDispose]: async () => {
      await worker.terminate()
    },
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
