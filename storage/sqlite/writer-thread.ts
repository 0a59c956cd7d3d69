import { once } from 'node:events'
import { join } from 'node:path'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { StoreError, type StoreFailure } from '../port.ts'
import type { WriteArguments, WriteName, WriteReply, Writes } from './operations.ts'
import type { WriterSettings } from './writer-database.ts'

/** The caller's side of the writer thread, and of the one that carries its log over. */
export class WriterThread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  readonly #exited: Promise<unknown>
  #nextId = 1
  #failure: StoreError | undefined
  #closing = false

  private constructor(worker: Worker, checkpointer: Worker) {
    this.#worker = worker
    // Without it the log grows until the writer refuses, so its end is the end of writing at once.
    checkpointer.on('error', (error) =>
      this.#fail(
        new StoreError('UNAVAILABLE', 'the thread that carries the log over ended', { cause: error }),
      ),
    )
    worker.on('message', (reply: WriteReply) => this.#settle(reply))
    worker.on('error', (error) =>
      this.#fail(new StoreError('UNAVAILABLE', 'the writer thread ended', { cause: error })),
    )
    worker.on('exit', () => this.#fail(new StoreError('CLOSED', 'the store is closed')))
    this.#exited = Promise.all([worker, checkpointer].map((thread) => once(thread, 'exit')))
  }

  /** Resolves when the schema is up to date; rejects with NEWER_SCHEMA, CORRUPT and the like. */
  static async start(settings: WriterSettings): Promise<WriterThread> {
    const { port1, port2 } = new MessageChannel()
    const { keys, ...others } = settings
    const worker = threadOf('writer', {
      data: { ...others, keys: keys?.octets ?? [], checkpointer: port1 },
      transfer: [port1],
    })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const ended = (code: number) =>
      reject(new StoreError('UNAVAILABLE', `the writer thread ended with ${code}`))
    worker.once('message', () => resolve())
    const failed = (error: unknown) => reject(revived(error))
    worker.once('error', failed)
    worker.once('exit', ended)
    await promise
    worker.off('error', failed)
    worker.off('exit', ended)
    const checkpointer = threadOf('checkpointer', {
      data: { file: join(settings.folder, 'kep.db'), writer: port2 },
      transfer: [port2],
    })
    return new WriterThread(worker, checkpointer)
  }

  call<K extends WriteName>(name: K, ...args: WriteArguments<K>): Promise<ReturnType<Writes[K]>> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#closing) return Promise.reject(new StoreError('CLOSED', 'the store is closed'))
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, name, args })
    })
  }

  /** What was asked before is done; what is asked from now on is refused. */
  async close(): Promise<void> {
    this.#closing = true
    this.#worker.postMessage('close')
    await this.#exited
  }

  #settle(reply: WriteReply): void {
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if ('code' in reply) waiting?.reject(new StoreError(reply.code, reply.message))
    else waiting?.resolve(reply.value as never)
  }

  #fail(error: StoreError): void {
    this.#failure ??= error
    for (const { reject } of this.#waiting.values()) reject(this.#failure)
    this.#waiting.clear()
  }
}

/** The extension is this file's own: .ts in the checkout, .js in dist/. */
function threadOf(name: string, { data, transfer }: { data: object; transfer: MessagePort[] }): Worker {
  const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
  const url = new URL(`./${name}${extension}`, import.meta.url)
  return new Worker(url, { workerData: data, transferList: transfer })
}

const AT_START: readonly StoreFailure[] = ['NEWER_SCHEMA', 'CORRUPT', 'NOT_EMPTY', 'FULL']

/** An error that crosses threads comes out without its class. */
function revived(error: unknown): StoreError {
  if (!(error instanceof Error)) return new StoreError('UNAVAILABLE', String(error))
  const code = AT_START.find((known) => 'code' in error && error.code === known)
  return new StoreError(code ?? 'UNAVAILABLE', error.message, { cause: error })
}
