import { Worker } from 'node:worker_threads'
import { HashingLine, type Stranger } from './hashing-line.ts'
import type { HashJob, HashReply } from './password-hash-thread.ts'

/** The line is full; its clients are told to come back. */
export class TooManyLogins extends Error {}

interface Asked extends Omit<HashJob, 'id'> {
  readonly resolve: (reply: HashReply) => void
  readonly reject: (error: Error) => void
}

/** The caller's side of the hashing thread, which has one job in hand while all others stand in line. */
export class PasswordThread implements AsyncDisposable {
  readonly #worker: Worker
  readonly #line = new HashingLine<Asked>()
  #inHand: { readonly id: number; readonly asked: Asked } | undefined
  #nextId = 1
  #failure: Error | undefined

  /** @param onHashed is told of each password that was hashed */
  constructor(onHashed: () => void = () => {}) {
    const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
    this.#worker = new Worker(new URL(`./password-hash-thread${extension}`, import.meta.url))
    this.#worker.on('message', (reply: HashReply) => {
      if (reply.id !== this.#inHand?.id) return
      const { asked } = this.#inHand
      this.#inHand = undefined
      onHashed()
      this.#handOver()
      asked.resolve(reply)
    })
    const fail = (error: Error) => {
      this.#failure = error
      this.#inHand?.asked.reject(error)
      this.#inHand = undefined
      for (let asked = this.#line.next(); asked !== undefined; asked = this.#line.next()) asked.reject(error)
    }
    this.#worker.on('error', fail)
    this.#worker.on('exit', () => fail(new Error('the hashing thread ended')))
  }

  /** argon2id in PHC form. */
  async hash(password: string): Promise<string> {
    const { hash, error } = await this.#ask({ password, against: undefined })
    if (hash === undefined) throw new Error(error ?? 'hashing failed')
    return hash
  }

  /** Rejects with TooManyLogins. No `who`: known, and goes first. */
  async matches(password: string, hash: string, who?: Stranger): Promise<boolean> {
    const { match, error } = await this.#ask({ password, against: hash }, who)
    if (match === undefined) throw new Error(error ?? 'hashing failed')
    return match
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate()
  }

  #ask(job: Omit<HashJob, 'id'>, who?: Stranger): Promise<HashReply> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const { promise, resolve, reject } = Promise.withResolvers<HashReply>()
    this.#line.add({ ...job, resolve, reject }, who)?.reject(new TooManyLogins('too many logins wait'))
    this.#handOver()
    return promise
  }

  #handOver(): void {
    if (this.#inHand !== undefined) return
    const asked = this.#line.next()
    if (asked === undefined) return
    const id = this.#nextId++
    this.#inHand = { id, asked }
    this.#worker.postMessage({ id, password: asked.password, against: asked.against } satisfies HashJob)
  }
}
