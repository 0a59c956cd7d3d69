import { type ChildProcess, spawn } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { ANSWER, ASK, type Frame, frame, framesOf } from './frames.ts'

/** Reading a document took too much, or nobody was there to read it: which text stands in it is not known. */
export class UnknownText extends Error {
  /** Whether it would be the same the next time. */
  readonly isLasting: boolean

  constructor(isLasting: boolean) {
    super('the text of a document is not known')
    this.isLasting = isLasting
  }
}

/** What one document may take. */
export interface PdfLimits {
  /** Octets of the whole process: the library takes 100 MiB, and beside what is made of the largest document it lies there twice. */
  readonly memory: number
  /** ms of processor time and not of the clock, so that a busy machine reads what an idle one does: two thousand full pages. */
  readonly processorMs: number
  /** ms without an answer, far above `processorMs`: it waits for what never comes. */
  readonly answerMs: number
  /** ms after which a process without work goes; it takes a third of a second to start. */
  readonly idleMs: number
}

const LIMITS: PdfLimits = {
  memory: 536_870_912,
  processorMs: 10_000,
  answerMs: 60_000,
  idleMs: 30_000,
}
/** MiB of its heap, a half of what the process may take: it ends there by itself, and with more is ended. */
const HEAP_MIB = 256

/** What documents that belong together may still take, ms of processor time; reading lessens it. */
export interface Budget {
  processorMs: number
}

interface Running {
  readonly process: ChildProcess
  readonly into: Writable
  readonly answers: AsyncGenerator<Frame, void>
}

/**
 * Has PDF documents read by a process that may do nothing else: no file but its own code, no net (from Node 25 on), no code from strings, none of
 * our environment. Whoever dies or hangs there is replaced for the next document.
 */
export class PdfReader {
  readonly #limits: PdfLimits
  readonly #program: string
  #running: Running | undefined
  #idle: NodeJS.Timeout | undefined

  constructor(limits: Partial<PdfLimits> = {}, program = PROGRAM) {
    this.#limits = { ...LIMITS, ...limits }
    this.#program = program
  }

  /**
   * The text of one document in pieces; one at a time.
   *
   * @param budget may be overdrawn by what one document may take
   * @throws UnknownText
   */
  async *textOf(document: AsyncIterable<Uint8Array>, budget?: Budget): AsyncGenerator<string> {
    clearTimeout(this.#idle)
    this.#running ??= this.#start()
    const running = this.#running
    let isRead = false
    try {
      for await (const piece of document) await this.#send(running, frame(ASK.piece, piece))
      await this.#send(running, frame(ASK.whole))
      isRead = true
      for (;;) {
        const { kind, content } = await this.#answer(running)
        if (kind === ANSWER.end) {
          if (content.length !== 4) throw this.#fail(running)
          if (budget !== undefined) budget.processorMs -= content.readUInt32BE()
          return
        }
        yield content.toString()
        await this.#send(running, frame(ASK.next))
      }
    } catch (error) {
      if (error instanceof UnknownText && budget !== undefined) budget.processorMs -= this.#limits.processorMs
      throw error
    } finally {
      // Half a document would be the beginning of the next.
      if (!isRead) this.#end(running)
      this.#idle = setTimeout(() => this.#end(running), this.#limits.idleMs).unref()
    }
  }

  /** Which process reads now. */
  get pid(): number | undefined {
    return this.#running?.process.pid
  }

  /** The next document starts another. */
  end(): void {
    if (this.#running !== undefined) this.#end(this.#running)
  }

  #start(): Running {
    const { memory, processorMs } = this.#limits
    const taken = [...rightsOf(this.#program), this.#program, String(memory), String(processorMs)]
    const started = spawn(process.execPath, taken, {
      env: {},
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    // Who writes or reads next learns it.
    started.on('error', () => {})
    started.stdin.on('error', () => {})
    started.on('exit', () => {
      if (this.#running?.process === started) this.#running = undefined
    })
    started.unref()
    for (const stream of [started.stdin, started.stdout]) if (stream instanceof Socket) stream.unref()
    return { process: started, into: started.stdin, answers: framesOf(untilBroken(started.stdout)) }
  }

  #send(running: Running, octets: Buffer): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    running.into.write(octets, (error) => (error ? reject(error) : resolve()))
    return this.#inTime(running, promise)
  }

  async #answer(running: Running): Promise<Frame> {
    const { value } = await this.#inTime(running, running.answers.next())
    if (value === undefined) throw this.#fail(running)
    return value
  }

  async #inTime<T>(running: Running, done: Promise<T>): Promise<T> {
    const hangs = setTimeout(() => this.#end(running), this.#limits.answerMs)
    try {
      return await done
    } catch {
      throw this.#fail(running)
    } finally {
      clearTimeout(hangs)
    }
  }

  #fail(running: Running): UnknownText {
    this.#end(running)
    return new UnknownText(running.process.pid !== undefined)
  }

  #end(running: Running): void {
    running.process.kill('SIGKILL')
    if (this.#running === running) this.#running = undefined
  }
}

const EXTENSION = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
const PROGRAM = join(import.meta.dirname, `pdf-process${EXTENSION}`)

/** The thread that watches is the only one it may start, from files that it may read. */
function rightsOf(program: string): string[] {
  const folders = [realpathSync(dirname(program))]
  const library = findPackageJSON('unpdf', import.meta.url)
  if (library !== undefined) folders.push(dirname(library))
  return [
    '--permission',
    // Where the library is only linked, it looks at nothing above it.
    '--preserve-symlinks',
    '--allow-worker',
    ...folders.map((folder) => `--allow-fs-read=${folder}/`),
    '--disallow-code-generation-from-strings',
    `--max-old-space-size=${HEAP_MIB}`,
  ]
}

async function* untilBroken(stream: Readable): AsyncGenerator<Buffer> {
  try {
    yield* stream
  } catch {
    // Who reads learns it from the end.
  }
}
