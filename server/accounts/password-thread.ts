import { Worker } from 'node:worker_threads'
import type { HashJob, HashReply } from './password-hash.ts'

/** Logins that may wait for the hashing thread; more is a flood, and its clients are told to come back. */
const MAX_WAITING = 500

export class TooManyLogins extends Error {}

/** The caller's side of the hashing thread. */
export class PasswordThread implements AsyncDisposable {
  readonly #worker: Worker
  readonly #waiting = new Map<
    number,
    { resolve: (reply: HashReply) => void; reject: (error: Error) => void }
  >()
  #nextId = 1
  #failure: Error | undefined

  constructor() {
    const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
    this.#worker = new Worker(new URL(`./password-hash${extension}`, import.meta.url))
    this.#worker.on('message', (reply: HashReply) => {
      this.#waiting.get(reply.id)?.resolve(reply)
      this.#waiting.delete(reply.id)
    })
    const fail = (error: Error) => {
      this.#failure = error
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
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

  async matches(password: string, hash: string): Promise<boolean> {
    const { match, error } = await this.#ask({ password, against: hash })
    if (match === undefined) throw new Error(error ?? 'hashing failed')
    return match
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate()
  }

  #ask(job: Omit<HashJob, 'id'>): Promise<HashReply> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#waiting.size >= MAX_WAITING) return Promise.reject(new TooManyLogins('too many logins wait'))
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, ...job } satisfies HashJob)
    })
  }
}
