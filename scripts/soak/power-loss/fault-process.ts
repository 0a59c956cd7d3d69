import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { DiskLibrary, WatchedDisk } from './disk.ts'
import type { FaultAnswer, FaultOrder, FaultTask } from './fault-driver.ts'

const DRIVER = fileURLToPath(new URL('fault-driver.ts', import.meta.url))
/** Whoever is not answered by then hangs. */
const PATIENCE_MS = 20_000

/** The process of `fault-driver`; its end is an Error for whoever waits. */
export class FaultProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  readonly #answers: AsyncIterator<string>

  constructor(disk: WatchedDisk, library: DiskLibrary) {
    const words = [...disk.environment(library), process.execPath, DRIVER]
    this.#child = spawn('env', words, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#closed = once(this.#child, 'close')
    this.#child.stdin?.on('error', () => {})
    if (this.#child.stdout === null) throw new Error('the driver has no output')
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  async ask(question: FaultTask | FaultOrder): Promise<FaultAnswer> {
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`)
    const waiting = new AbortController()
    const late = setTimeout(PATIENCE_MS, undefined, { signal: waiting.signal }).then(
      () => {
        throw new Error(`no answer to ${JSON.stringify(question)}`)
      },
      () => undefined,
    )
    const next = await Promise.race([this.#answers.next(), late])
    waiting.abort()
    if (next === undefined || next.done === true)
      throw new Error(`the process ended at ${JSON.stringify(question)}`)
    return JSON.parse(next.value)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#closed
  }
}
