import { Worker } from 'node:worker_threads'
import { StoreError, type StoreFailure } from '../port.ts'
import type { WriteArguments, WriteName, WriteReply, Writes } from './operations.ts'

/** The caller's side of the writer thread. */
export class WriterThread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  readonly #exited: Promise<void>
  #nextId = 1
  #failure: StoreError | undefined

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (reply: WriteReply) => this.#settle(reply))
    worker.on('error', (error) =>
      this.#fail(new StoreError('UNAVAILABLE', 'the writer thread ended', { cause: error })),
    )
    this.#exited = new Promise((resolve) => {
      worker.on('exit', () => {
        this.#fail(new StoreError('CLOSED', 'the store is closed'))
        resolve()
      })
    })
  }

  /** Resolves when the schema is up to date; rejects with NEWER_SCHEMA and the like. */
  static async start(file: string, now: number): Promise<WriterThread> {
    // The extension is this file's own: .ts in the checkout, .js in dist/.
    const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
    const worker = new Worker(new URL(`./writer${extension}`, import.meta.url), { workerData: { file, now } })
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
    return new WriterThread(worker)
  }

  call<K extends WriteName>(name: K, ...args: WriteArguments<K>): Promise<ReturnType<Writes[K]>> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, name, args })
    })
  }

  async close(): Promise<void> {
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

const AT_START: readonly StoreFailure[] = ['NEWER_SCHEMA', 'CORRUPT']

/** An error that crosses threads comes out without its class. */
function revived(error: unknown): StoreError {
  if (!(error instanceof Error)) return new StoreError('UNAVAILABLE', String(error))
  const code = AT_START.find((known) => 'code' in error && error.code === known)
  return new StoreError(code ?? 'UNAVAILABLE', error.message, { cause: error })
}
