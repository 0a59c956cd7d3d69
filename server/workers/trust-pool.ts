import { Worker } from 'node:worker_threads'
import type { TrustAnswer, TrustJob } from '../../evidence/index.ts'
import type { TrustReply } from './trust-thread.ts'

/** The hardest honest job, a list of 32 MiB, takes half a second on a busy machine; what takes longer was made to. */
const LONGEST_MS = 10_000
/** Of one thread: a delil of 8 MiB takes some 150; lists that are held lie outside of it. */
const MAX_HEAP_MB = 384
/** As many as connections by default: a burst of messages of one CA waits seconds, and is not sent away. */
const MAX_WAITING = 2_000
/** Of copies that jobs in line hold; lists that are held are shared and count nothing. */
const MAX_WAITING_OCTETS = 64 * 1024 * 1024

const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
const THREAD = new URL(`./trust-thread${extension}`, import.meta.url)

/** The job was not done: it took too much time or memory, its thread was lost, or too many wait. Nothing was judged. */
export class TooHard extends Error {
  override readonly name = 'TooHard'
}

interface Waiting {
  readonly job: TrustJob
  readonly size: number
  readonly resolve: (answer: TrustAnswer) => void
  readonly reject: (error: unknown) => void
}

interface Thread {
  readonly worker: Worker
  doing: (Waiting & { readonly timer: NodeJS.Timeout }) | undefined
}

export interface PoolOptions {
  /** How many threads there may be, at least 1. */
  readonly threads: number
  readonly longestMs?: number
  readonly maxWaiting?: number
  readonly maxWaitingOctets?: number
  readonly maxHeapMb?: number
  /** The file that each thread runs. */
  readonly thread?: URL
  /** Told of each job: answered by its thread, refused because too many wait, or lost with its thread. */
  readonly onEnd?: (outcome: 'done' | 'refused' | 'lost', error?: TooHard) => void
}

/**
 * Threads that judge what would hold the loop, each one job at a time, in the order in which they were asked for. A thread
 * starts with the first job that finds none free, and is started anew after it was lost: nothing of it outlives a job but
 * what it has read already.
 */
export class TrustPool implements AsyncDisposable {
  readonly #options: Required<Omit<PoolOptions, 'onEnd'>> & Pick<PoolOptions, 'onEnd'>
  readonly #threads = new Set<Thread>()
  readonly #waiting: Waiting[] = []
  #waitingOctets = 0
  #closing: PromiseWithResolvers<void> | undefined

  constructor(options: PoolOptions) {
    this.#options = {
      longestMs: LONGEST_MS,
      maxWaiting: MAX_WAITING,
      maxWaitingOctets: MAX_WAITING_OCTETS,
      maxHeapMb: MAX_HEAP_MB,
      thread: THREAD,
      ...options,
    }
  }

  /** Rejects with TooHard, with the signal's reason, or with an Error that says what the job said. */
  run(job: TrustJob, signal?: AbortSignal): Promise<TrustAnswer> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.#closing !== undefined) return Promise.reject(new TooHard('the pool is closing'))
    const size = octetsIn(job)
    if (!this.#hasRoom(size)) {
      this.#options.onEnd?.('refused')
      return Promise.reject(new TooHard('too many judgements wait'))
    }
    const { promise, resolve, reject } = Promise.withResolvers<TrustAnswer>()
    const asked: Waiting = { job, size, resolve, reject }
    // A job in hand goes on, within its bounds, and nobody hears of it.
    const abort = (): void => {
      const at = this.#waiting.indexOf(asked)
      if (at >= 0) {
        this.#waiting.splice(at, 1)
        this.#waitingOctets -= size
      }
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
    this.#waiting.push(asked)
    this.#waitingOctets += size
    this.#handOver()
    return promise.finally(() => signal?.removeEventListener('abort', abort))
  }

  /** Takes no more jobs, does those that it has, and ends the threads. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= Promise.withResolvers<void>()
    this.#endWhenIdle()
    await this.#closing.promise
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()))
    this.#threads.clear()
  }

  #hasRoom(size: number): boolean {
    const { maxWaiting, maxWaitingOctets } = this.#options
    if (this.#waiting.length === 0) return true
    return this.#waiting.length < maxWaiting && this.#waitingOctets + size <= maxWaitingOctets
  }

  #handOver(): void {
    for (;;) {
      const thread = this.#waiting.length === 0 ? undefined : this.#free()
      const next = thread && this.#waiting.shift()
      if (thread === undefined || next === undefined) {
        this.#endWhenIdle()
        return
      }
      this.#waitingOctets -= next.size
      const timer = setTimeout(() => this.#lost(thread, 'it took too long'), this.#options.longestMs)
      thread.doing = { ...next, timer }
      thread.worker.postMessage(next.job)
    }
  }

  #free(): Thread | undefined {
    for (const thread of this.#threads) if (thread.doing === undefined) return thread
    if (this.#threads.size >= this.#options.threads) return undefined
    const worker = new Worker(this.#options.thread, {
      resourceLimits: { maxOldGenerationSizeMb: this.#options.maxHeapMb },
    })
    const thread: Thread = { worker, doing: undefined }
    // The daemon ends when its own work is done, whether or not a thread idles.
    worker.unref()
    worker.on('message', (reply: TrustReply) => this.#answered(thread, reply))
    worker.on('error', (error: unknown) =>
      this.#lost(thread, error instanceof Error ? error.message : 'its thread failed'),
    )
    worker.on('exit', () => this.#lost(thread, 'its thread ended'))
    this.#threads.add(thread)
    return thread
  }

  #answered(thread: Thread, reply: TrustReply): void {
    const { doing } = thread
    if (doing === undefined) return
    clearTimeout(doing.timer)
    thread.doing = undefined
    this.#options.onEnd?.('done')
    if ('answer' in reply) doing.resolve(reply.answer)
    else doing.reject(new Error(reply.error))
    this.#handOver()
  }

  #lost(thread: Thread, why: string): void {
    if (!this.#threads.delete(thread)) return
    const { doing } = thread
    thread.doing = undefined
    void thread.worker.terminate()
    if (doing !== undefined) {
      clearTimeout(doing.timer)
      const error = new TooHard(`a judgement was given up: ${why}`)
      this.#options.onEnd?.('lost', error)
      doing.reject(error)
    }
    this.#handOver()
  }

  #endWhenIdle(): void {
    if (this.#waiting.length > 0) return
    for (const { doing } of this.#threads) if (doing !== undefined) return
    this.#closing?.resolve()
  }
}

/** What only this job holds. */
function octetsIn(job: TrustJob): number {
  const ofList = ({
    id,
    octets,
  }: {
    readonly id: number | undefined
    readonly octets: Uint8Array
  }): number => (id === undefined ? octets.length : 0)
  switch (job.kind) {
    case 'path':
      return job.context.crls.reduce((sum, list) => sum + ofList(list), 0)
    case 'list':
      return ofList(job.list)
    case 'digests':
    case 'signature':
      return job.der.length
    case 'opaque':
      return job.tail.octets.length
    case 'evidence':
    case 'restsOn':
      return job.octets.length
  }
}
