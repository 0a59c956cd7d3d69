import { Worker } from 'node:worker_threads'
import { type Clock, systemClock } from '../../../mail/clock.ts'
import { KeyError } from '../error.ts'
import {
  type Job,
  type Look,
  type Looked,
  type Match,
  nameOf,
  type PinTold,
  type Reply,
  type Sign,
} from './job.ts'
import type { PinStanding } from './standing.ts'

/** A token that did not answer twice is left alone so long. */
const REST_MS = 5000
/** A module that needs longer for one answer hangs, however many wait: those over a network wait for theirs for at most half of it. */
const ANSWER_MS = 60_000
/** Requests are small, and there are no more of them than work in hand; more is a fault. */
const MAX_WAITING = 1000

/** So many lie with the thread, that it need not wait for us between two; where it hangs no more than these are done in vain. */
const IN_HAND = 2

interface Asked {
  readonly job: Job
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: KeyError) => void
}

/** What a TokenThread needs of a thread; tests bring a smaller one. */
export type OwnThread = Pick<Worker, 'postMessage' | 'terminate' | 'on' | 'ref' | 'unref'>

/** @param standings that threads before it told of */
type StartThread = (standings: ReadonlyMap<string, PinStanding>) => OwnThread

/** The caller's side of the one thread that owns a module. A thread that died is started anew by the next request. */
export class TokenThread {
  readonly #start: StartThread
  /** How PINs stand with tokens, for as long as the process lives: one that was refused is tried again by no thread. */
  readonly #standings = new Map<string, PinStanding>()
  readonly #clock: Pick<Clock, 'monotonic'>
  /** Those that the thread has, and behind them those that it will be given. */
  readonly #inHand = new Map<number, Asked>()
  readonly #line: Asked[] = []
  /** By token: what it said last, and until when it is not asked. */
  readonly #resting = new Map<string, { readonly until: number; readonly error: KeyError }>()
  #worker: OwnThread | undefined
  #ending: Promise<void> | undefined
  /** Runs while something is in hand; each answer lets it begin anew. */
  #patience: NodeJS.Timeout | undefined
  #hangs = false
  #nextId = 1

  constructor(start: StartThread, clock: Pick<Clock, 'monotonic'> = systemClock) {
    this.#start = start
    this.#clock = clock
  }

  /** Rejects with KeyError, like the next two. */
  async look(job: Omit<Look, 'kind'>): Promise<Looked> {
    const reply = await this.#ask({ ...job, kind: 'look' })
    return 'looked' in reply ? reply.looked : astray()
  }

  /** Index of the candidate that was found. */
  async match(job: Omit<Match, 'kind'>): Promise<number> {
    const reply = await this.#ask({ ...job, kind: 'match' })
    return 'matched' in reply ? reply.matched : astray()
  }

  async sign(job: Omit<Sign, 'kind'>): Promise<Uint8Array> {
    const reply = await this.#ask({ ...job, kind: 'sign' })
    return 'signature' in reply ? reply.signature : astray()
  }

  async #ask(job: Look | Match | Sign): Promise<Reply> {
    // Nothing may stand in line behind an end, where no thread would come to it.
    while (this.#ending !== undefined) await this.#ending
    return await this.#post(job)
  }

  #restOf(job: Job): KeyError | undefined {
    const resting = job.kind === 'end' ? undefined : this.#resting.get(nameOf(job.token))
    return resting !== undefined && this.#clock.monotonic() < resting.until ? resting.error : undefined
  }

  /** What was asked is answered first; what is asked meanwhile waits for a thread of its own. */
  end(): Promise<void> {
    this.#ending ??= this.#end().finally(() => {
      this.#ending = undefined
    })
    return this.#ending
  }

  async #end(): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    const isEnded = await this.#post({ kind: 'end' }).then(
      () => true,
      () => false,
    )
    this.#rejectAll('the thread of the module ended')
    this.#worker = undefined
    this.#hangs = false
    // A thread inside a module that hangs ends when the module lets it.
    if (isEnded) await worker.terminate()
    else void worker.terminate()
  }

  #post(job: Job): Promise<Reply> {
    const resting = this.#restOf(job)
    if (resting !== undefined) return Promise.reject(resting)
    if (this.#hangs) return Promise.reject(new KeyError('TOKEN_GONE', 'the module does not answer'))
    if (this.#inHand.size + this.#line.length >= MAX_WAITING)
      return Promise.reject(new KeyError('TOKEN_GONE', 'too many signatures wait for the module'))
    const worker = this.#running()
    const { promise, resolve, reject } = Promise.withResolvers<Reply>()
    this.#line.push({ job, resolve, reject })
    this.#advance(worker)
    return promise
  }

  /** Those whose token was found to be gone meanwhile need not find it out again. */
  #advance(worker: OwnThread): void {
    while (this.#inHand.size < IN_HAND) {
      const asked = this.#line.shift()
      if (asked === undefined) break
      const resting = this.#restOf(asked.job)
      if (resting !== undefined) {
        asked.reject(resting)
        continue
      }
      const id = this.#nextId++
      this.#inHand.set(id, asked)
      worker.postMessage({ id, job: asked.job })
    }
    if (this.#inHand.size === 0 || this.#patience !== undefined) return
    worker.ref()
    this.#patience = setTimeout(() => this.#giveUp(), ANSWER_MS)
  }

  #running(): OwnThread {
    if (this.#worker !== undefined) return this.#worker
    const worker = this.#start(new Map(this.#standings))
    this.#worker = worker
    worker.on('message', (reply: Reply | PinTold) => {
      this.#hangs = false
      if ('standing' in reply) {
        // What a thread that hung says late takes back no refusal.
        if (this.#standings.get(reply.entry)?.kind !== 'refused')
          this.#standings.set(reply.entry, reply.standing)
        return
      }
      this.#patience?.refresh()
      const asked = this.#inHand.get(reply.id)
      if (asked === undefined) return
      this.#inHand.delete(reply.id)
      if ('code' in reply) this.#fail(asked, new KeyError(reply.code, reply.detail))
      else {
        if (asked.job.kind !== 'end') this.#resting.delete(nameOf(asked.job.token))
        asked.resolve(reply)
      }
      this.#advance(worker)
      if (this.#inHand.size === 0) this.#idle(worker)
    })
    const died = () => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      this.#hangs = false
      this.#rejectAll('the thread of the module ended')
    }
    worker.on('error', died)
    worker.on('exit', died)
    return worker
  }

  #fail({ job, reject }: Asked, error: KeyError): void {
    if (job.kind !== 'end' && (error.code === 'TOKEN_GONE' || error.code === 'NO_TOKEN'))
      this.#resting.set(nameOf(job.token), { until: this.#clock.monotonic() + REST_MS, error })
    reject(error)
  }

  #idle(worker: OwnThread | undefined): void {
    clearTimeout(this.#patience)
    this.#patience = undefined
    worker?.unref()
  }

  #giveUp(): void {
    this.#hangs = true
    this.#rejectAll('the module does not answer')
  }

  #rejectAll(why: string): void {
    const all = [...this.#inHand.values(), ...this.#line]
    this.#inHand.clear()
    this.#line.length = 0
    this.#idle(this.#worker)
    for (const asked of all) this.#fail(asked, new KeyError('TOKEN_GONE', why))
  }
}

/** An answer to another question than was asked. */
function astray(): never {
  throw new KeyError('SIGNING_FAILED', 'the thread of the module answered something else')
}

const threads = new Map<string, { readonly thread: TokenThread; users: number }>()

/** A module as one of several holds it; the last one that lets go ends its thread. */
export interface HeldModule extends AsyncDisposable {
  readonly thread: TokenThread
}

/**
 * A module is initialized once for the whole process [PKCS11 v3.1 §5.4], so its thread is the process's too, whoever asks for it.
 *
 * @param path of the module's library
 */
export function holdModule(path: string): HeldModule {
  const held = threads.get(path) ?? {
    thread: new TokenThread((standings) => startWorker(path, standings)),
    users: 0,
  }
  threads.set(path, held)
  held.users++
  let isHeld = true
  return {
    thread: held.thread,
    [Symbol.asyncDispose]: async () => {
      if (!isHeld) return
      isHeld = false
      held.users--
      if (held.users === 0) await held.thread.end()
    },
  }
}

function startWorker(path: string, standings: ReadonlyMap<string, PinStanding>): Worker {
  const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
  return new Worker(new URL(`./worker${extension}`, import.meta.url), { workerData: { path, standings } })
}
